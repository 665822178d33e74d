"""What every figure stands on: stores and a server as users start them, CPU seconds, medians, load in other processes."""

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import redis

from adapters.jwt.access_tokens import JwtAccessTokens
from adapters.jwt.keys import SigningKeys
from adapters.postgres.migrations import migrate
from application.ports.security import Claims
from benchmarks.population import session_of, user_of
from domain.shared.ids import SessionId, UserId
from entrypoints.embedded.servers import start_servers

TICKS = os.sysconf("SC_CLK_TCK")
STATEMENTS = {"shared_preload_libraries": "pg_stat_statements"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number with its goal. ``notes`` say what else was seen; ``rounds`` are the single measurements, ``plan`` is
    how the database went about it.
    """

    name: str
    what: str
    value: float
    unit: str
    goal: float | None = None
    at_least: bool = True
    notes: list[str] = field(default_factory=list)
    rounds: list[float] = field(default_factory=list)
    plan: list[str] = field(default_factory=list)

    @property
    def is_reached(self) -> bool:
        if self.goal is None:
            return True
        return self.value >= self.goal if self.at_least else self.value <= self.goal


@dataclass(slots=True)
class Stage:
    """Running stores, and a server on them where one was asked for."""

    directory: Path
    database_url: str
    redis_url: str
    keys: SigningKeys
    url: str = ""
    server: int = 0
    _postmaster: int = 0
    _valkey: int = 0

    def tokens(self, people: Sequence[int]) -> list[str]:
        """Access tokens of people of the population, good for 15 minutes."""
        tokens, now = JwtAccessTokens(self.keys), datetime.now(UTC)
        return [
            tokens.issue(
                Claims(
                    user_id=UserId(user_of(n)),
                    session_id=SessionId(session_of(n)),
                    expires_at=now + timedelta(minutes=15),
                ),
                now,
            )
            for n in people
        ]

    def cpu(self) -> dict[str, float]:
        """CPU seconds spent so far by the server and by its stores."""
        spent = {"postgres": cpu_of(self._postmaster), "valkey": cpu_of(self._valkey)}
        return {"server": cpu_of(self.server), **spent} if self.server else spent

    async def find_stores(self) -> None:
        connection = await asyncpg.connect(self.database_url)
        self._postmaster = _parent(await connection.fetchval("SELECT pg_backend_pid()"))
        await connection.close()
        with redis.Redis.from_url(self.redis_url) as client:
            self._valkey = client.info("server")["process_id"]


@contextmanager
def stage(*, server: bool = True, statements: bool = False) -> Iterator[Stage]:
    """PostgreSQL, Valkey and ``sentinal serve``, all of them processes of their own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="sentinal-bench-") as name:
        directory = Path(name)
        directory.chmod(0o711)
        settings = STATEMENTS if statements else {}
        with start_servers(directory, environment={}, postgres_settings=settings) as stores:
            asyncio.run(migrate(stores.database_url))
            made = Stage(directory, stores.database_url, stores.redis_url, SigningKeys.generate())
            asyncio.run(made.find_stores())
            if not server:
                yield made
                return
            with serving(made):
                yield made


@contextmanager
def serving(made: Stage) -> Iterator[None]:
    """``sentinal serve`` on the stage's stores; its log is ``server.log`` there."""
    port = free_port()
    environment = {
        **os.environ,
        "SENTINAL_SIGNING_KEYS": made.keys.to_json(),
        "SENTINAL_LIMITS": "off",
        "SENTINAL_LOG_LEVEL": "warning",
        "DATABASE_URL": made.database_url,
        "REDIS_URL": made.redis_url,
    }
    with (made.directory / "server.log").open("a") as log:
        command = [sys.executable, "-m", "entrypoints.cli", "serve", "--port", str(port)]
        process = subprocess.Popen(command, env=environment, stderr=log)  # noqa: S603 - our own program
        try:
            made.url, made.server = f"http://127.0.0.1:{port}", process.pid
            wait_until_ready(made.url, process)
            yield
        finally:
            process.terminate()
            process.wait(20)
            made.server = 0


def wait_until_ready(url: str, process: subprocess.Popen[Any], *, within: float = 60) -> None:
    """Until ``/readyz`` says so."""
    ends = time.monotonic() + within
    while time.monotonic() < ends and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5):  # noqa: S310 - http, and ours
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.01)
    raise RuntimeError("the server did not become ready")


def make_load(job: dict[str, Any], processes: int = 1, *, within: float = 120) -> list[dict[str, Any]]:
    """Let processes of their own do the same job at once; each adds its share of ``clients`` and its CPU seconds."""
    with ThreadPoolExecutor(processes) as side_by_side:
        shares = [{**job, "clients": job["clients"][n::processes]} for n in range(processes)]
        return list(side_by_side.map(lambda share: _one_load(share, within), shares))


def _one_load(job: dict[str, Any], within: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.load"]
    done = subprocess.run(  # noqa: S603 - our own program
        command, input=json.dumps(job), stdout=subprocess.PIPE, text=True, timeout=within, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def spent(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """CPU seconds between two readings."""
    return {name: after[name] - before[name] for name in before}


def share_of(seconds: dict[str, float], count: float) -> str:
    """CPU microseconds apiece, by process."""
    parts = ", ".join(f"{name} {1e6 * each / max(count, 1):.0f}" for name, each in seconds.items())
    return f"{1e6 * sum(seconds.values()) / max(count, 1):.0f} µs ({parts})"


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and all below it, those that are gone included."""
    return sum(_ticks(each) for each in _family(pid)) / TICKS


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(int(each) for each in fields[11:15])


def _family(pid: int) -> list[int]:
    found = [pid]
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text().split():
                found += _family(int(child))
    return found


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def percentile(values: Sequence[float], part: float) -> float:
    """Of values in any order; 0 of none."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(part * len(ranked)))] if ranked else 0.0


def median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else 0.0


def alone(figures: Callable[[bool], list[Figure]]) -> None:
    """What a script does when it is run by itself."""
    for figure in figures("--quick" in sys.argv[1:]):
        goal = "" if figure.goal is None else f" (goal {'≥' if figure.at_least else '≤'} {figure.goal:g})"
        print(f"{figure.name}  {figure.what}: {figure.value:.3g} {figure.unit}{goal}")
        for note in [*figure.notes, *figure.plan]:
            print(f"      {note}")
