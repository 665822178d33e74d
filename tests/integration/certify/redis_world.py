"""A world whose people and sessions are remembered in Redis, and which forgets as the bus does."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from adapters.memory.store import MemoryStore
from adapters.memory.system import MemoryClock
from adapters.redis.cached_descriptions import CachedDescriptions
from adapters.redis.cached_profiles import CachedProfiles
from adapters.redis.cached_sessions import CachedSessions
from adapters.redis.caches import RedisCaches
from adapters.redis.commands import Commands
from application.ports.caches import Caches
from application.ports.command_log import LogEntry
from application.ports.events import Frame
from application.ports.unit_of_work import UnitOfWork, UnitsOfWork
from application.testing.builders import AT
from application.testing.caches import frames_of
from application.testing.world import World
from tests.unit.adapters.memory_world import memory_world


class _Forgetful:
    """A unit of work after whose commit what its events speak of is forgotten."""

    def __init__(self, inner: UnitOfWork, caches: Caches) -> None:
        self._inner = inner
        self._caches = caches

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def commit(self, entries: Sequence[LogEntry], frames: Sequence[Frame]) -> None:
        events = self._inner.events()
        await self._inner.commit(entries, frames)
        await self._caches.forget(frames_of(*events))


class ForgetfulUnits:
    def __init__(self, inner: UnitsOfWork, caches: Caches) -> None:
        self._inner = inner
        self._caches = caches

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Any]:
        async with self._inner.open() as uow:
            yield _Forgetful(uow, self._caches)


def remembering_world(commands: Commands) -> World:
    """Memory, with Redis in front of its people and sessions."""
    world = memory_world(MemoryStore())
    return replace(
        world,
        units=ForgetfulUnits(world.units, RedisCaches(commands)),
        profiles=CachedProfiles(world.profiles, commands),
        sessions=CachedSessions(world.sessions, commands, MemoryClock(AT)),
        descriptions=CachedDescriptions(world.descriptions, commands),
    )
