"""What watchers know ends up true: whatever happens to signals, privacy, blocks and other servers."""

import asyncio
import random
from collections.abc import Callable

import pytest

from application.ports.events import Frame
from domain.identity.settings import Privacy
from domain.shared.errors import Unavailable
from domain.shared.ids import UserId
from tests.unit.application.presence_stage import CLOCK, IDS, Stage, Watcher, stage, until


def _faithful(frames: list[Frame]) -> list[Frame]:
    return frames


def _doubled(frames: list[Frame]) -> list[Frame]:
    return [frame for frame in frames for _ in range(2)]


def _turned_round(frames: list[Frame]) -> list[Frame]:
    return frames[::-1]


def _mostly_lost(frames: list[Frame]) -> list[Frame]:
    return [frame for frame in frames if random.random() < 0.3]


async def test_the_answer_says_how_each_stands_and_leaves_out_who_does_not_exist() -> None:
    async with stage() as s:
        ann, ben, me = s.person(), s.person(), s.person()
        here = await s.server()
        here.attendance.arrived(ann)
        await until(lambda: ann in s.roster.seen)
        watcher = Watcher(me)
        nobody = UserId(IDS.new(CLOCK.now()))
        items = await here.watching.watch(watcher, [ann, ben, nobody, ann])
        assert [(item.user_id, item.is_online) for item in items] == [(ann, True), (ben, False)]
        assert items[0].last_seen_at is not None
        assert items[1].last_seen_at is None
        assert await here.watching.watch(watcher, []) == []


async def test_a_list_replaces_the_last_one_and_ends_with_the_connection() -> None:
    async with stage() as s:
        ann, ben = s.person(), s.person()
        here = await s.server()
        watcher, other = Watcher(s.person()), Watcher(s.person())
        await watcher.watch(here.watching, ann)
        await watcher.watch(here.watching, ben)
        await other.watch(here.watching, ann, ben)
        here.attendance.arrived(ann)
        here.attendance.arrived(ben)
        await until(lambda: other.states(ann) == other.states(ben) == [True])
        assert (watcher.states(ann), watcher.states(ben)) == ([], [True])
        here.watching.forget(watcher)
        here.watching.forget(other)
        here.watching.forget(other)
        here.attendance.left(ben)
        await until(lambda: not here.watching._heard)
        await asyncio.sleep(s.lifetime)
        assert watcher.states(ben) == [True]
        for kept in (here.watching._watchers, here.watching._devices, here.watching._lists):
            assert not kept
        assert not here.watching._dirty


async def test_a_connection_watches_for_its_own_person_only_what_that_person_may_see() -> None:
    async with stage() as s:
        ann, friend, stranger = s.person(privacy_last_seen=Privacy.CONTACTS), s.person(), s.person()
        await s.relate(ann, friend)
        here = await s.server()
        let_in, kept_out = Watcher(friend), Watcher(stranger)
        assert await let_in.watch(here.watching, ann) == [False]
        assert await kept_out.watch(here.watching, ann) == [None]
        here.attendance.arrived(ann)
        await until(lambda: let_in.states(ann) == [True])
        await asyncio.sleep(0.1)
        assert kept_out.heard == []


async def test_what_becomes_hidden_is_sent_once_as_nulls_and_what_is_shown_again_as_it_is() -> None:
    async with stage() as s:
        ann, me = s.person(), s.person()
        one, two = await s.server(), await s.server()
        one.attendance.arrived(ann)
        await until(lambda: ann in s.roster.seen)
        watcher = Watcher(me)
        assert await watcher.watch(two.watching, ann) == [True]
        await s.set(ann, privacy_last_seen=Privacy.NOBODY)
        await until(lambda: watcher.states(ann) == [None])
        assert watcher.heard == [{"user_id": str(ann), "is_online": None, "last_seen_at": None}]
        await s.set(ann, privacy_last_seen=Privacy.NOBODY)
        await s.set(ann, privacy_last_seen=Privacy.CONTACTS)
        await s.relate(ann, me)
        await until(lambda: watcher.states(ann) == [None, True])
        await s.relate(ann, me, saved=False)
        await until(lambda: watcher.states(ann) == [None, True, None])


async def test_presence_is_reciprocal_on_open_sockets() -> None:
    async with stage() as s:
        ann, me = s.person(), s.person()
        here = await s.server()
        here.attendance.arrived(ann)
        await until(lambda: ann in s.roster.seen)
        watcher = Watcher(me)
        assert await watcher.watch(here.watching, ann) == [True]
        await s.set(me, privacy_last_seen=Privacy.NOBODY)
        await until(lambda: watcher.states(ann) == [None])
        await s.set(me, privacy_last_seen=Privacy.EVERYONE)
        await until(lambda: watcher.states(ann) == [None, True])


@pytest.mark.parametrize("who", ["watched", "watcher"])
async def test_a_block_hides_each_from_the_other_and_lifting_it_shows_them_again(who: str) -> None:
    async with stage() as s:
        ann, me = s.person(), s.person()
        one, two = await s.server(), await s.server()
        mine, anns = Watcher(me), Watcher(ann)
        one.attendance.arrived(ann)
        two.attendance.arrived(me)
        await until(lambda: {ann, me} <= set(s.roster.seen))
        assert await mine.watch(two.watching, ann) == await anns.watch(one.watching, me) == [True]
        blocker, blocked = (ann, me) if who == "watched" else (me, ann)
        await s.relate(blocker, blocked, saved=False, is_blocked=True)
        await until(lambda: mine.states(ann) == anns.states(me) == [None])
        one.attendance.left(ann)
        await until(lambda: ann not in s.roster.until)
        await s.relate(blocker, blocked, saved=False, is_blocked=False)
        await until(lambda: mine.states(ann) == [None, False] and anns.states(me) == [None, True])


async def test_people_of_a_server_that_died_go_offline_for_watchers_without_a_signal() -> None:
    async with stage() as s:
        ann, ben, me = s.person(), s.person(), s.person()
        doomed, other, mine = [await s.server() for _ in range(3)]
        doomed.attendance.arrived(ann)
        doomed.attendance.arrived(ben)
        other.attendance.arrived(ben)
        await until(lambda: len(s.roster.until.get(ben, {})) == 2 and ann in s.roster.seen)
        watcher = Watcher(me)
        assert await watcher.watch(mine.watching, ann, ben) == [True, True]
        await doomed.die()
        await until(lambda: watcher.states(ann) == [False])
        await asyncio.sleep(s.lifetime)
        assert watcher.states(ben) == []
        assert watcher.sees(ben) is True


async def test_that_somebody_came_is_believed_only_for_as_long_as_it_holds() -> None:
    async with stage() as s:
        ann, doomed, mine = s.person(), await s.server(), await s.server()
        watcher = Watcher(s.person())
        await watcher.watch(mine.watching, ann)
        doomed.attendance.arrived(ann)
        await until(lambda: watcher.states(ann) == [True])
        await asyncio.sleep(s.lifetime * 1.5)
        await doomed.die()
        await until(lambda: watcher.states(ann) == [True, False])


async def test_nobody_is_looked_at_while_nothing_can_have_changed() -> None:
    async with stage(lifetime=30.0) as s:
        people = [s.person() for _ in range(20)]
        here = await s.server()
        for each in people:
            here.attendance.arrived(each)
        await until(lambda: len(s.roster.seen) == 20)
        await Watcher(s.person()).watch(here.watching, *people)
        await asyncio.sleep(0.1)
        looks = here.presences.looks
        await asyncio.sleep(0.5)
        assert here.presences.looks == looks


@pytest.mark.parametrize("has_a_list", [False, True])
async def test_a_change_while_a_list_is_on_its_way_is_heard_after_the_answer(has_a_list: bool) -> None:
    async with stage(lifetime=30.0) as s:
        ann, here, there = s.person(), await s.server(), await s.server()
        watcher = Watcher(s.person())
        if has_a_list:
            await watcher.watch(here.watching, ann)
        here.presences.lets_answers_go.clear()
        on_its_way = asyncio.create_task(watcher.watch(here.watching, ann))
        await until(lambda: here.presences.kept == 1)
        there.attendance.arrived(ann)
        await until(lambda: ann in s.roster.seen)
        await asyncio.sleep(0.05)
        assert watcher.heard == []
        here.presences.lets_answers_go.set()
        assert await on_its_way == [False]
        await until(lambda: watcher.states(ann) == [True])


async def test_a_change_while_a_list_fails_is_heard_on_the_last_one() -> None:
    async with stage(lifetime=30.0) as s:
        ann, ben, here, there = s.person(), s.person(), await s.server(), await s.server()
        watcher = Watcher(s.person())
        await watcher.watch(here.watching, ann)
        on_its_way = asyncio.create_task(watcher.watch(here.watching, ben))
        here.presences.lets_answers_go.clear()
        await until(lambda: here.presences.kept == 1)
        here.presences.lets_answers_go = asyncio.Event()
        here.presences.lets_answers_go.set()
        there.attendance.arrived(ann)
        await until(lambda: here.presences.looks >= 3)
        await asyncio.sleep(0.05)
        assert watcher.heard == []
        on_its_way.cancel()
        await until(lambda: watcher.states(ann) == [True])


async def test_a_list_that_cannot_be_answered_leaves_the_last_one_in_force() -> None:
    async with stage() as s:
        ann, ben = s.person(), s.person()
        here, there = await s.server(), await s.server()
        watcher = Watcher(s.person())
        await watcher.watch(here.watching, ann)
        here.presences.is_away = True
        with pytest.raises(Unavailable):
            await watcher.watch(here.watching, ben)
        there.attendance.arrived(ann)
        there.attendance.arrived(ben)
        await until(lambda: {ann, ben} <= set(s.roster.seen))
        here.presences.is_away = False
        await until(lambda: watcher.states(ann) == [True])
        assert watcher.states(ben) == []


async def test_after_an_interruption_everything_is_looked_at_again() -> None:
    async with stage(lifetime=30.0) as s:
        ann, here, there = s.person(), await s.server(), await s.server()
        watcher = Watcher(s.person())
        await watcher.watch(here.watching, ann)
        s.broker.how = lambda frames: []
        there.attendance.arrived(ann)
        await until(lambda: ann in s.roster.seen)
        await asyncio.sleep(0.1)
        assert watcher.states(ann) == []
        s.broker.cut()
        await until(lambda: watcher.states(ann) == [True])


@pytest.mark.parametrize("how", [_faithful, _doubled, _turned_round, _mostly_lost])
@pytest.mark.parametrize("seed", range(3))
async def test_what_everybody_knows_ends_up_true_whatever_happens_to_signals(
    how: Callable[[list[Frame]], list[Frame]], seed: int
) -> None:
    random.seed(seed)
    async with stage(leave_after=0.01) as s:
        people = [s.person() for _ in range(6)]
        servers = [await s.server() for _ in range(3)]
        watchers = {id: (Watcher(id), random.choice(servers)) for id in people}
        connected: list[tuple[UserId, int]] = []
        s.broker.how = how
        for _ in range(150):
            await _something_happens(s, people, connected, watchers)
            await asyncio.sleep(random.choice((0, 0, 0.001, 0.01)))
        if how is _mostly_lost:
            # A line that loses something says so in the end.
            s.broker.how = _faithful
            s.broker.cut()
        truth = s.servers[0].watching._sight
        for id, (watcher, _) in watchers.items():
            for _ in range(1000):
                seen = await truth.of(id, people)
                if all(watcher.knows.get(str(t), (None,))[0] is seen[t].view.is_online for t in people):
                    break
                await asyncio.sleep(0.01)
            else:
                raise AssertionError((watcher.knows, seen))


async def _something_happens(
    s: Stage, people: list[UserId], connected: list[tuple[UserId, int]], watchers: dict[UserId, object]
) -> None:
    one, other = random.sample(people, 2)
    match random.randrange(6):
        case 0 | 1:
            place = random.randrange(3)
            connected.append((one, place))
            s.servers[place].attendance.arrived(one)
        case 2 if connected:
            id, place = connected.pop(random.randrange(len(connected)))
            s.servers[place].attendance.left(id)
        case 3:
            await s.set(one, privacy_last_seen=random.choice(list(Privacy)))
        case 4:
            await s.relate(one, other, saved=random.random() < 0.5, is_blocked=random.random() < 0.5)
        case _:
            watcher, server = watchers[one]  # type: ignore[misc]
            await watcher.watch(server.watching, *people)  # type: ignore[has-type]
