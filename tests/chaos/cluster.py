"""Two stores of our own and several servers on them, each of which can be killed, frozen and brought back."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from adapters.jwt.keys import SigningKeys
from adapters.postgres.migrations import migrate
from entrypoints.embedded.postgres import EmbeddedPostgres
from entrypoints.embedded.servers import Servers
from entrypoints.embedded.valkey import EmbeddedRedis
from tests.chaos.line import Line, line_to

STARTS_WITHIN_SECONDS = 30
COMPLAINTS = re.compile(r"background_work_failed|unexpected_error|never retrieved|was destroyed|^Traceback")
COMPLAINTS_AT_MOST = 5
_ESTABLISHED, _CLOSE_WAIT = "01", "08"


@dataclass(slots=True)
class Server:
    """One ``sentinal serve``; it keeps its port from one life to the next."""

    index: int
    port: int
    environment: Mapping[str, str]
    log: Path
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        if self.process is None:
            raise RuntimeError("this server was never started")
        return self.process.pid

    async def start(self) -> None:
        """Returns once it answers, ready or not."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "entrypoints.cli", "serve", "--port", str(self.port)),
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        async with httpx.AsyncClient() as client, asyncio.timeout(STARTS_WITHIN_SECONDS):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    await client.get(f"{self.url}/livez", timeout=1)
                    return
                await asyncio.sleep(0.05)

    def tell(self, number: int) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)

    async def stop(self, number: int = signal.SIGTERM, within: float = 15.0) -> None:
        """End it and wait until it has; by force when it takes too long."""
        if self.process is None:
            return
        self.tell(signal.SIGCONT)
        self.tell(number)
        try:
            async with asyncio.timeout(within):
                await self.process.wait()
        except TimeoutError:
            self.tell(signal.SIGKILL)
            await self.process.wait()

    def sockets(self) -> int:
        """How many connections of clients it holds."""
        held = 0
        for row in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            _, local, _, state, *_ = row.split()
            held += int(local.partition(":")[2], 16) == self.port and state in (_ESTABLISHED, _CLOSE_WAIT)
        return held

    def complaints(self) -> list[str]:
        """What it has logged that means a mistake, not an outage."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return [_in_short(line) for line in lines if COMPLAINTS.search(line)][:COMPLAINTS_AT_MOST]


@dataclass(slots=True)
class Cluster:
    """The first server reaches its stores by way of ``lines``, the others directly."""

    stores: Servers
    servers: list[Server]
    database_line: Line
    redis_line: Line

    @property
    def postgres(self) -> EmbeddedPostgres:
        if self.stores.postgres is None:
            raise RuntimeError("the database is not ours to hurt")
        return self.stores.postgres

    @property
    def redis(self) -> EmbeddedRedis:
        if self.stores.redis is None:
            raise RuntimeError("the Redis is not ours to hurt")
        return self.stores.redis


@asynccontextmanager
async def cluster(directory: Path, servers: int, settings: Mapping[str, str]) -> AsyncIterator[Cluster]:
    """Everything started and migrated; all of it ends with the block, or with this process."""
    directory.chmod(0o711)  # noqa: ASYNC240 - nothing else runs yet
    stores = Servers(directory, environment={}, postgres_settings={"max_connections": "100"})
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(stores)
        await migrate(stores.database_url)
        database = await stack.enter_async_context(line_to(_port(stores.database_url)))
        redis = await stack.enter_async_context(line_to(_port(stores.redis_url)))
        shared = {
            "SENTINAL_SIGNING_KEYS": SigningKeys.generate().to_json(),
            "SENTINAL_LIMITS": "off",
            "SENTINAL_LOG_LEVEL": "warning",
            **settings,
        }
        nodes = []
        for index in range(servers):
            addresses = {"DATABASE_URL": stores.database_url, "REDIS_URL": stores.redis_url}
            if index == 0:
                addresses = {
                    "DATABASE_URL": _through(stores.database_url, database),
                    "REDIS_URL": _through(stores.redis_url, redis),
                }
            node = Server(index, _free_port(), shared | addresses, directory / f"server-{index}.log")
            stack.push_async_callback(node.stop, within=12.0)
            nodes.append(node)
        await asyncio.gather(*(node.start() for node in nodes))
        yield Cluster(stores, nodes, database, redis)


def family(pid: int) -> list[int]:
    """A process and its children."""
    children = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            after_name = status.read_text().rpartition(")")[2].split()
            if int(after_name[1]) == pid:
                children.append(int(status.parent.name))
    return [pid, *children]


def _in_short(line: str) -> str:
    """A line of the log without most of its traceback."""
    try:
        said = json.loads(line)
    except ValueError:
        return line[:500]
    return f"{said.get('timestamp')} {said.get('event')} {said.get('work', '')} … {said.get('exception', '')[-500:]}"


def _port(url: str) -> int:
    return urlsplit(url).port or 0


def _through(url: str, line: Line) -> str:
    return url.replace(f":{_port(url)}/", f":{line.port}/")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
