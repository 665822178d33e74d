"""A whole server in the test's own event loop, and people who talk to it."""

import asyncio
import contextlib
import json
import os
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from adapters.jwt.keys import SigningKeys
from entrypoints.container import Container
from entrypoints.http.app import application
from entrypoints.lifespan import running
from entrypoints.settings import Settings, load
from entrypoints.ws import protocol
from entrypoints.ws.direct import DirectProtocol

KEYS = SigningKeys.generate().to_json()
PASSWORD = "correct horse"
ANSWERS = ("ack", "error", "pong", "resumed")
CLIENTS: list[httpx.AsyncClient] = []
"""Closed after each test."""


def settings_for(database: str = "", redis: str = "", **more: str) -> Settings:
    """Settings on the given stores; in memory where none is given."""
    environment = {
        "SENTINAL_SIGNING_KEYS": KEYS,
        "SENTINAL_LIMITS": "off",
        "SENTINAL_STORE": "postgres" if database else "memory",
        "SENTINAL_BROKER": "redis" if redis else "memory",
        "DATABASE_URL": database,
        "REDIS_URL": redis,
        **more,
    }
    return load(environment)


@dataclass(slots=True)
class Served:
    """Where a server listens, and what it is made of."""

    url: str
    container: Container
    server: uvicorn.Server

    @property
    def realtime(self) -> str:
        return self.url.replace("http", "ws") + "/v1/realtime"

    @property
    def sockets(self) -> list[DirectProtocol]:
        """WebSockets whose connection is there."""
        return [each for each in self.server.server_state.connections if isinstance(each, DirectProtocol)]


@asynccontextmanager
async def serving(settings: Settings, ws: Any = DirectProtocol, **options: Any) -> AsyncIterator[Served]:
    """A server on a free port, by default with the WebSocket protocol of the product; ``options`` are uvicorn's."""
    async with running(settings) as container:
        config = uvicorn.Config(
            application(container),
            port=0,
            lifespan="off",
            log_config=None,
            access_log=False,
            ws=ws,
            ws_max_size=protocol.FRAME_AT_MOST,
            timeout_graceful_shutdown=1,
            **options,
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server._serve())
        while not server.started:
            await asyncio.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield Served(f"http://127.0.0.1:{port}", container, server)
        finally:
            server.should_exit = True
            await task


@dataclass(slots=True)
class Person:
    """Somebody with a session on one server."""

    http: httpx.AsyncClient
    me: dict[str, Any]
    token: str
    name: str
    served: str
    sockets: list[ClientConnection] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.me["id"])

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await self.http.post(path, json=body or {}, headers=headers)

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(path)


async def a_person(url: str, name: str | None = None) -> Person:
    """Register somebody new; the client carries their token and cookies."""
    name = name or f"u{uuid.uuid4().hex[:12]}"
    http = httpx.AsyncClient(base_url=url, timeout=20)
    CLIENTS.append(http)
    response = await http.post(
        "/v1/auth/register",
        json={"username": name, "password": PASSWORD, "display_name": name.title(), "device_id": "test"},
    )
    assert response.status_code == 201, response.text
    tokens = response.json()
    http.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    return Person(http, tokens["user"], tokens["access_token"], name, url)


class Realtime:
    """A socket with its frames sorted: answers by ref, events in order of arrival."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.events: list[dict[str, Any]] = []
        self.welcome: dict[str, Any] = {}
        self._n = 0

    async def send(self, frame: dict[str, Any]) -> None:
        await self.connection.send(json.dumps(frame))

    async def receive(self, within: float = 10) -> dict[str, Any]:
        async with asyncio.timeout(within):
            frame: dict[str, Any] = json.loads(await self.connection.recv())
            return frame

    async def ask(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Send and wait for the answer; events on the way are kept in ``events``."""
        self._n += 1
        ref = f"r{self._n}"
        await self.send({**frame, "ref": ref})
        while True:
            answer = await self.receive()
            if answer["type"] in ANSWERS and answer.get("ref") == ref:
                return answer
            self.events.append(answer)

    async def event(self, type: str, within: float = 10) -> dict[str, Any]:
        """The next event of a type, kept or still to come."""
        async with asyncio.timeout(within):
            while True:
                for index, event in enumerate(self.events):
                    if event["type"] == type:
                        return self.events.pop(index)
                self.events.append(await self.receive(within))


@asynccontextmanager
async def online(url: str, token: str, *, holding: bool = False) -> AsyncIterator[Realtime]:
    """A socket past its welcome, which hears at once what happens; ``holding``: what to know first is still to be said."""
    address = url.replace("http", "ws", 1) + "/v1/realtime"
    async with connect(address, subprotocols=["sentinal.v1.json"], compression=None) as connection:  # type: ignore[list-item]
        realtime = Realtime(connection)
        await realtime.send({"type": "authenticate", "access_token": token})
        welcome = await realtime.receive()
        assert welcome["type"] == "welcome", welcome
        realtime.welcome = welcome
        if not holding:
            await realtime.ask({"type": "ping"})
        yield realtime


@asynccontextmanager
async def server_process(
    database: str, redis: str, *, port: int | None = None, **more: str
) -> AsyncIterator[tuple[str, Any]]:
    """``sentinal serve`` as a process of its own; yields its address and the process."""
    port = _free_port() if port is None else port
    environment = {
        **os.environ,
        "SENTINAL_SIGNING_KEYS": KEYS,
        "SENTINAL_LIMITS": "off",
        "DATABASE_URL": database,
        "REDIS_URL": redis,
        **more,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "entrypoints.cli", "serve", "--port", str(port), env=environment
    )
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient() as client, asyncio.timeout(30):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get(f"{url}/readyz")).status_code == 200:
                        break
                await asyncio.sleep(0.05)
        yield url, process
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
