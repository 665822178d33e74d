"""Resuming: whatever was missed and whatever happens meanwhile, a connection hears each event once and in order."""

import asyncio
import uuid
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.ports.events import Delivery, Frame
from application.realtime.channels import of_user
from application.realtime.membership import MISSED_AT_MOST, RESUMED_TOGETHER
from application.testing.builders import AT, later
from domain.shared.errors import Unavailable
from domain.shared.ids import ConversationId, UserId
from domain.shared.values import moment
from tests.unit.application.hub_stage import Ear, HubStage, hub_stage

ANN, BEN = UserId(uuid.uuid4()), UserId(uuid.uuid4())


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def require_whole(heard: list[tuple[str, int]], known: int, head: int) -> None:
    """Each revision above ``known`` once and in order, where no reset says otherwise, up to ``head``."""
    at = known
    for type, revision in heard:
        # Of a server that lags behind what a client knows, it may hear of its loss.
        if revision <= known and type == "reset":
            continue
        if type == "reset":
            assert revision >= at, heard
            at = revision
        else:
            assert revision == at + 1, (heard, known, head)
            at = revision
    assert at == max(head, known), (heard, known, head)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_every_event_is_heard_once_and_in_order_whatever_happens_around_a_resume(data: st.DataObject) -> None:
    draw = data.draw
    before, between, during, after = (draw(st.integers(0, 6)) for _ in range(4))
    known = draw(st.integers(0, before + between))
    pruned = draw(st.integers(0, before))
    has_company = draw(st.booleans())
    disorder = draw(st.randoms(use_true_random=False))

    async def play() -> None:
        async with hub_stage(HOLE_MAY_CLOSE_BY_ITSELF_SECONDS=0, CHECK_HEADS_EVERY_SECONDS=3600) as s:
            place = s.place(ANN, BEN)
            if has_company:  # then this server has listened all along
                await s.hub.attach(Ear(BEN))
            pending = [s.commit(place) for _ in range(before)]
            s.database.kept_from[place] = pruned
            ear = Ear(ANN)
            attaching = asyncio.create_task(s.hub.attach(ear, holding=True))
            for _ in range(between):
                if disorder.random() < 0.5:
                    await asyncio.sleep(0)
                pending.append(s.commit(place))
                scatter(s, pending, disorder)
            await attaching
            assert not ear.heard
            resuming = asyncio.create_task(s.hub.resume(ear, {place: known}, same_epoch=True))
            for _ in range(during):
                if disorder.random() < 0.5:
                    await asyncio.sleep(0)
                pending.append(s.commit(place))
                scatter(s, pending, disorder)
            conversations, _ = await resuming
            s.hub.settle(ear)
            assert conversations == 1
            for _ in range(after):
                pending.append(s.commit(place))
                scatter(s, pending, disorder)
            for frame in pending:
                s.hand_over(frame)
            await s.settled()
            await s.hub._mender.compare_heads()
            require_whole(ear.of(place), known, len(s.database.events[place]))

    run(play())


def scatter(s: HubStage, pending: list[Any], disorder: Any) -> None:
    """Hand some of what waits over: late, twice, in any order, or not at all."""
    for frame in disorder.sample(pending, disorder.randint(0, len(pending))):
        s.hand_over(frame)


async def test_who_missed_nothing_asks_the_database_for_nothing() -> None:
    async with hub_stage() as s:
        places = [s.place(ANN, BEN) for _ in range(50)]
        for place in places:
            s.commit(place)
        await s.hub.attach(Ear(BEN))
        ear = Ear(ANN)
        await s.hub.attach(ear, holding=True)
        s.database.asked.clear()
        assert await s.hub.resume(ear, dict.fromkeys(places, 1), same_epoch=True) == (50, 0)
        assert s.database.asked == []
        assert ear.heard == []


async def test_many_who_come_at_once_share_their_questions() -> None:
    async with hub_stage() as s:
        ears = [Ear(UserId(uuid.uuid4())) for _ in range(60)]
        for ear in ears:
            s.place(ear.user_id)
        await asyncio.gather(*(s.hub.attach(ear) for ear in ears))
        assert len(s.database.asked) < 20


async def test_many_who_missed_the_same_share_what_is_read() -> None:
    async with hub_stage() as s:
        ears = [Ear(UserId(uuid.uuid4())) for _ in range(60)]
        place = s.place(*(ear.user_id for ear in ears))
        for _ in range(3):
            s.commit(place)
        for ear in ears:
            await s.hub.attach(ear, holding=True)
        s.database.asked.clear()
        done = await asyncio.gather(*(s.hub.resume(ear, {place: 1}, same_epoch=True) for ear in ears))
        assert done == [(1, 2)] * 60
        assert s.database.asked.count("since_each") < 5
        assert all([revision for _, revision in ear.of(place)] == [2, 3] for ear in ears)


async def test_what_was_missed_comes_before_what_was_held_back() -> None:
    async with hub_stage() as s:
        place = s.place(ANN, BEN)
        for _ in range(5):
            s.commit(place)
        ear = Ear(ANN)
        await s.hub.attach(ear, holding=True)
        for _ in range(2):
            s.hand_over(s.commit(place))
        await s.settled()
        assert ear.heard == []
        assert await s.hub.resume(ear, {place: 2}, same_epoch=True) == (1, 3)
        assert [revision for _, revision in ear.of(place)] == [3, 4, 5, 6, 7]


async def test_who_does_not_resume_hears_what_was_held_back_once_it_is_settled() -> None:
    async with hub_stage() as s:
        place = s.place(ANN, BEN)
        s.commit(place)
        ear = Ear(ANN)
        await s.hub.attach(ear, holding=True)
        s.hand_over(s.commit(place))
        await s.settled()
        assert ear.heard == []
        s.hub.settle(ear)
        s.hand_over(s.commit(place))
        await s.settled()
        assert [revision for _, revision in ear.of(place)] == [2, 3]


@pytest.mark.parametrize(
    ("known", "same_epoch"), [(99, True), (-1, True), (2**70, True), (2, False), (4, False)]
)
async def test_what_cannot_be_believed_is_reset(known: int, same_epoch: bool) -> None:
    async with hub_stage() as s:
        place = s.place(ANN)
        for _ in range(4):
            s.commit(place)
        ear = Ear(ANN)
        await s.hub.attach(ear, holding=True)
        assert await s.hub.resume(ear, {place: known}, same_epoch=same_epoch) == (1, 0)
        s.hand_over(s.commit(place))
        await s.settled()
        assert ear.of(place) == [("reset", 4), ("message.created", 5)]


async def test_what_this_server_has_not_heard_yet_is_no_lie() -> None:
    async with hub_stage(CHECK_HEADS_EVERY_SECONDS=3600) as s:
        place = s.place(ANN)
        ear = Ear(ANN)
        await s.hub.attach(ear, holding=True)
        late = [s.commit(place) for _ in range(2)]
        assert await s.hub.resume(ear, {place: 2}, same_epoch=True) == (1, 0)
        for frame in (*late, s.commit(place)):
            s.hand_over(frame)
        await s.settled()
        assert ear.of(place) == [("message.created", 3)]


async def test_too_much_to_tell_is_reset() -> None:
    async with hub_stage() as s:
        place = s.place(ANN)
        for _ in range(MISSED_AT_MOST + 1):
            s.commit(place)
        ear = Ear(ANN)
        await s.hub.attach(ear, holding=True)
        assert await s.hub.resume(ear, {place: 0}, same_epoch=True) == (1, 0)
        assert ear.of(place) == [("reset", MISSED_AT_MOST + 1)]
        assert await s.hub.resume(ear, {place: 1}, same_epoch=True) == (1, MISSED_AT_MOST)


async def test_what_one_does_not_take_part_in_is_passed_over() -> None:
    async with hub_stage() as s:
        theirs = s.place(BEN)
        s.commit(theirs)
        await s.hub.attach(Ear(BEN))
        ear = Ear(ANN)
        await s.hub.attach(ear, holding=True)
        known = {theirs: 0, ConversationId(uuid.uuid4()): 0}
        assert await s.hub.resume(ear, known, same_epoch=True) == (0, 0)
        assert ear.heard == []


async def test_who_was_away_from_a_group_hears_from_their_return_on() -> None:
    async with hub_stage() as s:
        place = s.place(ANN, BEN)
        s.commit(place)
        s.commit(place, "member.removed", user_id=str(ANN))
        s.commit(place)
        s.commit(place, "member.added", user_ids=[str(ANN)])
        s.commit(place)
        ear = Ear(ANN)
        await s.hub.attach(ear, holding=True)
        await s.hub.resume(ear, {place: 0}, same_epoch=True)
        assert [revision for _, revision in ear.of(place)] == [1, 2, 4, 5]
        returned = Ear(ANN)
        await s.hub.attach(returned, holding=True)
        await s.hub.resume(returned, {place: 2}, same_epoch=True)
        assert [revision for _, revision in returned.of(place)] == [4, 5]


async def test_who_was_removed_while_away_hears_until_then_and_nothing_more() -> None:
    async with hub_stage() as s:
        place = s.place(BEN)
        s.database.former[place] = {ANN}
        s.commit(place)
        s.commit(place)
        s.commit(place, "member.removed", user_id=str(ANN))
        s.commit(place)
        ear = Ear(ANN)
        await s.hub.attach(ear, holding=True)
        assert await s.hub.resume(ear, {place: 1}, same_epoch=True) == (1, 2)
        assert ear.of(place) == [("message.created", 2), ("member.removed", 3)]
        again = Ear(ANN)
        await s.hub.attach(again, holding=True)
        assert await s.hub.resume(again, {place: 3}, same_epoch=True) == (1, 0)
        assert again.heard == []


async def test_who_came_back_and_left_again_hears_nothing_of_the_time_between() -> None:
    async with hub_stage() as s:
        place = s.place(BEN)
        s.database.former[place] = {ANN}
        for kind in ("removed", "said", "added", "said", "removed", "said"):
            _change(s, place, kind)
        for known, told in ((0, [1, 3, 4, 5]), (1, [3, 4, 5]), (3, [4, 5]), (5, [])):
            ear = Ear(ANN)
            await s.hub.attach(ear, holding=True)
            await s.hub.resume(ear, {place: known}, same_epoch=True)
            assert [revision for _, revision in ear.of(place)] == told


@pytest.mark.parametrize("leaves_again", [False, True])
async def test_who_is_added_before_they_resume_hears_from_their_return_on_once(leaves_again: bool) -> None:
    async with hub_stage() as s:
        place = s.place(BEN)
        s.database.former[place] = {ANN}
        for kind in ("said", "removed", "said"):
            _change(s, place, kind)
        await s.hub.attach(Ear(BEN))
        ear = Ear(ANN)
        await s.hub.attach(ear, holding=True)
        s.database.members[place].add(ANN)
        s.database.former[place] = {ANN} if leaves_again else set()
        for kind in ("added", "said", *(["removed"] if leaves_again else [])):
            s.hand_over(_change(s, place, kind))
        await s.settled()
        await s.hub.resume(ear, {place: 0}, same_epoch=True)
        s.hub.settle(ear)
        s.hand_over(_change(s, place, "said"))
        await s.settled()
        assert [revision for _, revision in ear.of(place)] == [4, 5, 6]


async def test_an_old_return_that_is_told_during_a_welcome_does_not_come_before_what_is_resumed() -> None:
    async with hub_stage() as s:
        place = s.place(ANN, BEN)
        frames = [
            _change(s, place, kind) for kind in ("said", "removed", "added", "removed", "added", "said")
        ]
        ear = Ear(ANN)
        attaching = asyncio.create_task(s.hub.attach(ear, holding=True))
        while of_user(ANN) not in s.line.channels:
            await asyncio.sleep(0)
        late = frames[2]
        s.line.waiting.put_nowait(Delivery(of_user(ANN), late.event_type, late.revision, late.body))
        await attaching
        await s.settled()
        assert ear.heard == []
        await s.hub.resume(ear, {place: 1}, same_epoch=True)
        assert [revision for _, revision in ear.of(place)] == [2, 3, 4, 5, 6]


@pytest.mark.parametrize("comes", ["before resuming", "after resuming"])
async def test_a_removal_that_is_told_late_is_heard_once_and_in_its_place(comes: str) -> None:
    async with hub_stage() as s:
        place = s.place(BEN)
        s.database.former[place] = {ANN}
        late = [_change(s, place, kind) for kind in ("said", "said", "removed")][-1]
        removal = Delivery(of_user(ANN), late.event_type, late.revision, late.body)
        ear = Ear(ANN)
        await s.hub.attach(ear, holding=True)
        if comes == "before resuming":
            s.line.waiting.put_nowait(removal)
            await s.settled()
        await s.hub.resume(ear, {place: 1}, same_epoch=True)
        s.hub.settle(ear)
        if comes == "after resuming":
            s.line.waiting.put_nowait(removal)
            await s.settled()
        assert [revision for _, revision in ear.of(place)] == [2, 3]


def _change(s: HubStage, place: ConversationId, kind: str) -> Frame:
    """Ann is removed or added, or somebody says something."""
    if kind == "said":
        return s.commit(place)
    return s.commit(place, f"member.{kind}", user_id=str(ANN), user_ids=[str(ANN)])


async def test_who_settles_where_events_lag_hears_nothing_from_before_they_came() -> None:
    """Said between two stays of theirs, perhaps."""
    async with hub_stage(CHECK_HEADS_EVERY_SECONDS=3600) as s:
        place = s.place(ANN, BEN)
        await s.hub.attach(Ear(BEN))
        late = [s.commit(place), s.commit(place), s.commit(place, "member.added", user_ids=[str(ANN)])]
        ear = Ear(ANN)
        await s.hub.attach(ear, holding=True)
        s.hand_over(late[0])
        await s.settled()
        s.hub.settle(ear)
        for frame in (*late[1:], s.commit(place)):
            s.hand_over(frame)
        await s.settled()
        assert ear.of(place) == [("message.created", 4)]


@pytest.mark.parametrize("why", ["closed", "pruned", "too much", "another epoch"])
async def test_of_what_one_has_left_what_nobody_can_tell_is_reset(why: str) -> None:
    async with hub_stage() as s:
        place = s.place(BEN)
        s.database.former[place] = {ANN}
        for _ in range(MISSED_AT_MOST if why == "too much" else 3):
            s.commit(place)
        s.commit(place, "conversation.deleted") if why == "closed" else None
        s.commit(place, "member.removed", user_id=str(ANN))
        s.database.kept_from[place] = 2 if why == "pruned" else 0
        ear = Ear(ANN)
        await s.hub.attach(ear, holding=True)
        await s.hub.resume(ear, {place: 0}, same_epoch=why != "another epoch")
        assert ear.of(place) == [("reset", 0)]


async def test_a_removal_that_was_held_back_is_the_last_thing_heard() -> None:
    async with hub_stage() as s:
        place = s.place(ANN, BEN)
        s.commit(place)
        ear = Ear(ANN)
        await s.hub.attach(ear, holding=True)
        s.hand_over(s.commit(place, "member.removed", user_id=str(ANN)))
        s.hand_over(s.commit(place))
        await s.settled()
        assert await s.hub.resume(ear, {place: 0}, same_epoch=True) == (1, 1)
        assert [revision for _, revision in ear.of(place)] == [1, 2]
        assert not s.hub._membership.hears(ear, place)


async def test_what_has_expired_since_is_told_without_its_words() -> None:
    async with hub_stage() as s:
        place = s.place(ANN)
        said = {"id": str(uuid.uuid4()), "content": "secret", "metadata": None, "reply_to": None}
        for expires_at in (moment(AT), moment(later(3600))):
            s.commit(place, **said, expires_at=expires_at)
        ear = Ear(ANN)
        await s.hub.attach(ear, holding=True)
        await s.hub.resume(ear, {place: 0}, same_epoch=True)
        first, second = (each["data"] for each in ear.heard)
        assert (first["content"], first["deleted_at"]) == (None, moment(AT))
        assert second["content"] == "secret"


async def test_a_long_resume_lets_the_socket_breathe() -> None:
    async with hub_stage() as s:
        places = [s.place(ANN) for _ in range(RESUMED_TOGETHER * 3)]
        for place in places:
            s.commit(place)
        ear = Ear(ANN)
        await s.hub.attach(ear, holding=True)
        assert await s.hub.resume(ear, dict.fromkeys(places, 0), same_epoch=True) == (
            len(places),
            len(places),
        )
        assert ear.breaths == 3


async def test_what_cannot_be_read_is_reset_and_goes_on() -> None:
    async with hub_stage() as s:
        place = s.place(ANN)
        s.commit(place)
        ear = Ear(ANN)
        await s.hub.attach(ear, holding=True)

        async def is_away(*_: Any) -> Any:
            raise Unavailable

        original, s.database.since_each = s.database.since_each, is_away  # type: ignore[method-assign]
        with pytest.raises(Unavailable):
            await s.hub.resume(ear, {place: 0}, same_epoch=True)
        s.database.since_each = original  # type: ignore[method-assign]
        s.hand_over(s.commit(place))
        await s.settled()
        assert ear.of(place) == [("reset", 1), ("message.created", 2)]


async def test_resuming_again_later_tells_again_in_order() -> None:
    async with hub_stage() as s:
        place = s.place(ANN)
        for _ in range(3):
            s.commit(place)
        ear = Ear(ANN)
        await s.hub.attach(ear)
        s.hand_over(s.commit(place))
        await s.settled()
        assert await s.hub.resume(ear, {place: 1}, same_epoch=True) == (1, 3)
        assert [revision for _, revision in ear.of(place)] == [4, 2, 3, 4]
        s.hand_over(s.commit(place))
        await s.settled()
        assert ear.of(place)[-1] == ("message.created", 5)
