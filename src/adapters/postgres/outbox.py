"""The outbox, the command log, and whether the database is well."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from adapters.postgres.migrations import discover, is_current
from adapters.postgres.pool import Pool, Reading, translating
from adapters.postgres.unit_of_work import LOG, log_arguments
from application.ports.command_log import LogEntry
from application.ports.events import Frame
from domain.shared.errors import Unavailable
from domain.shared.ids import ConversationId, EventId

_FRAME = (
    "id, aggregate_type, aggregate_id, event_type, coalesce(revision, 0) AS revision, audience, "
    "payload::text AS body, created_at, command_id, subject_id"
)
_PENDING = f"""
SELECT {_FRAME} FROM outbox_events WHERE processed_at IS NULL AND created_at < $1
 ORDER BY aggregate_id, outbox_events.revision, created_at, id LIMIT $2
"""
_SINCE = f"""
SELECT {_FRAME} FROM outbox_events
 WHERE aggregate_id = $1 AND outbox_events.revision > $2 ORDER BY outbox_events.revision LIMIT $3
"""
_LOG = (
    "id, actor_id, session_id, name, payload::text AS payload, at, subject_id, refused, idempotency_key, "
    "fingerprint, result::text AS result"
)
_ANSWER = f"SELECT {_LOG} FROM command_log WHERE idempotency_key = $1 AND at >= $2"
_ACCEPTED = f"""
SELECT position, {_LOG} FROM command_log WHERE position > $1 AND refused IS NULL ORDER BY position LIMIT 500
"""
_RELAY_LOCK = 7_274_651
_HEALTH_WITHIN_SECONDS = 2.0
_DURABLE = "SELECT name FROM pg_settings WHERE name = ANY($1) AND setting <> 'on'"
_MUST_BE_ON = ["fsync", "synchronous_commit", "full_page_writes"]


class PostgresOutbox(Reading):
    """Frames kept until they are published, and a while longer for those who missed them."""

    def __init__(self, pool: Pool, dsn: str) -> None:
        super().__init__(pool)
        self._dsn = dsn
        self._holder: Any = None

    async def pending(self, older_than: datetime, limit: int) -> list[Frame]:
        return [_frame(row) for row in await self.fetch(_PENDING, older_than, limit)]

    async def mark(self, ids: Sequence[EventId], at: datetime) -> None:
        await self.execute("UPDATE outbox_events SET processed_at = $2 WHERE id = ANY($1)", list(ids), at)

    async def since(self, conversation_id: ConversationId, revision: int, limit: int) -> list[Frame]:
        return [_frame(row) for row in await self.fetch(_SINCE, conversation_id, revision, limit)]

    async def prune(self, before: datetime) -> int:
        done = await self.execute(
            "DELETE FROM outbox_events WHERE processed_at IS NOT NULL AND created_at < $1", before
        )
        return int(done.rsplit(" ", 1)[-1])

    async def claim(self) -> bool:
        # A connection of its own: a pool resets session locks whenever a connection comes back to it.
        with translating():
            if self._holder is None or self._holder.is_closed():
                self._holder = await asyncpg.connect(self._dsn, timeout=2, command_timeout=3)
                self._owns = False
            if self._owns:
                await self._holder.fetchval("SELECT 1")
            else:
                self._owns = await self._holder.fetchval("SELECT pg_try_advisory_lock($1)", _RELAY_LOCK)
            return self._owns

    async def release(self) -> None:
        holder, self._holder = self._holder, None
        if holder is not None:
            holder.terminate()


class PostgresCommandLog(Reading):
    """Every command with how it ended."""

    async def answer(self, idempotency_key: str, not_before: datetime) -> LogEntry | None:
        row = await self.fetchrow(_ANSWER, idempotency_key, not_before)
        return None if row is None else _entry(row)

    async def note(self, entry: LogEntry) -> None:
        await self.execute(LOG, *log_arguments(entry))

    async def accepted(self) -> AsyncIterator[LogEntry]:
        position = 0
        while found := await self.fetch(_ACCEPTED, position):
            for row in found:
                position = row["position"]
                yield _entry(row)

    async def forget_answers(self, before: datetime) -> int:
        done = await self.execute(
            "UPDATE command_log SET idempotency_key = NULL, fingerprint = NULL, result = NULL "
            "WHERE idempotency_key IS NOT NULL AND at < $1",
            before,
        )
        return int(done.rsplit(" ", 1)[-1])


class PostgresHealth:
    """Whether the database answers, is migrated, and keeps what it acknowledges."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def ailments(self) -> list[str]:
        try:
            async with asyncio.timeout(_HEALTH_WITHIN_SECONDS):
                with translating():
                    async with self._pool.acquire() as connection:
                        unsafe = await connection.fetch(_DURABLE, _MUST_BE_ON)
                        current = await is_current(connection, discover())
        except (TimeoutError, Unavailable):
            return ["The database does not answer."]
        ailments = [f"The database runs with {row['name']} off." for row in unsafe]
        return ailments if current else [*ailments, "The database lacks migrations: `sentinal migrate up`."]


def _frame(row: Any) -> Frame:
    return Frame(
        id=row["id"],
        aggregate_type=row["aggregate_type"],
        aggregate_id=row["aggregate_id"],
        event_type=row["event_type"],
        revision=row["revision"],
        channels=tuple(row["audience"]),
        body=row["body"].encode(),
        at=row["created_at"],
        command_id=row["command_id"],
        subject_id=row["subject_id"],
    )


def _entry(row: Any) -> LogEntry:
    result = row["result"]
    return LogEntry(
        id=row["id"],
        actor_id=row["actor_id"],
        session_id=row["session_id"],
        name=row["name"],
        payload=row["payload"].encode(),
        at=row["at"],
        subject_id=row["subject_id"],
        refused=row["refused"],
        idempotency_key=row["idempotency_key"],
        fingerprint=row["fingerprint"],
        result=None if result is None else result.encode(),
    )
