"""A server's life: open what must be opened, run what must run beside the requests, and leave in good order."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import structlog

from application import failpoints
from application.realtime.outgoing import Outgoing
from entrypoints.container import Container
from entrypoints.plugins import provider
from entrypoints.settings import Settings
from entrypoints.ws import protocol

log = structlog.get_logger("server")

RESTART_AFTER_SECONDS = 0.5
RECONNECT_WITHIN_MS = 2000


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Container]:
    """The container with its stores open; nothing runs yet."""
    failpoints.arm(settings.failpoints)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(provider("store", settings.store)(settings))
        realtime = await stack.enter_async_context(provider("broker", settings.broker)(settings))
        container = Container()
        container.settings.override(settings)
        container.store.override(store)
        container.realtime.override(realtime)
        container.epoch.override(await store.epochs.current())
        try:
            yield container
        finally:
            container.passwords().close()


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Container]:
    """The container with hub, courier, relay and presence at work, and an eye on the key file."""
    async with opened(settings) as container:
        hub, courier, watching = container.hub(), container.courier(), container.watching()
        attendance, mirroring, keys = container.attendance(), container.mirroring(), container.key_file()
        await asyncio.gather(hub.start(), watching.start())
        tasks = [_keep("hub", hub.run), _keep("courier", courier.run), _keep("keys", keys.run)]
        tasks += [_keep("watching", watching.run), _keep("attendance", attendance.run)]
        tasks += [_keep("mirroring", mirroring.run), _keep("seating", container.seating().run)]
        if settings.relay:
            tasks.append(_keep("relay", container.relay().run))
            tasks.append(_keep("redactor", container.redactor().run))
            tasks.append(_keep("sweeper", container.sweeper().run))
        running_tasks = [asyncio.create_task(task) for task in tasks]
        try:
            yield container
        finally:
            for task in running_tasks:
                task.cancel()
            await asyncio.gather(*running_tasks, return_exceptions=True)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(2):
                    await courier.flush()
                    await container.typists().close()
                    await attendance.stop()
                    await mirroring.stop()
            await watching.stop()
            await hub.stop()


def drain(container: Container) -> None:
    """Tell load balancers and clients that this server is leaving."""
    desk = container.desk()
    desk.draining = True
    connections = desk.hub.connections
    for index, connection in enumerate(connections):
        after = RECONNECT_WITHIN_MS * index // max(1, len(connections))
        connection.deliver(Outgoing(protocol.reconnect(after)))
        connection.end(*protocol.RESTART)


async def _keep(name: str, work: Any) -> None:
    """Run something for ever. What ends by a mistake of ours is logged and begun again."""
    while True:
        try:
            job: Coroutine[Any, Any, None] = work()
            await job
        except Exception as error:
            log.exception("background_work_failed", work=name, exc_info=error)
        await asyncio.sleep(RESTART_AFTER_SECONDS)
