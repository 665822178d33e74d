"""Redis keeps the promises of a broker, of rate limits, of health, and of readers that remember."""

import socket
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from adapters.memory.store import MemoryStore
from adapters.memory.system import MemoryClock
from adapters.redis.broker import RedisBroker
from adapters.redis.cached_descriptions import CachedDescriptions
from adapters.redis.cached_profiles import CachedProfiles
from adapters.redis.cached_sessions import CachedSessions
from adapters.redis.caches import RedisCaches
from adapters.redis.connection import RedisCommands
from adapters.redis.health import RedisHealth
from adapters.redis.limits import RedisLimits
from adapters.redis.presence import RedisPresences
from adapters.redis.seats import RedisSeats
from application.testing.builders import AT, an_id
from application.testing.caches import CachesContract, Remembering
from application.testing.caches import Servers as RememberingServers
from application.testing.descriptions import DescriptionsContract
from application.testing.events import Air, BrokerContract
from application.testing.health import HealthContract, Patients
from application.testing.limits import Gate, LimitsContract
from application.testing.people_readers import ProfilesContract, SessionReaderContract
from application.testing.presence import PresencesContract, Servers
from application.testing.seats import Hall, SeatsContract
from application.testing.world import World
from domain.shared.ids import UserId
from tests.integration.certify.redis_world import remembering_world
from tests.integration.certify.severable import severable
from tests.unit.adapters.memory_world import memory_world


@pytest.fixture
def nowhere() -> str:
    """An address at which nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"redis://127.0.0.1:{unused.getsockname()[1]}/0"


@pytest.fixture
async def commands(redis: str) -> AsyncIterator[RedisCommands]:
    """A line to this worker's database, which is emptied first."""
    commands = RedisCommands(redis, within=5)
    await commands.call("FLUSHDB")
    yield commands
    await commands.close()


class TestRedisBroker(BrokerContract):
    @pytest.fixture
    async def air(self, redis: str, nowhere: str) -> AsyncIterator[Air]:
        address = urlsplit(redis)
        async with severable(address.hostname or "127.0.0.1", address.port or 6379) as line:
            by_way_of = address._replace(netloc=f"{address.netloc.rpartition(':')[0]}:{line.port}").geturl()
            broker, unreachable = RedisBroker(by_way_of, within=5), RedisBroker(nowhere)
            yield Air(broker=broker, cut=line.cut, unreachable=unreachable)
            await broker.close()
            await unreachable.close()


class TestRedisLimits(LimitsContract):
    @pytest.fixture
    def gate(self, commands: RedisCommands) -> Gate:
        return Gate(limits=RedisLimits(commands))


class TestRedisHealth(HealthContract):
    @pytest.fixture
    async def patients(self, commands: RedisCommands, nowhere: str) -> AsyncIterator[Patients]:
        unreachable = RedisCommands(nowhere)
        yield Patients(well=RedisHealth(commands), ill=RedisHealth(unreachable))
        await unreachable.close()


class TestRedisCachedProfiles(ProfilesContract):
    @pytest.fixture
    def world(self, commands: RedisCommands) -> World:
        return remembering_world(commands)


class TestRedisCachedSessions(SessionReaderContract):
    @pytest.fixture
    def world(self, commands: RedisCommands) -> World:
        return remembering_world(commands)


class TestRedisCachedDescriptions(DescriptionsContract):
    @pytest.fixture
    def world(self, commands: RedisCommands) -> World:
        return remembering_world(commands)


class TestRedisCaches(CachesContract):
    @pytest.fixture
    def world(self) -> World:
        return memory_world(MemoryStore())

    @pytest.fixture
    async def servers(self, commands: RedisCommands, redis: str) -> AsyncIterator[RememberingServers]:
        lines = []

        def one_more(world: World) -> Remembering:
            line = RedisCommands(redis, within=5)
            lines.append(line)
            return Remembering(
                profiles=CachedProfiles(world.profiles, line),
                sessions=CachedSessions(world.sessions, line, MemoryClock(AT)),
                descriptions=CachedDescriptions(world.descriptions, line),
                caches=RedisCaches(line),
            )

        yield one_more
        for line in lines:
            await line.close()


class TestRedisPresences(PresencesContract):
    LIFETIME = 1.0

    @pytest.fixture
    async def servers(self, commands: RedisCommands, nowhere: str) -> AsyncIterator[Servers]:
        unreachable = RedisCommands(nowhere)
        one, two, cut_off = (
            RedisPresences(line, lifetime=self.LIFETIME) for line in (commands, commands, unreachable)
        )
        yield Servers(one=one, two=two, unreachable=cut_off, lifetime=self.LIFETIME)
        await unreachable.close()

    async def test_scripts_that_redis_forgot_are_brought_again(
        self, servers: Servers, commands: RedisCommands
    ) -> None:
        ann, bob = (UserId(an_id()) for _ in range(2))
        await servers.one.beat([ann])
        await commands.call("SCRIPT", "FLUSH")
        assert await servers.two.beat([ann, bob]) == {bob}
        await commands.call("SCRIPT", "FLUSH")
        assert await servers.one.leave([ann]) == set()

    async def test_a_person_is_one_key_that_is_forgotten_after_a_day(
        self, servers: Servers, commands: RedisCommands
    ) -> None:
        ann = UserId(an_id())
        await servers.one.beat([ann])
        await servers.two.beat([ann])
        await servers.outlive()
        await servers.one.beat([ann])
        assert await commands.call("KEYS", "*") == [f"presence:{{{ann}}}".encode()]
        assert await commands.call("HLEN", f"presence:{{{ann}}}") == 2, "a dead server's word is not kept"
        assert 86_000 < await commands.call("TTL", f"presence:{{{ann}}}") <= 86_400


class TestRedisSeats(SeatsContract):
    LIFETIME = 1.0

    @pytest.fixture
    async def hall(self, commands: RedisCommands, nowhere: str) -> AsyncIterator[Hall]:
        unreachable = RedisCommands(nowhere)
        one, two, cut_off = (
            RedisSeats(line, lifetime=self.LIFETIME) for line in (commands, commands, unreachable)
        )
        yield Hall(one=one, two=two, unreachable=cut_off, lifetime=self.LIFETIME)
        await unreachable.close()

    async def test_a_script_that_redis_forgot_is_brought_again(
        self, hall: Hall, commands: RedisCommands
    ) -> None:
        ann = UserId(an_id())
        await commands.call("SCRIPT", "FLUSH")
        assert await hall.one.take(ann, "a", 1)
        await commands.call("SCRIPT", "FLUSH")
        await hall.one.keep({ann: ["a"]})
        assert not await hall.two.take(ann, "b", 1)

    async def test_nothing_is_left_behind(self, hall: Hall, commands: RedisCommands) -> None:
        ann, ben = UserId(an_id()), UserId(an_id())
        await hall.one.take(ann, "a", 1)
        await hall.one.leave(ann, "a")
        await hall.one.take(ben, "b", 1)
        assert await commands.call("KEYS", "*") == [f"seats:{{{ben}}}".encode()]
        assert 0 < await commands.call("PTTL", f"seats:{{{ben}}}") <= self.LIFETIME * 1000
