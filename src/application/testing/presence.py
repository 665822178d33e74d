"""The promises of who is there: what servers know together, and the store's copy of it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import pytest

from application.ports.presence import NOBODY, Presence, Presences
from application.testing.builders import a_user, an_id, later, settings_for
from application.testing.stage import commit, people
from application.testing.world import World
from domain.shared.errors import Unavailable
from domain.shared.ids import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Presences as two servers have them, out of reach where there is a line, and how time passes for them.

    A heartbeat lasts ``lifetime`` seconds.
    """

    one: Presences
    two: Presences
    lifetime: float
    unreachable: Presences | None = None
    let_pass: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def outlive(self) -> None:
        """Let more than a lifetime pass."""
        await self.let_pass(self.lifetime * 1.25)


def _somebody() -> UserId:
    return UserId(an_id())


async def _seen(presences: Presences, id: UserId) -> datetime:
    at = (await presences.of([id]))[id].last_seen_at
    assert at is not None
    return at


async def _online(presences: Presences, *ids: UserId) -> list[bool]:
    found = await presences.of(ids)
    return [found[id].online for id in ids]


class PresencesContract:
    """The promise of ``Presences``. Supply the fixture ``servers``."""

    async def test_somebody_is_online_from_a_heartbeat_on_for_every_server(self, servers: Servers) -> None:
        ann, bob = _somebody(), _somebody()
        await servers.one.beat([ann])
        for server in (servers.one, servers.two):
            assert await _online(server, ann, bob) == [True, False]

    async def test_somebody_is_offline_when_no_server_beat_for_them_within_a_lifetime(
        self, servers: Servers
    ) -> None:
        ann = _somebody()
        await servers.one.beat([ann])
        await servers.outlive()
        assert await _online(servers.two, ann) == [False]

    async def test_heartbeats_keep_somebody_online(self, servers: Servers) -> None:
        ann = _somebody()
        await servers.one.beat([ann])
        for _ in range(3):
            await servers.let_pass(servers.lifetime / 2)
            assert await servers.one.beat([ann]) == set()
        assert await _online(servers.two, ann) == [True]

    async def test_beat_returns_who_was_offline_before(self, servers: Servers) -> None:
        ann, bob = _somebody(), _somebody()
        assert await servers.one.beat([ann]) == {ann}
        assert await servers.two.beat([ann, bob]) == {bob}
        assert await servers.one.beat([ann, bob]) == set()
        await servers.outlive()
        assert await servers.two.beat([ann]) == {ann}

    async def test_leave_ends_what_this_server_said_and_returns_who_is_offline_now(
        self, servers: Servers
    ) -> None:
        ann, bob, cem = _somebody(), _somebody(), _somebody()
        await servers.one.beat([ann, bob])
        await servers.two.beat([bob])
        assert await servers.one.leave([ann, bob, cem]) == {ann, cem}
        assert await _online(servers.one, ann, bob, cem) == [False, True, False]
        assert await servers.one.leave([ann, bob]) == {ann}
        assert await servers.two.leave([bob]) == {bob}
        assert await servers.one.beat([ann, bob]) == {ann, bob}

    async def test_leave_after_some_seconds_lets_others_take_over_until_then(self, servers: Servers) -> None:
        ann, bob, cem = _somebody(), _somebody(), _somebody()
        await servers.one.beat([ann, bob])
        assert await servers.one.leave([ann, bob, cem], after=servers.lifetime / 2) == {cem}
        assert 0 < (await servers.two.of([ann]))[ann].alive_for <= servers.lifetime / 2
        assert await _online(servers.two, ann, bob, cem) == [True, True, False]
        assert await servers.two.beat([bob]) == set()
        await servers.let_pass(servers.lifetime * 0.75)
        assert await _online(servers.two, ann, bob) == [False, True]

    async def test_leave_after_some_seconds_makes_nobody_stay_longer(self, servers: Servers) -> None:
        ann = _somebody()
        await servers.one.beat([ann])
        await servers.one.leave([ann], after=servers.lifetime * 100)
        assert (await servers.two.of([ann]))[ann].alive_for <= servers.lifetime
        await servers.outlive()
        assert await servers.one.leave([ann], after=servers.lifetime) == {ann}

    async def test_a_dead_server_keeps_nobody_online_and_takes_nobody_along(self, servers: Servers) -> None:
        ann, bob = _somebody(), _somebody()
        await servers.one.beat([ann, bob])
        await servers.let_pass(servers.lifetime / 2)
        await servers.two.beat([bob])
        await servers.let_pass(servers.lifetime * 0.75)
        assert await _online(servers.two, ann, bob) == [False, True]
        assert await servers.two.leave([bob]) == {bob}

    async def test_of_answers_for_every_id_and_who_was_never_there_is_offline_and_never_seen(
        self, servers: Servers
    ) -> None:
        ann, bob = _somebody(), _somebody()
        await servers.two.leave([bob])
        assert await servers.one.of([ann, bob, ann]) == {ann: NOBODY, bob: NOBODY}
        assert await servers.one.of([]) == {}
        assert await servers.one.beat([]) == set()
        assert await servers.one.leave([]) == set()

    async def test_alive_for_is_until_when_somebody_stays_online_without_another_heartbeat(
        self, servers: Servers
    ) -> None:
        ann = _somebody()
        await servers.one.beat([ann])
        alive_for = (await servers.two.of([ann]))[ann].alive_for
        assert 0 < alive_for <= servers.lifetime
        await servers.let_pass(alive_for + servers.lifetime / 4)
        assert (await servers.two.of([ann]))[ann].alive_for == 0
        assert await _online(servers.two, ann) == [False]

    async def test_last_seen_is_the_last_heartbeat_and_outlives_being_offline(self, servers: Servers) -> None:
        ann = _somebody()
        await servers.one.beat([ann])
        first = await _seen(servers.two, ann)
        await servers.let_pass(servers.lifetime / 4)
        await servers.one.beat([ann])
        last = await _seen(servers.two, ann)
        assert last > first
        await servers.outlive()
        assert await _seen(servers.two, ann) == last
        assert await servers.two.leave([ann]) == {ann}
        assert await _seen(servers.two, ann) == last, "who was not there has not been seen"

    async def test_last_seen_is_the_leaving(self, servers: Servers) -> None:
        ann = _somebody()
        await servers.one.beat([ann])
        beaten = await _seen(servers.one, ann)
        await servers.let_pass(servers.lifetime / 4)
        await servers.one.leave([ann])
        left = await _seen(servers.one, ann)
        assert left > beaten
        await servers.outlive()
        assert await _seen(servers.two, ann) == left

    async def test_many_people_are_one_call(self, servers: Servers) -> None:
        crowd = [_somebody() for _ in range(1201)]
        assert await servers.one.beat(crowd) == set(crowd)
        assert all(await _online(servers.two, *crowd))
        assert await servers.one.leave(crowd) == set(crowd)
        assert not any(await _online(servers.two, *crowd))

    async def test_what_cannot_be_reached_raises_unavailable(self, servers: Servers) -> None:
        if servers.unreachable is None:
            pytest.skip("has no line that could fail")
        ann = _somebody()
        for ask in (servers.unreachable.beat, servers.unreachable.leave, servers.unreachable.of):
            with pytest.raises(Unavailable):
                await ask([ann])


def _there(seconds: float) -> Presence:
    return Presence(online=True, last_seen_at=later(seconds), alive_for=1.0)


def _away(seconds: float) -> Presence:
    return Presence(online=False, last_seen_at=later(seconds), alive_for=0.0)


async def _last_seen(world: World, id: UserId) -> datetime | None:
    return (await world.profiles.of([id]))[id].last_seen_at


class MirrorContract:
    """The promise of ``Mirror``. Supply the fixture ``world``."""

    async def test_write_says_who_is_online_and_when_they_were_last_seen(self, world: World) -> None:
        ann, bob, cem = await people(world, 3)
        await world.mirror.write({ann: _there(1), bob: _away(2), cem: NOBODY})
        assert await world.mirror.online(after=None, limit=10) == [ann]
        assert [await _last_seen(world, id) for id in (ann, bob, cem)] == [later(1), later(2), None]
        await world.mirror.write({ann: _away(3), cem: _there(4)})
        assert await world.mirror.online(after=None, limit=10) == [cem]
        assert [await _last_seen(world, id) for id in (ann, bob, cem)] == [later(3), later(2), later(4)]

    async def test_last_seen_never_goes_back(self, world: World) -> None:
        (ann,) = await people(world, 1)
        await world.mirror.write({ann: _away(5)})
        await world.mirror.write({ann: _there(1)})
        assert await _last_seen(world, ann) == later(5)
        await world.mirror.write({ann: NOBODY})
        assert await _last_seen(world, ann) == later(5)
        assert await world.mirror.online(after=None, limit=10) == []

    async def test_write_changes_nothing_else_of_an_account(self, world: World) -> None:
        user = a_user()
        settings = settings_for(user)
        async with world.units.open() as uow:
            uow.users.add(user, settings)
            await commit(uow)
        await world.mirror.write({user.id: _there(60)})
        async with world.units.open() as uow:
            assert await uow.users.find(user.id) == user
            assert await uow.users.settings_of([user.id]) == {user.id: settings}

    async def test_saving_an_account_leaves_the_mirror_alone(self, world: World) -> None:
        (ann,) = await people(world, 1)
        await world.mirror.write({ann: _there(1)})
        async with world.units.open() as uow:
            user = await uow.users.find(ann)
            assert user is not None
            user.rename("Another name", later(2))
            uow.users.save(user)
            await commit(uow)
        assert await world.mirror.online(after=None, limit=10) == [ann]
        assert await _last_seen(world, ann) == later(1)

    async def test_ids_without_an_account_are_passed_over(self, world: World) -> None:
        (ann,) = await people(world, 1)
        await world.mirror.write({_somebody(): _there(1), ann: _there(1)})
        await world.mirror.write({})
        assert await world.mirror.online(after=None, limit=10) == [ann]

    async def test_erased_ones_are_passed_over_and_nothing_is_left_of_what_was_written(
        self, world: World
    ) -> None:
        (ann,) = await people(world, 1)
        await world.mirror.write({ann: _there(1)})
        async with world.units.open() as uow:
            user = await uow.users.find(ann)
            assert user is not None
            user.erase(later(2), redact_messages=False)
            uow.users.save(user)
            uow.forget_person(ann)
            await commit(uow)
        await world.mirror.write({ann: _there(3)})
        assert await world.mirror.online(after=None, limit=10) == []
        assert await _last_seen(world, ann) is None

    async def test_online_lists_in_the_order_of_ids_above_after(self, world: World) -> None:
        crowd = sorted(await people(world, 7))
        await world.mirror.write({id: _there(1) for id in reversed(crowd)} | {crowd[3]: _away(1)})
        there = [id for id in crowd if id != crowd[3]]
        assert await world.mirror.online(after=None, limit=4) == there[:4]
        assert await world.mirror.online(after=there[3], limit=4) == there[4:]
        assert await world.mirror.online(after=there[-1], limit=4) == []
