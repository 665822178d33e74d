"""People who act, and people who look on with clients that live on events; after every step they all compare."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from adapters.memory.store import MemoryStore
from adapters.memory.system import MemoryClock
from adapters.memory.unit_of_work import MemoryUnitsOfWork
from entrypoints.container import Container
from tests.scenarios.messages import body
from tests.scenarios.people import Someone, log_in, somebody
from tests.support.fold import Client, difference
from tests.support.server import Realtime, online, serving, settings_for

PATIENCE_SECONDS = 5


@dataclass(slots=True)
class Observer:
    """A client that has fetched everything once, and lives on events since."""

    name: str
    client: Client
    socket: Realtime
    deaf_to: str = ""

    async def keep_up(self) -> None:
        """Fold everything that has arrived."""
        assert (await self.socket.ask({"type": "ping"}))["type"] == "pong"
        waiting, self.socket.events = self.socket.events, []
        for event in waiting:
            if event["type"] != self.deaf_to:
                await self.client.hear(event)
        self.client.let_go()

    async def agrees(self, step: str, patience: float = PATIENCE_SECONDS) -> None:
        """Wait until what was folded is what a fresh client fetches."""
        mine: Any = None
        fresh: Any = None
        for _ in range(int(patience / 0.02)):
            await self.keep_up()
            another = await Client(self.client.someone, self.client.clock).fetch()
            mine, fresh = self.client.plain(), another.plain(as_fetched=True)
            if fresh == mine:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"after {step!r}, {self.name} differs: {difference(mine, fresh)}")


@dataclass(slots=True)
class Cast:
    """Who acts and who looks on. Dan never takes part; the tablet is Ann's other device."""

    ann: Someone
    tablet: Someone
    ben: Someone
    cem: Someone
    dan: Someone
    observers: list[Observer]
    container: Container
    store: MemoryStore
    clock: MemoryClock

    async def step(self, name: str, act: Callable[[], Awaitable[Any]]) -> Any:
        """Do something, a second after what was before, and let everybody compare."""
        self.clock.advance(1)
        result = await act()
        for observer in self.observers:
            await observer.agrees(name)
        return result

    async def does(self, who: Someone, method: str, path: str, given: Any = None) -> Any:
        """A request as a step."""
        return await self.step(f"{method} {path} {given}", lambda: who.done(method, path, given))

    async def says(self, who: Someone, place: str, **fields: Any) -> dict[str, Any]:
        """A message as a step."""
        given = body(**{"content": "words"} | fields)
        said: dict[str, Any] = await self.does(who, "POST", f"/v1/conversations/{place}/messages", given)
        return said

    async def wait(self, seconds: float) -> None:
        """Let time pass as a step."""
        self.clock.advance(seconds)
        await self.step(f"wait {seconds}", _nothing)

    def looking(self, who: Someone) -> Observer:
        return next(observer for observer in self.observers if observer.client.someone is who)

    def done(self) -> set[str]:
        """The names of the commands that were carried out."""
        return {entry.name for entry in self.store.log.values() if entry.refused is None}


async def _nothing() -> None:
    return None


@asynccontextmanager
async def cast() -> AsyncIterator[Cast]:
    clock = MemoryClock()
    with Container.clock.override(clock):
        async with (
            serving(settings_for()) as server,
            httpx.AsyncClient(base_url=server.url, timeout=20) as client,
            AsyncExitStack() as stack,
        ):
            ann, ben, cem, dan = [await somebody(client) for _ in range(4)]
            tablet = await log_in(client, ann.me["username"], device_id="tablet")
            observers = []
            for name, someone in (
                ("the actor's other device", tablet),
                ("another member", ben),
                ("somebody who comes and goes", cem),
                ("an outsider", dan),
            ):
                socket = await stack.enter_async_context(online(server.url, someone.token))
                observers.append(Observer(name, await Client(someone, clock.now).fetch(), socket))
            units = server.container.store().units
            assert isinstance(units, MemoryUnitsOfWork)
            yield Cast(ann, tablet, ben, cem, dan, observers, server.container, units._store, clock)
