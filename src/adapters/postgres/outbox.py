"""The outbox, the command log, and whether the database is well."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from adapters.postgres.migrations import Migration, MigrationError, discover, is_current
from adapters.postgres.pool import Connection, Pool, Reading, translating
from adapters.postgres.unit_of_work import log_statements
from application.errors import Collision
from application.ports.command_log import LogEntry
from application.ports.events import Backlog, Frame, Position
from domain.shared.errors import Unavailable
from domain.shared.ids import ConversationId, EventId

_FRAME = (
    "id, aggregate_type, aggregate_id, event_type, coalesce(revision, 0) AS revision, audience, "
    "payload::text AS body, created_at, command_id, subject_id"
)
# Times of events are the commands' times, and a command may have waited for its conversation: of each one its
# lowest revisions are taken, as many as it has among the oldest frames.
_PENDING = f"""
WITH oldest AS MATERIALIZED (
    SELECT id, aggregate_id, revision FROM outbox_events
     WHERE processed_at IS NULL AND error IS NULL AND created_at < $1 ORDER BY created_at, id LIMIT $2
), shares AS (
    SELECT aggregate_id, count(*) AS n FROM oldest WHERE revision IS NOT NULL GROUP BY aggregate_id
), chosen AS (
    SELECT id FROM oldest WHERE revision IS NULL
    UNION ALL
    SELECT lowest.id FROM shares CROSS JOIN LATERAL (
        SELECT o.id FROM outbox_events o
         WHERE o.aggregate_id = shares.aggregate_id AND o.revision IS NOT NULL
           AND o.processed_at IS NULL AND o.error IS NULL AND o.created_at < $1
         ORDER BY o.revision LIMIT shares.n) AS lowest
)
SELECT {_FRAME} FROM outbox_events WHERE id IN (SELECT id FROM chosen) ORDER BY created_at, id
"""
_SINCE = f"""
SELECT {_FRAME} FROM outbox_events
 WHERE aggregate_id = $1 AND outbox_events.revision > $2 ORDER BY outbox_events.revision LIMIT $3
"""
_SINCE_EACH = f"""
SELECT known.revision AS after, kept.* FROM unnest($1::uuid[], $2::bigint[]) AS known(id, revision)
 CROSS JOIN LATERAL (
        SELECT {_FRAME} FROM outbox_events
         WHERE aggregate_id = known.id AND outbox_events.revision > known.revision
         ORDER BY outbox_events.revision LIMIT $3) AS kept
"""
_LOG = (
    "id, actor_id, session_id, name, payload::text AS payload, at, subject_id, refused, idempotency_key, "
    "fingerprint, result::text AS result"
)
_ANSWER = f"SELECT {_LOG} FROM command_log WHERE idempotency_key = $1 AND at >= $2"
_ACCEPTED = f"""
SELECT position, {_LOG} FROM command_log WHERE position > $1 AND refused IS NULL ORDER BY position LIMIT 500
"""
_MARK = "UPDATE outbox_events SET processed_at = $2, error = NULL WHERE id = ANY($1) AND processed_at IS NULL"
_PARK = "UPDATE outbox_events SET error = $2 WHERE id = $1 AND processed_at IS NULL"
_RETRY = "UPDATE outbox_events SET error = NULL WHERE processed_at IS NULL AND error IS NOT NULL"
_BACKLOG = """
SELECT count(*) FILTER (WHERE error IS NULL) AS pending, min(created_at) FILTER (WHERE error IS NULL) AS oldest,
       count(error) AS parked
  FROM outbox_events WHERE processed_at IS NULL
"""
_PRUNE = """
DELETE FROM outbox_events WHERE id = ANY(ARRAY(
    SELECT id FROM outbox_events WHERE processed_at IS NOT NULL AND created_at < $1 LIMIT $2))
"""
_FORGET = """
UPDATE command_log SET idempotency_key = NULL, fingerprint = NULL, result = NULL WHERE position = ANY(ARRAY(
    SELECT position FROM command_log WHERE idempotency_key IS NOT NULL AND at < $1 LIMIT $2))
"""
_AT_ONCE = 2000
_RELAY_LOCK = 7_274_651
_HOLDER_ANSWERS_WITHIN_SECONDS = 3.0
LEASE_SECONDS = 4.0
_HEALTH_WITHIN_SECONDS = 1.8
_UNSAFE = "SELECT name FROM pg_settings WHERE name = ANY($1) AND setting <> 'on'"
_MUST_BE_ON = ["fsync", "synchronous_commit", "full_page_writes"]


class _Keeping(Reading):
    """What keeps rows for a time only."""

    async def _little_by_little(self, sql: str, before: datetime) -> int:
        """Repeat a statement that lets go of some rows until none is left. Returns how many it was."""
        total = 0
        while touched := await self.execute(sql, before, _AT_ONCE):
            total += touched
        return total


class PostgresOutbox(_Keeping):
    """Frames kept until they are published, and a while longer for those who missed them.

    Whoever has claimed and asks nothing for ``lease`` seconds, because it stands still, has lost the claim.
    """

    def __init__(self, pool: Pool, dsn: str, *, lease: float = LEASE_SECONDS) -> None:
        super().__init__(pool)
        self._lease_ms = int(lease * 1000)
        self._dsn = dsn
        self._holder: Connection | None = None
        self._owns = False

    async def pending(self, older_than: datetime, limit: int) -> list[Frame]:
        return _in_order([_frame(row) for row in await self.fetch(_PENDING, older_than, limit)])

    async def mark(self, ids: Sequence[EventId], at: datetime) -> None:
        await self.execute(_MARK, list(ids), at)

    async def since(self, conversation_id: ConversationId, revision: int, limit: int) -> list[Frame]:
        return [_frame(row) for row in await self.fetch(_SINCE, conversation_id, revision, limit)]

    async def since_each(self, positions: Sequence[Position], limit: int) -> dict[Position, list[Frame]]:
        found: dict[Position, list[Frame]] = {}
        ids, revisions = [id for id, _ in positions], [revision for _, revision in positions]
        for row in await self.fetch(_SINCE_EACH, ids, revisions, limit):
            position = ConversationId(row["aggregate_id"]), row["after"]
            found.setdefault(position, []).append(_frame(row))
        return found

    async def park(self, id: EventId, reason: str) -> None:
        await self.execute(_PARK, id, reason)

    async def retry(self) -> int:
        return await self.execute(_RETRY)

    async def backlog(self) -> Backlog:
        row = await self.fetchrow(_BACKLOG)
        return Backlog(pending=row["pending"], oldest=row["oldest"], parked=row["parked"])

    async def prune(self, before: datetime) -> int:
        return await self._little_by_little(_PRUNE, before)

    async def claim(self) -> bool:
        # A connection of its own: the lock lives as long as its session, and must not go back to a pool.
        try:
            with translating():
                if self._holder is None or self._holder.is_closed():
                    self._owns = False
                    # A process that stands still asks nothing, and so loses the session and with it the lock.
                    self._holder = await asyncpg.connect(
                        self._dsn,
                        timeout=2,
                        command_timeout=_HOLDER_ANSWERS_WITHIN_SECONDS,
                        server_settings={"idle_session_timeout": f"{self._lease_ms}ms"},
                    )
                sql = "SELECT $1::bigint > 0" if self._owns else "SELECT pg_try_advisory_lock($1)"
                self._owns = bool(await self._holder.fetchval(sql, _RELAY_LOCK))
        except (Unavailable, asyncio.CancelledError):
            # Who cannot be reached may have let go of the lock already.
            self._drop()
            raise
        return self._owns

    async def release(self) -> None:
        try:
            if self._owns and self._holder is not None:
                with suppress(Unavailable), translating():
                    await self._holder.fetchval("SELECT pg_advisory_unlock($1)", _RELAY_LOCK)
        finally:
            self._drop()

    def _drop(self) -> None:
        self._owns = False
        holder, self._holder = self._holder, None
        if holder is not None:
            holder.terminate()


class PostgresCommandLog(_Keeping):
    """Every command with how it ended."""

    async def answer(self, idempotency_key: str, not_before: datetime) -> LogEntry | None:
        row = await self.fetchrow(_ANSWER, idempotency_key, not_before)
        return None if row is None else _entry(row)

    async def note(self, entry: LogEntry) -> None:
        for each in log_statements([entry]):
            await self.execute(each.sql, *each.arguments)

    async def accepted(self) -> AsyncIterator[LogEntry]:
        position = 0
        while found := await self.fetch(_ACCEPTED, position):
            for row in found:
                position = row["position"]
                yield _entry(row)

    async def forget_answers(self, before: datetime) -> int:
        return await self._little_by_little(_FORGET, before)


class PostgresHealth:
    """Whether the database answers, is migrated, and keeps what it acknowledges."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._migrations: list[Migration] | None = None

    async def ailments(self) -> list[str]:
        # Not awaited beyond its time: giving up on a server that stands still takes time as well.
        looking = asyncio.create_task(self._look())
        try:
            done, _ = await asyncio.wait([looking], timeout=_HEALTH_WITHIN_SECONDS)
        finally:
            looking.cancel()
        return looking.result() if done else ["The database does not answer."]

    async def _look(self) -> list[str]:
        try:
            if self._migrations is None:
                self._migrations = discover()
            with translating():
                async with self._pool.acquire(timeout=_HEALTH_WITHIN_SECONDS) as connection:
                    unsafe = await connection.fetch(_UNSAFE, _MUST_BE_ON)
                    current = await is_current(connection, self._migrations)
        except MigrationError as error:
            return [str(error)]
        except (Unavailable, Collision, RuntimeError):
            return ["The database does not answer."]
        ailments = [f"The database runs with {row['name']} off." for row in unsafe]
        return ailments if current else [*ailments, "The database lacks migrations: `sentinal migrate up`."]


def _in_order(frames: list[Frame]) -> list[Frame]:
    """The same places, but those of each conversation taken by its frames in the order of revisions."""
    waiting: dict[UUID, list[Frame]] = {}
    for frame in sorted(frames, key=lambda frame: frame.revision):
        if frame.revision:
            waiting.setdefault(frame.aggregate_id, []).append(frame)
    turns = {id: iter(ordered) for id, ordered in waiting.items()}
    return [next(turns[frame.aggregate_id]) if frame.revision else frame for frame in frames]


def _frame(row: Any) -> Frame:
    return Frame(
        id=row["id"],
        aggregate_type=row["aggregate_type"],
        aggregate_id=row["aggregate_id"],
        event_type=row["event_type"],
        revision=row["revision"],
        channels=tuple(row["audience"] or ()),
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
