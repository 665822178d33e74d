"""What is remembered in Redis: never older than the last forgetting, and never missed when Redis is not there."""

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from adapters.memory.store import MemoryStore
from adapters.memory.system import MemoryClock
from adapters.redis.cached_profiles import CachedProfiles, profile_key
from adapters.redis.cached_sessions import CachedSessions, session_key
from adapters.redis.caches import RedisCaches
from adapters.redis.connection import RedisCommands
from adapters.redis.leases import Leases, forget
from application.ports.readers import Profile
from application.testing.builders import AT, a_session, a_user, an_id, later, settings_for
from application.testing.caches import frames_of
from application.testing.stage import commit, people
from application.testing.world import World
from domain.identity.events import ProfileChanged, SessionEnded
from domain.identity.session import Session
from domain.shared.errors import Unavailable
from domain.shared.ids import SessionId, UserId
from tests.integration.certify.severable import Severable, severable
from tests.unit.adapters.memory_world import memory_world

OLD, NEW = b"old", b"new"
A_WHILE = timedelta(minutes=5)


class Counting:
    """Readers of a world that count how often, and for how many, they were asked."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.asked: list[int] = []

    async def of(self, user_ids: Sequence[UserId]) -> dict[UserId, Profile]:
        self.asked.append(len(user_ids))
        return await self._world.profiles.of(user_ids)

    async def find(self, session_id: SessionId) -> Session | None:
        self.asked.append(1)
        return await self._world.sessions.find(session_id)

    async def live_of(self, user_id: UserId, now: datetime) -> list[Session]:
        return await self._world.sessions.live_of(user_id, now)


@pytest.fixture
async def commands(redis: str) -> AsyncIterator[RedisCommands]:
    commands = RedisCommands(redis, within=5)
    await commands.call("FLUSHDB")
    yield commands
    await commands.close()


@pytest.fixture
async def line(redis: str) -> AsyncIterator[Severable]:
    address = urlsplit(redis)
    async with severable(address.hostname or "127.0.0.1", address.port or 6379) as line:
        yield line


@pytest.fixture
async def by_way_of(redis: str, line: Severable) -> AsyncIterator[RedisCommands]:
    """Commands that reach Redis through the line, and are quickly at the end of their patience."""
    address = urlsplit(redis)
    url = address._replace(netloc=f"{address.netloc.rpartition(':')[0]}:{line.port}").geturl()
    commands = RedisCommands(url, within=0.3, pause=3600)
    yield commands
    await commands.close()


@pytest.fixture
async def nowhere() -> AsyncIterator[RedisCommands]:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        commands = RedisCommands(f"redis://127.0.0.1:{unused.getsockname()[1]}/0")
        yield commands
        await commands.close()


@pytest.fixture
def world() -> World:
    return memory_world(MemoryStore())


async def _session(world: World, **fields: Any) -> Session:
    (ann,) = await people(world, 1)
    session = a_session(ann, **fields)
    async with world.units.open() as uow:
        uow.sessions.add(session)
        await commit(uow)
    return session


def _orders(*lengths: int) -> Iterator[tuple[int, ...]]:
    """Every order in which so many actors may take so many steps each, their own steps in order."""
    if not any(lengths):
        yield ()
    for actor, left in enumerate(lengths):
        if left:
            shorter = (*lengths[:actor], left - 1, *lengths[actor + 1 :])
            yield from ((actor, *rest) for rest in _orders(*shorter))


class Play:
    """Two readers that miss, read and fill; a writer that changes and forgets; and time, which ends a lease."""

    def __init__(self, commands: RedisCommands, key: str) -> None:
        self.commands = commands
        self.key = key
        self.state = OLD
        self.is_forgotten = False
        self.actors = [self.reader(), self.writer(), self.reader(), self.time()]

    async def reader(self) -> AsyncIterator[None]:
        leases = Leases(self.commands, "s")
        looked = await leases.look([self.key])
        yield
        read = looked.hits.get(self.key, self.state)
        yield
        leases.fill(looked, {self.key: (read, A_WHILE)})
        yield

    async def writer(self) -> AsyncIterator[None]:
        self.state = NEW
        yield
        await forget(self.commands, [self.key])
        self.is_forgotten = True
        yield

    async def time(self) -> AsyncIterator[None]:
        kept = await self.commands.call("GET", self.key)
        if kept is not None and kept.startswith(b"?"):
            await forget(self.commands, [self.key])
        yield

    async def run(self, order: Sequence[int]) -> None:
        for actor in order:
            await anext(self.actors[actor])
            kept = await self.commands.call("GET", self.key)
            assert not (self.is_forgotten and kept is not None and kept.endswith(OLD)), order
        for actor in self.actors:
            await actor.aclose()


async def test_in_no_order_of_miss_change_forget_and_fill_is_the_old_state_remembered_after_forgetting(
    commands: RedisCommands,
) -> None:
    orders = list(_orders(3, 2, 3, 1))
    assert len(orders) == 5040
    numbered = enumerate(orders)
    while portion := list(itertools.islice(numbered, 200)):
        await asyncio.gather(*(Play(commands, f"play:{n}").run(order) for n, order in portion))


async def test_a_filler_that_was_frozen_past_its_lease_fills_nothing(commands: RedisCommands) -> None:
    frozen, other = Leases(commands, "s", lease_ms=1), Leases(commands, "s")
    looked = await frozen.look(["k"])
    while await commands.call("EXISTS", "k"):
        await asyncio.sleep(0.002)
    frozen.fill(looked, {"k": (OLD, A_WHILE)})
    assert await commands.call("GET", "k") is None
    theirs = await other.look(["k"])
    frozen.fill(looked, {"k": (OLD, A_WHILE)})
    other.fill(theirs, {"k": (NEW, A_WHILE)})
    frozen.fill(looked, {"k": (OLD, A_WHILE)})
    assert (await other.look(["k"])).hits == {"k": NEW}


async def test_only_who_missed_first_may_fill(commands: RedisCommands) -> None:
    leases = Leases(commands, "s")
    first, second = await leases.look(["k"]), await leases.look(["k", "l"])
    assert (first.leased, second.leased) == ({"k"}, {"l"})
    leases.fill(second, {"k": (OLD, A_WHILE), "l": (NEW, A_WHILE)})
    assert (await leases.look(["k", "l"])).hits == {"l": NEW}


async def test_what_another_version_wrote_is_neither_read_nor_in_the_way(commands: RedisCommands) -> None:
    ours, theirs = Leases(commands, "new"), Leases(commands, "old")
    theirs.fill(await theirs.look(["k"]), {"k": (OLD, A_WHILE)})
    looked = await ours.look(["k"])
    assert looked.hits == {}
    ours.fill(looked, {"k": (NEW, A_WHILE)})
    assert (await ours.look(["k"])).hits == {"k": NEW}
    assert (await theirs.look(["k"])).hits == {}


async def test_many_profiles_are_one_round_trip_and_the_missing_ones_one_read(
    commands: RedisCommands, world: World
) -> None:
    inner = Counting(world)
    profiles = CachedProfiles(inner, commands)
    everybody = await people(world, 60)
    await profiles.of(everybody[:40])
    assert set(await profiles.of([*everybody, UserId(an_id())])) == set(everybody)
    assert await profiles.of(everybody) == await world.profiles.of(everybody)
    assert inner.asked == [40, 21]


async def test_no_secret_is_in_redis(commands: RedisCommands, world: World) -> None:
    user = a_user(password_hash="SECRET-1")
    session = a_session(
        user.id, refresh_token_hash="SECRET-2" * 8, ip_address="192.0.2.77", user_agent="SECRET-3"
    )
    async with world.units.open() as uow:
        uow.users.add(user, settings_for(user))
        uow.sessions.add(session)
        await commit(uow)
    await CachedProfiles(world.profiles, commands).of([user.id])
    await CachedSessions(world.sessions, commands, MemoryClock(AT)).find(session.id)
    kept = [await commands.call("GET", key) for key in (profile_key(user.id), session_key(session.id))]
    assert all(value.startswith(b"=") for value in kept)
    assert not any(word in value for value in kept for word in (b"SECRET", b"192.0.2.77"))


async def test_a_session_whose_expiry_moved_is_live_although_the_remembered_one_is_not(
    commands: RedisCommands, world: World
) -> None:
    session = await _session(world, expires_at=later(60))
    clock = MemoryClock(AT)
    sessions = CachedSessions(world.sessions, commands, clock)
    assert await sessions.find(session.id) is not None
    async with world.units.open() as uow:
        held = await uow.sessions.lock(session.id)
        assert held is not None
        held.rotate("11" * 32, later(50))
        uow.sessions.save(held)
        await commit(uow)
    clock.advance(60)
    found = await sessions.find(session.id)
    assert found is not None
    assert found.is_live(clock.now())


async def test_a_session_is_remembered_until_it_expires_and_no_longer(
    commands: RedisCommands, world: World
) -> None:
    live, over = await _session(world, expires_at=later(60)), await _session(world, expires_at=AT)
    sessions = CachedSessions(world.sessions, commands, MemoryClock(AT))
    for session in (live, over):
        await sessions.find(session.id)
    assert 50_000 < await commands.call("PTTL", session_key(live.id)) <= 60_000
    assert not (await commands.call("GET", session_key(over.id))).startswith(b"=")


@pytest.mark.parametrize("what", ["empty", "broken", "down", "frozen"])
async def test_the_inner_reader_answers_when_redis_is(
    what: str,
    world: World,
    commands: RedisCommands,
    by_way_of: RedisCommands,
    nowhere: RedisCommands,
    line: Severable,
) -> None:
    (ann,) = await people(world, 1)
    session = replace(a_session(ann))
    async with world.units.open() as uow:
        uow.sessions.add(session)
        await commit(uow)
    through = nowhere if what == "down" else by_way_of
    profiles = CachedProfiles(world.profiles, through)
    sessions = CachedSessions(world.sessions, through, MemoryClock(AT))
    for _ in range(2):
        await profiles.of([ann])
        await sessions.find(session.id)
    if what == "empty":
        await commands.call("FLUSHDB")
    elif what == "broken":
        for key in (profile_key(ann), session_key(session.id)):
            await commands.call("DEL", key)
            await commands.call("LPUSH", key, "not a value of ours")
    elif what == "frozen":
        line.freeze()
    for _ in range(3):
        assert await profiles.of([ann]) == await world.profiles.of([ann])
        assert (await sessions.find(session.id)) is not None
    if what in ("down", "frozen"):
        with pytest.raises(Unavailable):
            await RedisCaches(through).forget(frames_of(ProfileChanged(user_ids=(ann,))))


async def test_a_hundred_are_forgotten_together(commands: RedisCommands, world: World) -> None:
    everybody = await people(world, 100)
    profiles = CachedProfiles(world.profiles, commands)
    await profiles.of(everybody)
    ended = SessionEnded(user_ids=(everybody[0],), session_id=SessionId(an_id()), reason="logged_out")
    changes = [ProfileChanged(user_ids=(person,)) for person in everybody]
    await RedisCaches(commands).forget(frames_of(ended, *changes))
    assert await commands.call("DBSIZE") == 0
