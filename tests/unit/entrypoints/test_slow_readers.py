"""Readers that stop reading, on real sockets, beside readers that do not."""

import asyncio
import base64
import contextlib
import json
import os
import socket
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from application.realtime.outgoing import Outgoing
from entrypoints.ws import direct
from tests.support.server import Person, Realtime, Served, a_person, online, serving, settings_for


@pytest.fixture
async def server() -> AsyncIterator[Served]:
    async with serving(settings_for()) as server:
        yield server


@asynccontextmanager
async def _stuck(server: Served, person: Person) -> AsyncIterator[socket.socket]:
    """A welcomed socket that takes little and is not read from again unless the test does."""
    host, port = server.url.removeprefix("http://").split(":")
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, (host, int(port)))
    key = base64.b64encode(os.urandom(16)).decode()
    request = (
        f"GET /v1/realtime HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {person.token}\r\n\r\n"
    )
    await loop.sock_sendall(raw, request.encode())
    received = b""
    while b'"welcome"' not in received:
        received += await loop.sock_recv(raw, 4096)
    try:
        yield raw
    finally:
        raw.close()


async def _read_until(raw: socket.socket, last: bytes) -> bytes:
    loop, received = asyncio.get_running_loop(), b""
    while not received.endswith(last):
        some = await loop.sock_recv(raw, 1 << 16)
        assert some, "the end came without its reason"
        received += some
    return received


def _event(n: int, type: str = "message.created", size: int = 1000) -> Outgoing:
    return Outgoing(json.dumps({"type": type, "n": n, "data": "x" * size}, separators=(",", ":")).encode())


async def _numbers(reader: Realtime, count: int) -> list[int]:
    return [(await reader.receive())["n"] for _ in range(count)]


async def _until_only(server: Served, count: int) -> None:
    async with asyncio.timeout(10):
        while len(server.container.desk().hub.connections) > count:
            await asyncio.sleep(0.01)


async def test_a_reader_that_stops_is_cut_off_and_the_others_miss_nothing(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct, "CUT_OFF_AFTER_SECONDS", 0.2)
    ann, ben, cid = [await a_person(server.url) for _ in range(3)]
    hub = server.container.desk().hub
    async with (
        online(server.url, ann.token) as one,
        online(server.url, cid.token) as two,
        _stuck(server, ben),
    ):
        readers = [asyncio.create_task(_numbers(each, 3000)) for each in (one, two)]
        for n in range(3000):
            event = _event(n)
            for connection in hub.connections:
                connection.deliver(event)
            if not n % 10:
                await asyncio.sleep(0)
        assert await asyncio.gather(*readers) == [list(range(3000))] * 2
        await _until_only(server, 2)
        assert (await one.ask({"type": "ping"}))["type"] == "pong"
        async with asyncio.timeout(5):
            while len(server.sockets) > 2:
                await asyncio.sleep(0.01)


async def test_one_that_reads_again_in_time_learns_why(server: Served) -> None:
    ann = await a_person(server.url)
    async with _stuck(server, ann) as raw:
        (connection,) = server.container.desk().hub.connections
        for n in range(3000):
            connection.deliver(_event(n))
            if not n % 10:
                await asyncio.sleep(0)
        await _until_only(server, 0)
        reason = b"slow_consumer"
        async with asyncio.timeout(10):
            received = await _read_until(raw, reason)
        assert received.endswith(bytes((0x88, 2 + len(reason))) + b"\x0f\xa8" + reason)


async def test_what_may_be_missed_costs_a_slow_reader_nothing_but_itself(server: Served) -> None:
    ann = await a_person(server.url)
    async with _stuck(server, ann) as raw:
        (connection,) = server.container.desk().hub.connections
        connection.deliver(_event(1))
        for n in range(20_000):
            connection.deliver(_event(n, "typing.started"))
            if not n % 10:
                await asyncio.sleep(0)
        connection.deliver(_event(2))
        assert server.container.desk().hub.connections == [connection]
        connection.end(1012, "service_restart")
        async with asyncio.timeout(10):
            received = await _read_until(raw, b"service_restart")
        assert received.count(b'"message.created"') == 2
        assert len(received) < 3 * 1024 * 1024


async def test_fifty_stuck_readers_share_what_waits_for_them(server: Served) -> None:
    people = [await a_person(server.url) for _ in range(5)]
    async with contextlib.AsyncExitStack() as stack:
        for n in range(50):
            await stack.enter_async_context(_stuck(server, people[n % 5]))
        connections = server.container.desk().hub.connections
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            for n in range(900):
                event = _event(n)
                for connection in connections:
                    connection.deliver(event)
                await asyncio.sleep(0)
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert len(server.container.desk().hub.connections) == 50
        assert after - before < 50 * 256 * 1024


async def test_peers_that_answer_no_ping_are_reaped_whatever_is_unsent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(direct, "CUT_OFF_AFTER_SECONDS", 0.2)
    async with serving(settings_for(), ws_ping_interval=0.3, ws_ping_timeout=0.3) as server:
        ann = await a_person(server.url)
        async with _stuck(server, ann), _stuck(server, ann), online(server.url, ann.token) as well:
            hub = server.container.desk().hub
            stuck = hub.connections
            for n in range(500):
                event = _event(n)
                for connection in stuck:
                    connection.deliver(event)
                await asyncio.sleep(0)
            assert await _numbers(well, 500) == list(range(500))
            await _until_only(server, 1)
            async with asyncio.timeout(5):
                while len(server.sockets) > 1:
                    await asyncio.sleep(0.01)
            assert (await well.ask({"type": "ping"}))["type"] == "pong"
