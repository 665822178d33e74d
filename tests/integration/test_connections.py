"""How many sockets a person may have on two servers, and how a server that leaves says so."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from entrypoints.lifespan import drain
from tests.support.server import Served, a_person, online, serving, settings_for


@pytest.fixture
async def servers(database: str, redis: str) -> AsyncIterator[tuple[Served, Served]]:
    settings = settings_for(database, redis)
    async with serving(settings) as one, serving(settings) as two:
        yield one, two


async def _closes(server: Served, token: str) -> int | None:
    async with connect(server.realtime) as socket:
        with suppress(ConnectionClosed):
            await socket.send(json.dumps({"type": "authenticate", "access_token": token}))
        async with asyncio.timeout(10):
            await socket.wait_closed()
        return socket.close_code


async def test_the_21st_of_a_person_is_the_one_closed_on_whichever_server(
    servers: tuple[Served, Served],
) -> None:
    ann, ben = await a_person(servers[0].url), await a_person(servers[0].url)
    async with AsyncExitStack() as stack:
        sockets = [
            await stack.enter_async_context(online(servers[n % 2].url, ann.token, holding=True))
            for n in range(20)
        ]
        for server in servers:
            assert await _closes(server, ann.token) == 4409
            async with online(server.url, ben.token):
                pass
        for socket in sockets:
            assert (await socket.ask({"type": "ping"}))["type"] == "pong"
        await sockets[0].connection.close()
        while (code := await _closes_or_welcomes(servers[1], ann.token)) == 4409:
            await asyncio.sleep(0.02)
        assert code is None


async def _closes_or_welcomes(server: Served, token: str) -> int | None:
    async with connect(server.realtime) as socket:
        await socket.send(json.dumps({"type": "authenticate", "access_token": token}))
        async with asyncio.timeout(10):
            async for text in socket:
                if json.loads(text)["type"] == "welcome":
                    return None
        return socket.close_code


async def test_a_server_that_leaves_says_when_to_come_back_and_takes_nobody_in(
    servers: tuple[Served, Served],
) -> None:
    ann = await a_person(servers[1].url)
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(online(servers[0].url, ann.token)) for _ in range(10)]
        drain(servers[0].container)
        after = [(await socket.event("reconnect"))["after_ms"] for socket in sockets]
        assert all(0 <= each <= 2000 for each in after)
        assert len(set(after)) == len(after), "they come back one after the other"
        for socket in sockets:
            await socket.connection.wait_closed()
            assert socket.connection.close_code == 1012
        assert await _closes(servers[0], ann.token) == 1012
        async with online(servers[1].url, ann.token):
            pass
