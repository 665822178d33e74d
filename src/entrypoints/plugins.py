"""Adapters by name: ours and strangers' are found the same way, through the entry points ``sentinal.adapters``.

A provider is an async context manager taking ``Settings``; what it yields is a ``Store`` or a ``Realtime``.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any, TypeVar

from adapters.memory.archive import MemoryArchive, MemoryRedactions
from adapters.memory.caches import MemoryCaches
from adapters.memory.message_reader import MemoryExpirations, MemoryMessageReader
from adapters.memory.outbox import (
    MemoryBroker,
    MemoryCommandLog,
    MemoryHealth,
    MemoryLimits,
    MemoryOutbox,
)
from adapters.memory.people_readers import (
    MemoryContactReader,
    MemoryCredentials,
    MemoryDirectory,
    MemoryProfiles,
    MemoryRelations,
    MemorySessionReader,
)
from adapters.memory.presence import MemoryMirror, MemoryPresences, Roster
from adapters.memory.readers import MemoryConversationReader, MemoryDescriptions, MemoryEpochs
from adapters.memory.seats import MemorySeats
from adapters.memory.store import MemoryStore
from adapters.memory.summaries import MemorySummaries
from adapters.memory.sync_reader import MemoryReceiptReader, MemorySyncReader
from adapters.memory.unit_of_work import MemoryUnitsOfWork
from adapters.postgres.archive import PostgresArchive, PostgresRedactions
from adapters.postgres.conversation_reader import PostgresConversationReader, PostgresDescriptions
from adapters.postgres.message_reader import PostgresExpirations, PostgresMessageReader
from adapters.postgres.outbox import PostgresCommandLog, PostgresHealth, PostgresOutbox
from adapters.postgres.people_readers import (
    PostgresContactReader,
    PostgresCredentials,
    PostgresDirectory,
    PostgresEpochs,
    PostgresProfiles,
    PostgresRelations,
    PostgresSessionReader,
)
from adapters.postgres.pool import open_pool
from adapters.postgres.presence import PostgresMirror
from adapters.postgres.receipt_reader import PostgresReceiptReader
from adapters.postgres.summaries import PostgresSummaries
from adapters.postgres.sync_reader import PostgresSyncReader
from adapters.postgres.unit_of_work import PostgresUnitsOfWork
from adapters.redis.address import is_cluster
from adapters.redis.broker import RedisBroker
from adapters.redis.cached_descriptions import CachedDescriptions
from adapters.redis.cached_profiles import CachedProfiles
from adapters.redis.cached_sessions import CachedSessions
from adapters.redis.caches import RedisCaches
from adapters.redis.cluster_broker import ClusterBroker
from adapters.redis.cluster_commands import ClusterCommands
from adapters.redis.commands import Commands
from adapters.redis.connection import RedisCommands
from adapters.redis.health import RedisHealth
from adapters.redis.limits import RedisLimits
from adapters.redis.presence import RedisPresences
from adapters.redis.seats import RedisSeats
from adapters.system.clock import SystemClock
from application.errors import StaleAdapter
from application.ports.caches import Caches
from application.ports.command_log import CommandLog
from application.ports.descriptions import Descriptions
from application.ports.events import Broker, Outbox
from application.ports.health import Health
from application.ports.limits import Limits
from application.ports.presence import Mirror, Presences
from application.ports.readers import (
    Archive,
    ContactReader,
    ConversationReader,
    Credentials,
    Directory,
    Epochs,
    Expirations,
    MessageReader,
    Profiles,
    Redactions,
    Relations,
    SessionReader,
)
from application.ports.seats import Seats
from application.ports.summaries import Summaries
from application.ports.syncing import ReceiptReader, SyncReader
from application.ports.unit_of_work import UnitsOfWork
from entrypoints.settings import SettingRefused, Settings

GROUP = "sentinal.adapters"
T = TypeVar("T")


def _as_it_is(reader: T) -> T:
    """A reader nothing is remembered of."""
    return reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Everything that is durable."""

    units: UnitsOfWork
    profiles: Profiles
    relations: Relations
    directory: Directory
    credentials: Credentials
    sessions: SessionReader
    contacts: ContactReader
    archive: Archive
    redactions: Redactions
    conversations: ConversationReader
    descriptions: Descriptions
    messages: MessageReader
    sync: SyncReader
    receipts: ReceiptReader
    summaries: Summaries
    expirations: Expirations
    epochs: Epochs
    mirror: Mirror
    outbox: Outbox
    command_log: CommandLog
    health: Health


@dataclass(frozen=True, slots=True, kw_only=True)
class Realtime:
    """Everything that servers share and may lose. Who remembers nothing leaves out the last four, and who counts
    each server's connections alone the seats."""

    broker: Broker
    limits: Limits
    presences: Presences
    health: Health
    seats: Seats = field(default_factory=lambda: MemorySeats(SystemClock()))
    caches: Caches = field(default_factory=MemoryCaches)
    remember_profiles: Callable[[Profiles], Profiles] = _as_it_is
    remember_sessions: Callable[[SessionReader], SessionReader] = _as_it_is
    remember_descriptions: Callable[[Descriptions], Descriptions] = _as_it_is


Provider = Callable[[Settings], AbstractAsyncContextManager[Any]]


def provider(kind: str, name: str) -> Provider:
    """The provider registered as ``kind.name``. Raises ``StaleAdapter``, which lists what there is."""
    found = {point.name: point for point in entry_points(group=GROUP)}
    point = found.get(f"{kind}.{name}")
    if point is None:
        known = ", ".join(sorted(found)) or "none; is the package installed?"
        raise StaleAdapter(f"There is no adapter {kind}.{name}. There are: {known}.")
    try:
        loaded: Provider = point.load()
    except Exception as error:
        raise StaleAdapter(f"The adapter {point.name} ({point.value}) does not load: {error}") from error
    return loaded


@asynccontextmanager
async def postgres_store(settings: Settings) -> AsyncIterator[Store]:
    """PostgreSQL, through one pool."""
    pool = await open_pool(settings.database_url, settings.database_pool_size)
    outbox = PostgresOutbox(pool, settings.database_url)
    try:
        yield Store(
            units=PostgresUnitsOfWork(pool),
            profiles=PostgresProfiles(pool),
            relations=PostgresRelations(pool),
            directory=PostgresDirectory(pool),
            credentials=PostgresCredentials(pool),
            sessions=PostgresSessionReader(pool),
            contacts=PostgresContactReader(pool),
            archive=PostgresArchive(pool),
            redactions=PostgresRedactions(pool),
            conversations=PostgresConversationReader(pool),
            descriptions=PostgresDescriptions(pool),
            messages=PostgresMessageReader(pool),
            sync=PostgresSyncReader(pool),
            receipts=PostgresReceiptReader(pool),
            summaries=PostgresSummaries(pool),
            expirations=PostgresExpirations(pool),
            epochs=PostgresEpochs(pool),
            mirror=PostgresMirror(pool),
            outbox=outbox,
            command_log=PostgresCommandLog(pool),
            health=PostgresHealth(pool),
        )
    finally:
        await outbox.release()
        await pool.close()


@asynccontextmanager
async def memory_store(settings: Settings) -> AsyncIterator[Store]:
    """This process's memory: gone with it."""
    store = MemoryStore()
    yield Store(
        units=MemoryUnitsOfWork(store),
        profiles=MemoryProfiles(store),
        relations=MemoryRelations(store),
        directory=MemoryDirectory(store),
        credentials=MemoryCredentials(store),
        sessions=MemorySessionReader(store),
        contacts=MemoryContactReader(store),
        archive=MemoryArchive(store),
        redactions=MemoryRedactions(store),
        conversations=MemoryConversationReader(store),
        descriptions=MemoryDescriptions(store),
        messages=MemoryMessageReader(store),
        sync=MemorySyncReader(store),
        receipts=MemoryReceiptReader(store),
        summaries=MemorySummaries(store),
        expirations=MemoryExpirations(store),
        epochs=MemoryEpochs(store),
        mirror=MemoryMirror(store),
        outbox=MemoryOutbox(store),
        command_log=MemoryCommandLog(store),
        health=MemoryHealth(),
    )


@asynccontextmanager
async def redis_broker(settings: Settings) -> AsyncIterator[Realtime]:
    """Redis or Valkey, one server or a cluster, shared by all servers."""
    commands: Commands
    broker: RedisBroker | ClusterBroker
    try:
        if is_cluster(settings.redis_url):
            commands, broker = ClusterCommands(settings.redis_url), ClusterBroker(settings.redis_url)
        else:
            commands, broker = RedisCommands(settings.redis_url), RedisBroker(settings.redis_url)
    except ValueError as error:
        raise SettingRefused(str(error)) from None
    try:
        yield Realtime(
            broker=broker,
            limits=RedisLimits(commands, MemoryLimits(SystemClock())),
            presences=RedisPresences(commands, lifetime=settings.presence_seconds),
            health=RedisHealth(commands, broker),
            seats=RedisSeats(commands),
            caches=RedisCaches(commands),
            remember_profiles=lambda inner: CachedProfiles(inner, commands),
            remember_sessions=lambda inner: CachedSessions(inner, commands, SystemClock()),
            remember_descriptions=lambda inner: CachedDescriptions(inner, commands),
        )
    finally:
        await broker.close()
        await commands.close()


@asynccontextmanager
async def memory_broker(settings: Settings) -> AsyncIterator[Realtime]:
    """Within this process only."""
    clock = SystemClock()
    yield Realtime(
        broker=MemoryBroker(),
        limits=MemoryLimits(clock),
        presences=MemoryPresences(Roster(), clock, lifetime=settings.presence_seconds),
        health=MemoryHealth(),
    )
