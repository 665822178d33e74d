"""People who act through the real bus on a clock that is moved by hand, and the raw rows of what they did."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

import asyncpg

from adapters.memory.outbox import MemoryHealth
from adapters.memory.store import MemoryStore
from adapters.memory.system import MemoryClock, MemoryIds
from application.bus.bus import Bus
from application.bus.messages import Actor, Command, Query
from application.testing.stage import people
from application.testing.world import World
from domain.shared.errors import Refusal
from domain.shared.ids import ConversationId, SessionId, UserId
from entrypoints.container import Container
from entrypoints.plugins import Store, memory_broker
from tests.integration.certify.postgres_world import postgres_world
from tests.support.server import settings_for
from tests.unit.adapters.memory_world import memory_world

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What is stored of some conversations, as dictionaries: nothing here has been counted or left out."""

    participants: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    hidden: set[tuple[UserId, Any]]
    blocks: set[tuple[UserId, UserId]]


@dataclass(slots=True, kw_only=True)
class Company:
    """One store with a bus over it. ``raw`` is the memory store itself, or a connection to the database."""

    world: World
    bus: Bus
    clock: MemoryClock
    raw: MemoryStore | asyncpg.Connection

    async def people(self, count: int) -> list[UserId]:
        return await people(self.world, count)

    async def do(self, who: UserId, command: Command[R]) -> R:
        return await self.bus.execute(command, _actor(who))

    async def try_to(self, who: UserId, command: Command[Any]) -> str | None:
        """The code of the refusal, or None."""
        try:
            await self.do(who, command)
        except Refusal as refusal:
            return refusal.code
        return None

    async def ask(self, who: UserId, query: Query[R]) -> R:
        return await self.bus.ask(query, _actor(who))

    async def rows(self, places: list[ConversationId]) -> Rows:
        """Everything that is stored of these."""
        if isinstance(self.raw, MemoryStore):
            return _rows_of(self.raw, places)
        participants = await self.raw.fetch(
            "SELECT * FROM participants WHERE conversation_id = ANY($1)", places
        )
        messages = await self.raw.fetch("SELECT * FROM messages WHERE conversation_id = ANY($1)", places)
        hidden = await self.raw.fetch(
            "SELECT user_id, message_id FROM hidden_messages WHERE conversation_id = ANY($1)", places
        )
        blocks = await self.raw.fetch("SELECT user_id, contact_user_id FROM user_contacts WHERE is_blocked")
        return Rows(
            participants=[dict(row) for row in participants],
            messages=[dict(row) for row in messages],
            hidden={tuple(row) for row in hidden},
            blocks={tuple(row) for row in blocks},
        )


def unread_of(rows: Rows, me: dict[str, Any], now: datetime) -> int:
    """The definition, word for word: visible messages after my read cursor that are not mine, not SYSTEM, not deleted,
    not expired, not hidden by me, not from someone I block.
    """
    if me["left_at"] is not None:
        return 0
    counted = [
        message
        for message in rows.messages
        if message["conversation_id"] == me["conversation_id"]
        and message["seq_id"] > me["last_read_sequence"]
        and message["seq_id"] > me["cleared_through_sequence"]
        and message["sender_id"] != me["user_id"]
        and message["type"] != "SYSTEM"
        and message["deleted_at"] is None
        and (message["expires_at"] is None or message["expires_at"] > now)
        and (me["user_id"], message["id"]) not in rows.hidden
        and (me["user_id"], message["sender_id"]) not in rows.blocks
    ]
    return min(100, len(counted))


@asynccontextmanager
async def in_memory(world: Callable[[MemoryStore], World] = memory_world) -> AsyncIterator[Company]:
    """A company whose store is memory."""
    store = MemoryStore()
    async with _company(world(store), store) as company:
        yield company


@asynccontextmanager
async def on_postgres(dsn: str) -> AsyncIterator[Company]:
    """A company on a database, which is emptied first."""
    async with postgres_world(dsn) as world:
        connection = await asyncpg.connect(dsn)
        try:
            async with _company(world, connection) as company:
                yield company
        finally:
            await connection.close()


@contextmanager
def kept(opening: AbstractAsyncContextManager[Company]) -> Iterator[tuple[asyncio.Runner, Company]]:
    """A company for tests that are no coroutines, with what runs theirs."""
    with asyncio.Runner() as runner:
        company = runner.run(opening.__aenter__())
        try:
            yield runner, company
        finally:
            runner.run(opening.__aexit__(None, None, None))


@asynccontextmanager
async def _company(world: World, raw: MemoryStore | asyncpg.Connection) -> AsyncIterator[Company]:
    settings, clock = settings_for(), MemoryClock()
    ports = {each.name: getattr(world, each.name) for each in fields(Store) if each.name != "health"}
    async with memory_broker(settings) as realtime:
        container = Container()
        container.settings.override(settings)
        container.store.override(Store(**ports, health=MemoryHealth()))
        container.realtime.override(realtime)
        container.epoch.override("a test's")
        container.clock.override(clock)
        container.ids.override(MemoryIds())
        yield Company(world=world, bus=container.bus(), clock=clock, raw=raw)
        container.passwords().close()


def _actor(who: UserId) -> Actor:
    return Actor(user_id=who, session_id=SessionId(who))


def _rows_of(store: MemoryStore, places: list[ConversationId]) -> Rows:
    def plain(thing: Any) -> dict[str, Any]:
        return {each.name: getattr(thing, each.name) for each in fields(thing)}

    return Rows(
        participants=[plain(each) for key, each in store.participants.items() if key[0] in places],
        messages=[plain(each) for each in store.messages.values() if each.conversation_id in places],
        hidden={(who, store.history[place][seq - 1]) for who, place, seq in store.hidden if place in places},
        blocks={pair for pair, each in store.contacts.items() if each.is_blocked},
    )
