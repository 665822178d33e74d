"""Redis keeps the promises of a broker, of rate limits and of health."""

import socket
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from adapters.redis.broker import RedisBroker
from adapters.redis.connection import RedisCommands
from adapters.redis.health import RedisHealth
from adapters.redis.limits import RedisLimits
from application.testing.events import Air, BrokerContract
from application.testing.health import HealthContract, Patients
from application.testing.limits import Gate, LimitsContract
from tests.integration.certify.severable import severable


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
