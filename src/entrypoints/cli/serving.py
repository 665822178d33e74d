"""Running one server process: uvicorn, programmatically, leaving in good order."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable

import uvicorn

from entrypoints.container import Container
from entrypoints.http.app import application
from entrypoints.lifespan import drain, running
from entrypoints.settings import Settings
from entrypoints.ws import protocol
from entrypoints.ws.direct import DirectProtocol

GRACE_SECONDS = 8
DRAIN_SECONDS = 0.2
HEADERS_AT_MOST = 16 * 1024

Ready = Callable[[Container], Awaitable[None]]


class DrainingServer(uvicorn.Server):
    """Tells everybody that it is leaving before it stops listening."""

    def __init__(self, config: uvicorn.Config, container: Container) -> None:
        super().__init__(config)
        self._container = container

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        drain(self._container)
        await asyncio.sleep(DRAIN_SECONDS)
        await super().shutdown(sockets)


async def run(
    settings: Settings,
    host: str,
    port: int,
    ready: Ready,
    *,
    first: Ready | None = None,
    leash: int | None = None,
) -> None:
    """Serve until told to stop. ``first`` is done before anybody can connect, ``ready`` once requests are answered.

    ``leash`` is the reading end of a pipe whose other end the parent holds: its end is ours.
    """
    async with running(settings) as container:
        if first is not None:
            await first(container)
        config = uvicorn.Config(
            application(container),
            host=host,
            port=port,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            ws=DirectProtocol,
            ws_max_size=protocol.FRAME_AT_MOST,
            ws_ping_interval=protocol.HEARTBEAT_SECONDS,
            ws_ping_timeout=10,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=settings.trusted_proxies or None,
            h11_max_incomplete_event_size=HEADERS_AT_MOST,
        )
        server = DrainingServer(config, container)
        if leash is not None:
            asyncio.get_running_loop().add_reader(leash, _let_go, server, leash)
        announced = asyncio.create_task(_announce(server, container, ready))
        try:
            await server.serve()
        finally:
            announced.cancel()
            await asyncio.gather(announced, return_exceptions=True)


def _let_go(server: uvicorn.Server, leash: int) -> None:
    if not os.read(leash, 1):
        asyncio.get_running_loop().remove_reader(leash)
        server.should_exit = True


async def _announce(server: uvicorn.Server, container: Container, ready: Ready) -> None:
    while not server.started:
        await asyncio.sleep(0.01)
    await ready(container)
