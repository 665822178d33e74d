"""Servers that come, drain and go behind the balancer that ships, under people who talk all the while."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.support.balancer import NGINX, Balancer, balanced
from tests.support.counting import Record, told
from tests.support.roaming import Device, Story
from tests.support.server import Person, a_person, server_process

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed: apt-get install nginx-light")

SENDS_BETWEEN = 40
PACE_SECONDS = 0.02
PATIENCE_SECONDS = 60


class Fleet:
    """Server processes as an operator runs them, by port. They believe the balancer about addresses."""

    def __init__(self, database: str, redis: str, stack: AsyncExitStack) -> None:
        self._stores = (database, redis)
        self._stack = stack
        self._processes: dict[int, asyncio.subprocess.Process] = {}

    @property
    def ports(self) -> list[int]:
        return list(self._processes)

    async def join(self, port: int | None = None) -> int:
        """One more, once it is ready."""
        started = server_process(*self._stores, port=port, SENTINAL_TRUSTED_PROXIES="127.0.0.1")
        url, process = await self._stack.enter_async_context(started)
        port = int(url.rpartition(":")[2])
        self._processes[port] = process
        return port

    async def drain(self, port: int) -> None:
        """SIGTERM, and wait until it has gone by itself."""
        process = self._processes.pop(port)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await process.wait() in (0, -signal.SIGTERM)


@asynccontextmanager
async def _fleet(database: str, redis: str, size: int) -> AsyncIterator[Fleet]:
    async with AsyncExitStack() as stack:
        fleet = Fleet(database, redis, stack)
        await asyncio.gather(*(fleet.join() for _ in range(size)))
        yield fleet


async def _conversations(everybody: list[Person]) -> dict[str, list[Person]]:
    """A group of all, and two pairs."""
    ann, bob, cem, dee, *others = everybody
    members = [person.id for person in (bob, cem, dee, *others)]
    made = await ann.post("/v1/conversations/groups", {"subject": "Everybody", "member_ids": members})
    assert (made.status_code, made.json()["not_added"]) == (201, [])
    found = {str(made.json()["conversation"]["id"]): everybody}
    for one, other in ((ann, bob), (cem, dee)):
        made = await one.post("/v1/conversations/direct", {"user_id": other.id})
        found[str(made.json()["id"])] = [one, other]
    return found


async def _talk(device: Device, number: int, enough: asyncio.Event) -> None:
    """Say something in each conversation in turn, over the socket and over HTTP, until it is enough."""
    for n in count():
        if enough.is_set():
            return
        places = list(device.stories)
        place = places[n % len(places)]
        await device.say(place, f"{number}:{n}", over_socket=n % 3 != 0)
        await asyncio.sleep(PACE_SECONDS)


async def _more_is_sent(counts: Counter[str], tasks: list[asyncio.Task[None]]) -> None:
    """Until so many more messages are acknowledged; a client that failed is not waited for."""
    goal = counts["sent over sockets"] + counts["sent over http"] + SENDS_BETWEEN
    async with asyncio.timeout(PATIENCE_SECONDS):
        while counts["sent over sockets"] + counts["sent over http"] < goal:
            for task in tasks:
                assert not task.done(), task
            await asyncio.sleep(0.02)


async def _come_and_go(fleet: Fleet, balancer: Balancer, counts: Counter[str], tasks: Any) -> list[int]:
    """One is replaced in its place, one joins, one leaves for good; who ever served."""
    first, second, third = fleet.ports
    await _more_is_sent(counts, tasks)
    await fleet.drain(first)
    counts["drains"] += 1
    await _more_is_sent(counts, tasks)
    fourth, _ = await asyncio.gather(fleet.join(), fleet.join(first))
    balancer.point(fleet.ports)
    counts["joins"] += 2
    await _more_is_sent(counts, tasks)
    await fleet.drain(second)
    counts["drains"] += 1
    balancer.point(fleet.ports)
    await _more_is_sent(counts, tasks)
    await fleet.drain(third)
    counts["drains"] += 1
    await _more_is_sent(counts, tasks)
    return [first, second, third, fourth]


async def test_nothing_is_lost_or_doubled_while_servers_come_drain_and_go(
    fresh_database: str, redis: str, tmp_path: Path, record_property: Record
) -> None:
    counts: Counter[str] = Counter()
    async with _fleet(fresh_database, redis, 3) as fleet, balanced(tmp_path, fleet.ports) as balancer:
        everybody = [await a_person(balancer.url) for _ in range(6)]
        conversations = await _conversations(everybody)
        devices = [
            Device(
                person,
                balancer.url,
                {id: Story() for id, members in conversations.items() if person in members},
                counts,
            )
            for person in (*everybody, *everybody[:3])
        ]
        connected = [asyncio.create_task(device.run()) for device in devices]
        enough = asyncio.Event()
        talking = [asyncio.create_task(_talk(device, n, enough)) for n, device in enumerate(devices[:6])]
        ports = await _come_and_go(fleet, balancer, counts, [*connected, *talking])
        enough.set()
        await asyncio.gather(*talking)
        stored = await _stored(fresh_database)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while any(
                story.revision < len(stored[id]) for device in devices for id, story in device.stories.items()
            ):
                await asyncio.sleep(0.02)
        await _finished(connected)
        served = balancer.served()
        await balancer.stop()

    assert [fault for device in devices for fault in device.faults] == []
    for device in devices:
        for id, story in device.stories.items():
            assert story.told == stored[id], "as the database has it: nothing lost, nothing twice, in order"
    acknowledged = {id: seq for device in devices for id, seq in device.acknowledged.items()}
    rows = {id: seq for messages in stored.values() for seq, id, content in messages if content is not None}
    assert acknowledged == rows
    _each_said_everything_once_in_order(stored, devices[:6])
    record_property("counted", told(counts))
    for name in ("sent over sockets", "sent over http", "reconnects", "drains", "joins", "told to reconnect"):
        assert counts[name] > 0, name
    assert counts["caught up with"] > 0
    assert counts["heard"] > 0
    for port in ports:
        assert served[port, False] > 0, "every server answered through the balancer"


async def _finished(tasks: list[asyncio.Task[None]]) -> None:
    """What failed before it was told to end fails the test."""
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(outcome, asyncio.CancelledError), outcome


def _each_said_everything_once_in_order(
    stored: dict[str, list[tuple[int, str, str | None]]], talkers: list[Device]
) -> None:
    for number, device in enumerate(talkers):
        said: list[int] = []
        for messages in stored.values():
            texts = [content for _, _, content in messages if content is not None]
            here = [int(text.partition(":")[2]) for text in texts if text.startswith(f"{number}:")]
            assert here == sorted(here)
            said += here
        assert sorted(said) == list(range(len(device.acknowledged)))


async def _stored(database: str) -> dict[str, list[tuple[int, str, str | None]]]:
    """Every conversation's messages by sequence, as the database has them."""
    connection = await asyncpg.connect(database)
    rows = await connection.fetch("SELECT conversation_id, seq_id, id, content FROM messages ORDER BY seq_id")
    await connection.close()
    found: dict[str, list[tuple[int, str, str | None]]] = {}
    for row in rows:
        place = found.setdefault(str(row["conversation_id"]), [])
        place.append((row["seq_id"], str(row["id"]), row["content"]))
    return found
