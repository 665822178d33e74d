"""A Redis Cluster of three masters keeps every promise that one Redis keeps."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest

from adapters.memory.store import MemoryStore
from adapters.memory.system import MemoryClock
from adapters.redis.cached_descriptions import CachedDescriptions
from adapters.redis.cached_profiles import CachedProfiles
from adapters.redis.cached_sessions import CachedSessions
from adapters.redis.caches import RedisCaches
from adapters.redis.cluster_broker import ClusterBroker
from adapters.redis.cluster_commands import ClusterCommands
from adapters.redis.health import RedisHealth
from adapters.redis.limits import RedisLimits
from adapters.redis.presence import RedisPresences
from application.testing.builders import AT, an_id
from application.testing.caches import CachesContract, Remembering
from application.testing.caches import Servers as RememberingServers
from application.testing.descriptions import DescriptionsContract
from application.testing.events import Air, BrokerContract
from application.testing.health import HealthContract, Patients
from application.testing.limits import Gate, LimitsContract
from application.testing.people_readers import ProfilesContract, SessionReaderContract
from application.testing.presence import PresencesContract, Servers
from application.testing.world import World
from domain.shared.ids import UserId
from tests.integration.certify.redis_world import remembering_world
from tests.support.redis_cluster import Cluster, redis_cluster
from tests.unit.adapters.memory_world import memory_world

pytestmark = pytest.mark.xdist_group("redis_cluster")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """One for the module, from a loop of its own."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        yield runner.run(stack.enter_async_context(redis_cluster()))
        runner.run(stack.aclose())


@pytest.fixture
def nowhere() -> str:
    """An address at which nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"redis://127.0.0.1:{unused.getsockname()[1]}?cluster=1"


@pytest.fixture
async def commands(cluster: Cluster) -> AsyncIterator[ClusterCommands]:
    """Lines to the cluster, which is emptied first."""
    commands = ClusterCommands(cluster.url, within=5)
    await commands.call("FLUSHALL")
    yield commands
    await commands.close()


class TestRedisClusterBroker(BrokerContract):
    @pytest.fixture
    async def air(self, cluster: Cluster, nowhere: str) -> AsyncIterator[Air]:
        async def cut() -> None:
            await cluster.everywhere("CLIENT", "KILL", "TYPE", "pubsub")

        broker, unreachable = ClusterBroker(cluster.url, within=5), ClusterBroker(nowhere)
        yield Air(broker=broker, cut=cut, unreachable=unreachable)
        await broker.close()
        await unreachable.close()


class TestRedisClusterLimits(LimitsContract):
    @pytest.fixture
    def gate(self, commands: ClusterCommands) -> Gate:
        return Gate(limits=RedisLimits(commands))


class TestRedisClusterHealth(HealthContract):
    @pytest.fixture
    async def patients(self, commands: ClusterCommands, nowhere: str) -> AsyncIterator[Patients]:
        unreachable = ClusterCommands(nowhere)
        yield Patients(well=RedisHealth(commands), ill=RedisHealth(unreachable))
        await unreachable.close()


class TestRedisClusterCachedProfiles(ProfilesContract):
    @pytest.fixture
    def world(self, commands: ClusterCommands) -> World:
        return remembering_world(commands)


class TestRedisClusterCachedSessions(SessionReaderContract):
    @pytest.fixture
    def world(self, commands: ClusterCommands) -> World:
        return remembering_world(commands)


class TestRedisClusterCachedDescriptions(DescriptionsContract):
    @pytest.fixture
    def world(self, commands: ClusterCommands) -> World:
        return remembering_world(commands)


class TestRedisClusterCaches(CachesContract):
    @pytest.fixture
    def world(self) -> World:
        return memory_world(MemoryStore())

    @pytest.fixture
    async def servers(self, commands: ClusterCommands, cluster: Cluster) -> AsyncIterator[RememberingServers]:
        lines = []

        def one_more(world: World) -> Remembering:
            line = ClusterCommands(cluster.url, within=5)
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


class TestRedisClusterPresences(PresencesContract):
    LIFETIME = 1.0

    @pytest.fixture
    async def servers(self, commands: ClusterCommands, nowhere: str) -> AsyncIterator[Servers]:
        unreachable = ClusterCommands(nowhere)
        one, two, cut_off = (
            RedisPresences(line, lifetime=self.LIFETIME) for line in (commands, commands, unreachable)
        )
        yield Servers(one=one, two=two, unreachable=cut_off, lifetime=self.LIFETIME)
        await unreachable.close()

    async def test_scripts_that_the_servers_forgot_are_brought_again(
        self, servers: Servers, commands: ClusterCommands
    ) -> None:
        people = [UserId(an_id()) for _ in range(30)]
        await servers.one.beat(people[:20])
        await commands.call("SCRIPT", "FLUSH")
        assert await servers.two.beat(people) == set(people[20:])
        await commands.call("SCRIPT", "FLUSH")
        assert await servers.one.leave(people) == set()
