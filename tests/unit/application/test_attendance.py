"""Who is said to be here: at once, until a while after they have gone, whatever fails in between."""

import asyncio

import pytest

from domain.shared.ids import UserId
from tests.unit.application.presence_stage import Stage, Watcher, stage, until


async def _watcher(s: Stage, *people: UserId) -> Watcher:
    """Somebody on a server of their own who watches."""
    watcher = Watcher(s.person())
    await watcher.watch((await s.server()).watching, *people)
    return watcher


async def test_somebody_is_online_with_the_first_connection_and_offline_a_while_after_the_last() -> None:
    async with stage() as s:
        ann = s.person()
        watcher, here = await _watcher(s, ann), await s.server()
        here.attendance.arrived(ann)
        await until(lambda: watcher.states(ann) == [True])
        here.attendance.arrived(ann)
        here.attendance.left(ann)
        await asyncio.sleep(s.leave_after * 2)
        assert watcher.states(ann) == [True]
        here.attendance.left(ann)
        await until(lambda: watcher.states(ann) == [True, False])
        await asyncio.sleep(s.lifetime)
        assert watcher.states(ann) == [True, False]


@pytest.mark.parametrize("where", ["the same server", "another server"])
async def test_a_reconnect_shows_nothing(where: str) -> None:
    async with stage(leave_after=0.4) as s:
        ann = s.person()
        watcher, one, two = await _watcher(s, ann), await s.server(), await s.server()
        one.attendance.arrived(ann)
        await until(lambda: watcher.states(ann) == [True])
        for _ in range(3):
            one.attendance.left(ann)
            await asyncio.sleep(0.05)
            one.attendance.arrived(ann)
        if where == "another server":
            one.attendance.left(ann)
            two.attendance.arrived(ann)
        await asyncio.sleep(1.0)
        assert watcher.states(ann) == [True]
        assert watcher.sees(ann) is True


async def test_who_comes_back_while_they_are_being_taken_off_is_online() -> None:
    async with stage(leave_after=0.0) as s:
        ann = s.person()
        watcher, here = await _watcher(s, ann), await s.server()
        for _ in range(20):
            here.attendance.arrived(ann)
            await asyncio.sleep(0)
            here.attendance.left(ann)
            await asyncio.sleep(0)
        here.attendance.arrived(ann)
        await until(lambda: watcher.knows.get(str(ann), (False,))[0] is True)
        await asyncio.sleep(s.lifetime * 2)
        assert watcher.sees(ann) is True
        here.attendance.left(ann)
        await until(lambda: watcher.sees(ann) is False)


async def test_who_comes_and_goes_while_they_are_being_taken_off_is_offline_in_the_end() -> None:
    async with stage(lifetime=60.0, leave_after=0.05) as s:
        ann = s.person()
        watcher, here = await _watcher(s, ann), await s.server()
        here.attendance.arrived(ann)
        await until(lambda: watcher.states(ann) == [True])
        here.presences.lets_answers_go.clear()
        here.attendance.left(ann)
        await until(lambda: here.presences.kept == 1)
        here.attendance.arrived(ann)
        here.attendance.left(ann)
        here.presences.lets_answers_go.set()
        await until(lambda: not here.attendance._leaving and not here.attendance._arrivals)
        await until(lambda: ann not in s.roster.until and watcher.sees(ann) is False)


async def test_heartbeats_keep_somebody_online_for_as_long_as_they_stay() -> None:
    async with stage() as s:
        ann = s.person()
        watcher, here = await _watcher(s, ann), await s.server()
        here.attendance.arrived(ann)
        await asyncio.sleep(s.lifetime * 4)
        assert watcher.states(ann) == [True]


async def test_an_orderly_stop_takes_off_who_does_not_arrive_elsewhere_within_the_while() -> None:
    async with stage(lifetime=60.0, leave_after=0.6) as s:
        ann, ben, cem = s.person(), s.person(), s.person()
        watcher, here, there = await _watcher(s, ann, ben, cem), await s.server(), await s.server()
        for person in (ann, ben, cem):
            here.attendance.arrived(person)
        await until(lambda: all(watcher.states(each) == [True] for each in (ann, ben, cem)))
        here.attendance.left(ben)
        await here.die()
        await here.attendance.stop()
        there.attendance.arrived(cem)
        await until(lambda: watcher.states(ann) == watcher.states(ben) == [True, False])
        assert watcher.states(cem) == [True]
        here.attendance.left(ann)


async def test_what_could_not_be_said_is_said_at_a_later_heartbeat() -> None:
    async with stage() as s:
        ann, ben = s.person(), s.person()
        watcher, here = await _watcher(s, ann, ben), await s.server()
        here.attendance.arrived(ben)
        await until(lambda: watcher.states(ben) == [True])
        here.presences.is_away = True
        here.attendance.arrived(ann)
        here.attendance.left(ben)
        await asyncio.sleep(s.lifetime)
        here.presences.is_away = False
        await until(lambda: watcher.states(ann) == [True] and watcher.sees(ben) is False)
        await until(lambda: ben not in s.roster.until and not here.attendance._untold)


async def test_a_signal_that_could_not_be_published_is_published_later() -> None:
    async with stage() as s:
        ann = s.person()
        watcher, here = await _watcher(s, ann), await s.server()
        s.broker.is_away = True
        here.attendance.arrived(ann)
        await until(lambda: ann in s.roster.seen)
        await asyncio.sleep(s.lifetime)
        assert watcher.states(ann) == []
        s.broker.is_away = False
        await until(lambda: watcher.states(ann) == [True])
