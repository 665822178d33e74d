"""Who hears what of a conversation: each person's events from the one that adds them to the one that removes them."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from application.ports.events import Frame
from application.realtime.outgoing import Outgoing
from application.realtime.stream import Heard, Stream
from application.testing.builders import a_frame
from domain.shared.ids import ConversationId, SessionId, UserId

PLACE = ConversationId(UUID(int=1))
PEOPLE = [UserId(UUID(int=10 + n)) for n in range(3)]
LONGEST = 24


@dataclass(eq=False, slots=True)
class Device:
    """A connection that remembers what it heard."""

    user_id: UserId
    session_id: SessionId = field(default_factory=lambda: SessionId(UUID(int=2)))
    heard: list[int] = field(default_factory=list)

    def deliver(self, outgoing: Outgoing) -> None:
        self.heard.append(int(msgspec.json.decode(outgoing.body)["revision"]))

    def end(self, code: int, reason: str) -> None:
        raise AssertionError("nobody is cut off here")


@dataclass(slots=True)
class History:
    """Events in the order of their revisions, and who took part before the first of them."""

    members: set[UserId]
    bodies: list[bytes]

    def owed(self, person: UserId, since: int = 0) -> list[int]:
        """What somebody must hear of everything above ``since``."""
        inside, owed = person in self.members, []
        for revision, body in enumerate(self.bodies, 1):
            frame = msgspec.json.decode(body)
            data = frame["data"]
            inside = inside or (frame["type"] == "member.added" and str(person) in data["user_ids"])
            if inside and revision > since:
                owed.append(revision)
            if frame["type"] == "member.removed" and data["user_id"] == str(person):
                inside = False
        return owed

    def members_at(self, revision: int) -> set[UserId]:
        return {person for person in PEOPLE if self._is_in(person, revision)}

    def _is_in(self, person: UserId, revision: int) -> bool:
        inside = person in self.members
        for body in self.bodies[:revision]:
            frame = msgspec.json.decode(body)
            if frame["type"] == "member.added" and str(person) in frame["data"]["user_ids"]:
                inside = True
            if frame["type"] == "member.removed" and frame["data"]["user_id"] == str(person):
                inside = False
        return inside

    def frames(self, above: int, up_to: int) -> list[Frame]:
        return [
            a_frame(PLACE, revision, body=body)
            for revision, body in enumerate(self.bodies, 1)
            if above < revision <= up_to
        ]


@st.composite
def histories(draw: st.DrawFn) -> History:
    members = set(draw(st.lists(st.sampled_from(PEOPLE), unique=True)))
    present, bodies = set(members), []
    for revision in range(1, draw(st.integers(1, LONGEST)) + 1):
        person = draw(st.sampled_from(PEOPLE))
        kind: Any = draw(st.sampled_from(["message.created", "message.created", "member"]))
        data: dict[str, Any] = {}
        if kind == "member" and person in present:
            kind, data = "member.removed", {"user_id": person}
            present.discard(person)
        elif kind == "member":
            kind, data = "member.added", {"user_ids": [person]}
            present.add(person)
        bodies.append(msgspec.json.encode({"type": kind, "revision": revision, "data": data}))
    return History(members, bodies)


def _a_stream(history: History) -> tuple[Stream, dict[UserId, list[Device]]]:
    """A stream at revision 0, with two devices of everybody, of whom members listen."""
    devices = {person: [Device(person), Device(person)] for person in PEOPLE}
    heard: Heard = defaultdict(dict)
    stream = Stream(PLACE, {person: set(own) for person, own in devices.items()}, heard)
    stream.order.begin(0)
    for person in history.members:
        for device in devices[person]:
            stream.listen(device)
    return stream, devices


@given(histories(), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_everybody_hears_exactly_their_time_however_events_arrive(history: History, chance: Any) -> None:
    stream, devices = _a_stream(history)
    arriving = list(enumerate(history.bodies, 1)) * 2
    chance.shuffle(arriving)
    for revision, body in arriving:
        stream.emit(stream.order.offer(revision, body))
    for person, own in devices.items():
        for device in own:
            assert device.heard == history.owed(person)
    listening = {device.user_id for device in stream.listeners if isinstance(device, Device)}
    assert listening == history.members_at(len(history.bodies))


@given(histories(), st.data())
@settings(max_examples=300, deadline=None)
def test_who_joins_later_hears_from_where_they_say_whatever_came_meanwhile(
    history: History, data: st.DataObject
) -> None:
    stream, _ = _a_stream(history)
    connected = defaultdict(set, stream.people)
    stream.people = connected
    total = len(history.bodies)
    asked_at = data.draw(st.integers(0, total), "live when asked")
    answered_at = data.draw(st.integers(asked_at, total), "live when answered")
    since = data.draw(st.integers(0, asked_at), "joined from")
    members = [person for person in PEOPLE if person in history.members_at(since)]
    person = data.draw(st.sampled_from(members)) if members else None
    late = Device(person or PEOPLE[0])
    for revision, body in enumerate(history.bodies, 1):
        if revision == asked_at + 1 and person:
            connected[person].add(late)
            stream.catching_up[late] = []
        stream.emit(stream.order.offer(revision, body))
        if revision == answered_at and person and late in stream.catching_up:
            stream.caught_up(late, since, history.frames(since, answered_at))
    if person is None or late not in stream.heard:
        return
    assert late.heard == history.owed(person, since)


def test_lost_events_are_a_reset_and_never_a_hole() -> None:
    history = History(
        set(PEOPLE),
        [msgspec.json.encode({"type": "message.created", "revision": n, "data": {}}) for n in range(1, 7)],
    )
    stream, _ = _a_stream(history)
    for revision, body in enumerate(history.bodies[:4], 1):
        stream.emit(stream.order.offer(revision, body))
    late = Device(PEOPLE[0])
    stream.catching_up[late] = []
    for revision, body in enumerate(history.bodies[4:], 5):
        stream.emit(stream.order.offer(revision, body))
    # Of 2 to 4 the outbox has only 4: they cannot be heard without a hole.
    stream.caught_up(late, 1, history.frames(3, 6))
    assert late.heard == [4, 5, 6]


def test_after_a_loss_those_who_are_gone_hear_nothing_more() -> None:
    history = History(set(PEOPLE), [])
    stream, devices = _a_stream(history)
    gone, *others = PEOPLE
    stream.keep_only(set(others), 7)
    stream.emit([(7, b'{"type":"reset","revision":7}')])
    assert [device.heard for device in devices[gone]] == [[], []]
    for person in others:
        assert [device.heard for device in devices[person]] == [[7], [7]]
    assert all(stream.heard[device][PLACE] == 7 for device in devices[gone])
