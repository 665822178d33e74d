"""Fan-out (P5), send to last reader (P6) and memory of idle sockets (P7), on servers of the product.

Run: ``python -m benchmarks.fanout [--members 1000] [--rounds 3] [--events 100] [--burst 16]``. Starts PostgreSQL, Redis
and one server process; readers are a process of their own. P5 counts the CPU time of the server's process, kernel
included, beside that of a C loop (``fanout_floor.c``) that writes the same bytes to as many sockets, one write a frame;
the two take turns. CPU time hardly minds what else the machine does; the times of P6 do.
"""

import argparse
import asyncio
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvloop

from adapters.jwt.keys import SigningKeys
from adapters.postgres.migrations import migrate
from adapters.redis.broker import RedisBroker
from application.ports.security import Claims
from application.testing.builders import (
    a_frame,
    a_group,
    a_participant,
    a_session,
    a_user,
    an_entry,
    an_owner,
    settings_for,
)
from domain.shared.ids import ConversationId, SessionId, UserId
from entrypoints.container import Container
from entrypoints.embedded.servers import start_servers
from entrypoints.lifespan import running
from entrypoints.settings import load

HERE = Path(__file__).parent
EVENT_BYTES = 300
SENDS = 30


class Readers:
    """The process that reads."""

    def __init__(self) -> None:
        self._process: Any = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, HERE / "fanout_reader.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    async def do(self, command: str) -> str:
        self.begin(command)
        return await self.done()

    def begin(self, command: str) -> None:
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    async def done(self) -> str:
        line = await asyncio.to_thread(self._process.stdout.readline)
        if not line:
            raise SystemExit("the readers have ended")
        return line.strip()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def cpu_of(pid: int) -> float:
    """Microseconds of CPU that all threads of a process have had, in the kernel too."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1000


def resident(pid: int) -> int:
    """Bytes of memory a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


async def populate(container: Container, sizes: list[int]) -> tuple[list[str], list[ConversationId]]:
    """Tokens of as many people as the largest group has, and a group of the first of them for every size."""
    tokens, groups, now = [], [], container.clock().now()
    people = [
        a_user(id=UserId(uuid.uuid4()), username=f"f{uuid.uuid4().hex[:12]}", email=None, phone_number=None)
        for _ in range(max(sizes))
    ]
    async with container.store().units.open() as uow:
        for user in people:
            uow.users.add(user, settings_for(user))
            session = a_session(
                user.id, id=SessionId(uuid.uuid4()), expires_at=now + timedelta(days=1), created_at=now
            )
            uow.sessions.add(session)
            claims = Claims(user_id=user.id, session_id=session.id, expires_at=now + timedelta(minutes=15))
            tokens.append(container.access_tokens().issue(claims, now))
        for size in sizes:
            group = a_group(people[0].id, members=size, id=ConversationId(uuid.uuid4()))
            uow.conversations.add(group)
            uow.participants.add(an_owner(group, people[0].id))
            for user in people[1:size]:
                uow.participants.add(a_participant(group, user.id))
            groups.append(group.id)
        await uow.commit([an_entry()], [])
    return tokens, groups


@asynccontextmanager
async def server(environment: dict[str, str]) -> AsyncIterator[tuple[int, int]]:
    """``sentinal serve``: its port and process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "entrypoints.cli", "serve", "--port", str(port)]
    process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **environment})
    try:
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        yield port, process.pid
    finally:
        process.terminate()
        await process.wait()


class Floor:
    """The C loop with readers of its own."""

    def __init__(self, directory: Path) -> None:
        program = directory / "floor"
        subprocess.run(["cc", "-O2", "-o", program, HERE / "fanout_floor.c"], check=True)  # noqa: S603, S607 - our own source
        self._process: Any = subprocess.Popen(  # noqa: S603 - our own program
            [program, str(EVENT_BYTES + 4)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        self.port = int(self._process.stdout.readline())
        self.pid = self._process.pid

    def write(self, count: int) -> None:
        self._process.stdin.write(b"x" * count)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()


async def per_delivery(
    pid: int, readers: Readers, sockets: int, events: int, burst: int, emit: Callable[[int], object]
) -> float:
    """CPU microseconds a delivery when ``burst`` events come at once, ``events`` in all."""
    begun = cpu_of(pid)
    for _ in range(events // burst):
        readers.begin(f"expect {burst * sockets * (EVENT_BYTES + 4)}")
        result = emit(burst)
        if asyncio.iscoroutine(result):
            await result
        await readers.done()
    return (cpu_of(pid) - begun) / (events // burst * burst * sockets)


class Publisher:
    """Puts events of the right size into a conversation, past the database."""

    def __init__(self, broker: RedisBroker, place: ConversationId) -> None:
        self._broker = broker
        self._place = place
        self._revision = 0

    async def emit(self, count: int) -> None:
        frames = []
        for _ in range(count):
            self._revision += 1
            head = b'{"type":"message.created","revision":%d,"data":"' % self._revision
            frames.append(
                a_frame(self._place, self._revision, body=head.ljust(EVENT_BYTES - 2, b"x") + b'"}')
            )
        await self._broker.publish(frames)


async def send(readers: Readers, place: ConversationId, size: int) -> tuple[float, float]:
    """Median and 90th percentile of the milliseconds from sending until the last of ``size`` has the message."""
    took = []
    for _ in range(SENDS):
        frame = (
            f'{{"type":"message.send","conversation_id":"{place}","client_message_id":"{uuid.uuid4()}",'
            f'"content":"some words to say"}}'
        )
        took.append(float(await readers.do(f"send {size} {frame}")))
        await asyncio.sleep(0.05)
    return statistics.median(took), statistics.quantiles(took, n=10)[8]


async def measure(url: str, redis: str, options: argparse.Namespace, directory: Path) -> None:
    await migrate(url)
    environment = {
        "SENTINAL_SIGNING_KEYS": SigningKeys.generate().to_json(),
        "SENTINAL_LIMITS": "off",
        "DATABASE_URL": url,
        "REDIS_URL": redis,
    }
    members, broker = options.members, RedisBroker(redis)
    some = min(100, members)
    async with running(load(environment)) as container:
        # One group is for events past the database, whose revisions it therefore does not know.
        tokens, (fed, small, large) = await populate(container, [members, some, members])
    async with server(environment) as (port, pid):
        readers, others, floor = Readers(), Readers(), Floor(directory)
        try:
            warm = some // 2
            await readers.do(f"open {port} {' '.join(tokens[:warm])}")
            await asyncio.sleep(2)
            before = resident(pid)
            await readers.do(f"open {port} {' '.join(tokens[warm:])}")
            await asyncio.sleep(2)
            each = (resident(pid) - before) / (members - warm) / 1000
            print(f"P7  an idle authenticated socket: {each:.1f} kB", flush=True)
            await others.do(f"plain {floor.port} {members}")
            begun = cpu_of(pid)
            await asyncio.sleep(5)
            idle = (cpu_of(pid) - begun) / 5e6
            print(f"    the server with {members} idle sockets: {idle:.1%} of a CPU", flush=True)
            publisher = Publisher(broker, fed)
            for burst in (1, options.burst):
                figures = []
                for _ in range(options.rounds):
                    floored = await per_delivery(
                        floor.pid, others, members, options.events, burst, floor.write
                    )
                    ours = await per_delivery(pid, readers, members, options.events, burst, publisher.emit)
                    figures.append((ours / floored, ours, floored))
                ratio, ours, floored = (statistics.median(column) for column in zip(*figures, strict=True))
                print(
                    f"P5  a delivery to {members} sockets, {burst} events at once: {ours:.2f} µs of CPU, "
                    f"C {floored:.2f} µs: {ratio:.2f} x",
                    flush=True,
                )
            for size, place in ((some, small), (members, large)):
                p50, p90 = await send(readers, place, size)
                print(f"P6  until the last of {size} has it: p50 {p50:.1f} ms, p90 {p90:.1f} ms", flush=True)
        finally:
            readers.close()
            others.close()
            floor.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--events", type=int, default=96)
    parser.add_argument("--burst", type=int, default=16)
    options = parser.parse_args()
    if shutil.which("cc") is None:
        raise SystemExit("The reference is compiled with cc, which is not here.")
    with tempfile.TemporaryDirectory(prefix="sentinal-bench-") as directory:
        path = Path(directory)
        path.chmod(0o711)
        with start_servers(path, environment={}) as stores:
            uvloop.run(measure(stores.database_url, stores.redis_url, options, path))


if __name__ == "__main__":
    main()
