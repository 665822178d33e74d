"""Group commit: who shares a transaction is treated as if alone, whatever happens to the others."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.memory.unit_of_work import MemoryUnitOfWork, MemoryUnitsOfWork
from application.bus.group_commit import (
    GROUP_AT_MOST,
    SHARE_OF_ONE_PLACE,
    WAITING_AT_MOST,
    WAITING_IN_ONE_PLACE,
    Lane,
)
from application.bus.job import Job
from application.bus.log import Key
from application.bus.messages import Actor, Secret
from application.conversation.create_group import CreateGroup
from application.errors import Collision
from application.identity.register_user import RegisterUser
from application.messaging import mark_read, posting
from application.messaging.mark_read import MarkRead
from application.messaging.send_message import SendMessage
from application.ports.command_log import LogEntry
from application.ports.events import Frame
from application.testing.builders import AT, an_id
from domain.shared.errors import ConversationNotFound, IdempotencyConflict, Refusal, Silenced, Unavailable
from domain.shared.ids import ClientMessageId, CommandId, ConversationId, MessageId, UserId
from entrypoints.container import Container
from entrypoints.lifespan import opened
from tests.support.server import settings_for


@dataclass(slots=True)
class Watched:
    """Units of work that are counted, and that fail when they are told to."""

    inner: MemoryUnitsOfWork
    groups: list[int] = field(default_factory=list)
    failing: list[Exception] = field(default_factory=list)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[MemoryUnitOfWork]:
        async with self.inner.open() as uow:
            original = uow.commit

            async def commit(entries: Sequence[LogEntry], frames: Sequence[Frame]) -> None:
                # As a database would: others may come while this is on its way.
                await asyncio.sleep(0.001)
                if self.failing and len(entries) > 1:
                    raise self.failing.pop()
                await original(entries, frames)
                self.groups.append(len(entries))

            uow.commit = commit  # type: ignore[method-assign]
            yield uow


@dataclass(slots=True)
class Stage:
    container: Container
    units: Watched
    people: list[UserId]
    place: ConversationId

    async def send(
        self, who: int = 0, text: str = "words", place: ConversationId | None = None, **more: Any
    ) -> Any:
        command = SendMessage(
            conversation_id=place or self.place,
            client_message_id=more.pop("client_id", None) or ClientMessageId(uuid.uuid4()),
            content=text,
            reply_to_msg_id=more.pop("reply_to", None),
        )
        return await self.container.bus().submit(command, Actor(user_id=self.people[who]), **more)

    async def group(self) -> ConversationId:
        command = CreateGroup(subject="x", member_ids=self.people[1:3])
        made = await self.container.bus().execute(command, Actor(user_id=self.people[0]))
        return made.conversation.id

    def sequences(self, place: ConversationId | None = None) -> list[int]:
        store: Any = self.container.store().units
        messages = store.inner._store.messages.values()
        return [m.seq_id for m in messages if m.conversation_id == (place or self.place)]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """Three members of a group, and a fourth person outside."""
    async with opened(settings_for()) as container:
        store = container.store()
        assert isinstance(store.units, MemoryUnitsOfWork)
        units = Watched(store.units)
        container.store.override(replace(store, units=units))
        people = []
        for name in ("ann", "ben", "cem", "dan"):
            command = RegisterUser(
                username=name, password=Secret("correct horse"), display_name=name, device_id="d"
            )
            people.append((await container.bus().execute(command, Actor())).tokens.user.id)
        on = Stage(container, units, people, ConversationId(an_id()))
        on.place = await on.group()
        units.groups.clear()
        yield on


async def test_what_arrives_while_one_is_on_its_way_shares_the_next_and_is_in_order(stage: Stage) -> None:
    outcomes = await asyncio.gather(*(stage.send(n % 3, str(n)) for n in range(60)))
    assert [outcome.result.seq_id for outcome in outcomes] == list(range(2, 62))
    assert stage.sequences() == list(range(1, 62))
    assert len(stage.units.groups) < 10
    assert max(stage.units.groups) > 10


async def test_one_that_arrives_alone_is_done_at_once(stage: Stage) -> None:
    for _ in range(3):
        await stage.send()
    assert stage.units.groups == [1, 1, 1]


async def test_conversations_do_not_mix_their_numbers(stage: Stage) -> None:
    places = [await stage.group() for _ in range(5)]
    await asyncio.gather(*(stage.send(n % 3, place=places[n % 5]) for n in range(50)))
    for place in places:
        assert stage.sequences(place) == list(range(1, 12))


async def test_who_is_refused_is_refused_alone(stage: Stage) -> None:
    nowhere = MessageId(uuid.uuid4())
    work = [
        stage.send(3 if n % 5 == 0 else n % 3, reply_to=nowhere if n % 7 == 0 else None) for n in range(40)
    ]
    outcomes = await asyncio.gather(*work, return_exceptions=True)
    for n, outcome in enumerate(outcomes):
        if n % 5 == 0:
            assert isinstance(outcome, ConversationNotFound)
        elif n % 7 == 0:
            assert isinstance(outcome, Refusal)
            assert outcome.code == "reply_target_not_found"
        else:
            assert not isinstance(outcome, BaseException)
    good = sum(n % 5 != 0 and n % 7 != 0 for n in range(40))
    assert stage.sequences() == list(range(1, good + 2))
    assert max(stage.units.groups) > 1


async def test_repeats_that_arrive_together_are_one_message(stage: Stage) -> None:
    client_id = ClientMessageId(uuid.uuid4())
    outcomes = await asyncio.gather(*(stage.send(client_id=client_id) for _ in range(20)))
    assert len({outcome.result.id for outcome in outcomes}) == 1
    assert sorted(outcome.repeated for outcome in outcomes) == [False] + [True] * 19
    assert stage.sequences() == [1, 2]
    with pytest.raises(IdempotencyConflict):
        await stage.send(text="other words", client_id=client_id)


async def test_a_key_that_arrives_many_times_is_done_once(stage: Stage) -> None:
    await stage.send()
    command = MarkRead(conversation_id=stage.place, up_to_sequence=2)
    actor, key = Actor(user_id=stage.people[1]), Key(value="k", place="POST /read")
    bus = stage.container.bus()
    outcomes = await asyncio.gather(*(bus.submit(command, actor, key=key) for _ in range(10)))
    assert sorted(outcome.repeated for outcome in outcomes) == [False] + [True] * 9
    assert {outcome.result.my_revision for outcome in outcomes} == {1}


@pytest.mark.parametrize("failure", [Collision("somebody was faster"), RuntimeError("a mistake")])
async def test_when_the_group_cannot_commit_each_is_done_by_itself(stage: Stage, failure: Exception) -> None:
    stage.units.failing.append(failure)
    outcomes = await asyncio.gather(*(stage.send(n % 3) for n in range(20)))
    assert not stage.units.failing
    assert sorted(outcome.result.seq_id for outcome in outcomes) == list(range(2, 22))
    assert stage.sequences() == list(range(1, 22))


async def test_when_nobody_knows_whether_it_is_committed_everybody_is_told_so(stage: Stage) -> None:
    first = asyncio.create_task(stage.send())
    await asyncio.sleep(0)
    stage.units.failing.append(Unavailable())
    outcomes = await asyncio.gather(*(stage.send() for _ in range(10)), return_exceptions=True)
    await first
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
    assert stage.sequences() == [1, 2]
    await stage.send()
    assert stage.sequences() == [1, 2, 3]


async def test_a_handler_that_fails_after_it_wrote_stores_nothing_and_harms_nobody(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = posting.tell_receipts

    async def fails_for_some(me: Any, *rest: Any) -> None:
        await original(me, *rest)
        if me.user_id == stage.people[1]:
            raise Silenced

    monkeypatch.setattr(posting, "tell_receipts", fails_for_some)
    await stage.send(0)
    outcomes = await asyncio.gather(*(stage.send(n % 2) for n in range(10)), return_exceptions=True)
    assert [isinstance(outcome, Silenced) for outcome in outcomes] == [n % 2 == 1 for n in range(10)]
    assert stage.sequences() == list(range(1, 8))
    assert mark_read


async def test_whoever_stops_waiting_stops_nobody_else(stage: Stage) -> None:
    tasks = [asyncio.create_task(stage.send(n % 3)) for n in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::4]:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    kept = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert len(kept) == 15
    assert stage.sequences() == list(range(1, len(stage.sequences()) + 1))


async def test_each_commands_events_and_entry_are_its_own(stage: Stage) -> None:
    outcomes = await asyncio.gather(*(stage.send(n % 3) for n in range(30)))
    store: Any = stage.container.store().units
    frames = list(store.inner._store.frames.values())
    for outcome in outcomes:
        own = [frame for frame in frames if frame.command_id == outcome.result.id]
        created = [frame for frame in own if frame.event_type == "message.created"]
        assert [frame.revision for frame in created] == [outcome.result.revision]
        assert all(str(outcome.result.sender_id).encode() in frame.body for frame in own)
    log = [entry.id for entry in store.inner._store.log.values() if entry.name == "SendMessage"]
    by_sequence = sorted(outcomes, key=lambda outcome: outcome.result.seq_id)
    assert log == [outcome.result.id for outcome in by_sequence]


def _job(place: int, client_id: int | None = None) -> Job:
    command = SendMessage(
        conversation_id=ConversationId(uuid.UUID(int=place)),
        client_message_id=ClientMessageId(uuid.UUID(int=client_id) if client_id else uuid.uuid4()),
        content="x",
    )
    loop = asyncio.new_event_loop()
    future: Any = loop.create_future()
    loop.close()
    return Job(
        command=command,
        registration=None,
        actor=Actor(user_id=UserId(uuid.UUID(int=1))),
        now=AT,
        id=CommandId(uuid.uuid4()),
        outcome=future,
    )


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 6)), max_size=60))
def test_a_lane_gives_everything_out_once_in_the_order_of_each_place(arriving: list[tuple[int, int]]) -> None:
    lane, jobs = Lane(), [_job(*each) for each in arriving]
    for job in jobs:
        lane.put(job)
    given_out = []
    while lane.size:
        group = lane.take()
        assert 0 < len(group) <= GROUP_AT_MOST
        assert len({job.once for job in group}) == len(group), "a repeat is not in the group of the first"
        given_out += group
    assert {job.id for job in given_out} == {job.id for job in jobs}
    for place in {job.place for job in jobs}:
        assert [j.id for j in given_out if j.place == place] == [j.id for j in jobs if j.place == place]


def test_one_busy_conversation_does_not_keep_the_others_waiting() -> None:
    lane = Lane()
    for _ in range(GROUP_AT_MOST * 2):
        lane.put(_job(1))
    lane.put(_job(2))
    group = lane.take()
    assert sum(job.place.int == 1 for job in group) == SHARE_OF_ONE_PLACE
    assert sum(job.place.int == 2 for job in group) == 1


def test_one_busy_conversation_does_not_take_all_the_room() -> None:
    lane = Lane()
    for _ in range(WAITING_IN_ONE_PLACE):
        assert lane.has_room(ConversationId(uuid.UUID(int=1)))
        lane.put(_job(1))
    assert not lane.has_room(ConversationId(uuid.UUID(int=1)))
    assert lane.has_room(ConversationId(uuid.UUID(int=2)))


async def test_beyond_a_bound_new_ones_are_refused_and_nothing_is_lost(stage: Stage) -> None:
    lanes = stage.container.bus()._groups._lanes
    for lane in lanes:
        lane.size += WAITING_AT_MOST
    with pytest.raises(Unavailable):
        await stage.send()
    for lane in lanes:
        lane.size -= WAITING_AT_MOST
    await stage.send()
    assert stage.sequences() == [1, 2]
