"""Everything that is done to servers and stores. Each returns how often it was felt: a fault nobody felt proves nothing."""

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg
import httpx
from redis import asyncio as redis
from redis.exceptions import RedisError

from tests.chaos.cluster import Cluster, Server, family
from tests.chaos.work import Company

FROZEN_SECONDS = 5.0
REDIS_FROZEN_SECONDS = 4.0
DATABASE_FROZEN_SECONDS = 8.0
REDIS_DOWN_SECONDS = 3.0
_BACKENDS = """
SELECT pid FROM pg_stat_activity
 WHERE application_name = 'sentinal-chat' AND (state <> 'idle' OR NOT $1) ORDER BY random() LIMIT 1
"""


@dataclass(slots=True)
class Victims:
    """What can be hurt, and how much of it is felt by those who use it."""

    cluster: Cluster
    company: Company
    rng: random.Random

    def felt(self) -> int:
        """Answers that did not come or were 503, and connections that broke, so far."""
        lost = sum(receiver.lost for receiver in self.company.receivers.values())
        return sum(self.company.door.felt.values()) + lost

    def server(self) -> Server:
        return self.rng.choice(self.cluster.servers)

    def busiest_server(self) -> Server:
        """The one with most connections: some may have none at all."""
        return max(self.cluster.servers, key=Server.sockets)

    async def not_ready(self, seconds: float) -> int:
        """How often within so many seconds a server said that it was not ready, or nothing."""
        count, until = 0, asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < until:
            for url in self.company.door.urls:
                async with httpx.AsyncClient(timeout=2.5, trust_env=False) as client:
                    try:
                        count += (await client.get(f"{url}/readyz")).status_code != 200
                    except httpx.TransportError:
                        count += 1
            await asyncio.sleep(0.2)
        return count


@dataclass(frozen=True, slots=True)
class Kind:
    """``bound``: the seconds after which all should be well again."""

    name: str
    bound: float
    strike: Callable[[Victims], Awaitable[int]]


async def server_killed(victims: Victims) -> int:
    before, server = victims.felt(), victims.busiest_server()
    await server.stop(signal.SIGKILL)
    await asyncio.sleep(1.0)
    felt = victims.felt() - before
    await server.start()
    return felt


async def server_told_to_leave(victims: Victims) -> int:
    server = victims.busiest_server()
    lost = sum(receiver.lost for receiver in victims.company.receivers.values())
    await server.stop(signal.SIGTERM)
    await server.start()
    return sum(receiver.lost for receiver in victims.company.receivers.values()) - lost


async def server_frozen(victims: Victims) -> int:
    before, server = victims.felt(), victims.server()
    server.tell(signal.SIGSTOP)
    try:
        await asyncio.sleep(FROZEN_SECONDS + 0.5)
    finally:
        server.tell(signal.SIGCONT)
    return victims.felt() - before


async def redis_killed(victims: Victims) -> int:
    os.kill(victims.cluster.redis.pid, signal.SIGKILL)
    felt = await victims.not_ready(REDIS_DOWN_SECONDS)
    await asyncio.to_thread(victims.cluster.redis.restart)
    return felt


async def redis_frozen(victims: Victims) -> int:
    os.kill(victims.cluster.redis.pid, signal.SIGSTOP)
    try:
        return await victims.not_ready(REDIS_FROZEN_SECONDS)
    finally:
        os.kill(victims.cluster.redis.pid, signal.SIGCONT)


async def redis_emptied(victims: Victims) -> int:
    async with redis.from_url(victims.cluster.stores.redis_url) as client:
        size = int(await client.dbsize())
        await client.flushall()
    return size


async def subscribers_cut_off(victims: Victims) -> int:
    async with redis.from_url(victims.cluster.stores.redis_url) as client:
        # One of them is ours, which listens for the history.
        return int(await client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")) - 1


async def backend_killed(victims: Victims) -> int:
    connection = await asyncpg.connect(victims.cluster.stores.database_url)
    try:
        for attempt in range(200):
            # Best while it is at work; a quiet moment may be all there is.
            pid = await connection.fetchval(_BACKENDS, attempt < 150)
            if pid is not None and await connection.fetchval("SELECT pg_terminate_backend($1)", pid):
                return 1
            await asyncio.sleep(0.01)
        return 0
    finally:
        await connection.close()


async def database_killed(victims: Victims) -> int:
    before = victims.felt()
    for pid in family(victims.cluster.postgres.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    await asyncio.sleep(1.0)
    await asyncio.to_thread(victims.cluster.postgres.restart)
    return victims.felt() - before


async def database_frozen(victims: Victims) -> int:
    before, pids = victims.felt(), family(victims.cluster.postgres.pid)
    _signal(pids, signal.SIGSTOP)
    try:
        await asyncio.sleep(DATABASE_FROZEN_SECONDS)
    finally:
        _signal(pids, signal.SIGCONT)
    return victims.felt() - before


async def database_slow(victims: Victims) -> int:
    line = victims.cluster.database_line
    before, line.delay = line.delayed, 0.1
    await asyncio.sleep(3.0)
    line.delay = 0.0
    return line.delayed - before


async def database_line_cut(victims: Victims) -> int:
    return victims.cluster.database_line.cut()


async def database_line_swallows(victims: Victims) -> int:
    line = victims.cluster.database_line
    before, line.swallows = line.swallowed, True
    await asyncio.sleep(4.0)
    # What was swallowed is missing for ever: such connections cannot go on.
    line.swallows = False
    line.cut()
    return line.swallowed - before


async def redis_slow(victims: Victims) -> int:
    line = victims.cluster.redis_line
    before, line.delay = line.delayed, 0.1
    await asyncio.sleep(3.0)
    line.delay = 0.0
    return line.delayed - before


async def redis_line_cut(victims: Victims) -> int:
    return victims.cluster.redis_line.cut()


async def redis_line_swallows(victims: Victims) -> int:
    line = victims.cluster.redis_line
    before, line.swallows = line.swallowed, True
    await asyncio.sleep(4.0)
    line.swallows = False
    line.cut()
    return line.swallowed - before


async def redis_answers(victims: Victims) -> bool:
    """Whether Redis can be used at all."""
    with contextlib.suppress(OSError, RedisError, TimeoutError):
        async with redis.from_url(victims.cluster.stores.redis_url) as client, asyncio.timeout(1):
            return bool(await client.ping())
    return False


def _signal(pids: list[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
