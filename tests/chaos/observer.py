"""Who looks on: at the database twice a second, and at what is published, without taking part."""

import asyncio
import contextlib
import time
from typing import Any

import asyncpg
import msgspec
from redis import asyncio as redis
from redis.exceptions import RedisError

from tests.chaos.history import (
    Database,
    EventRow,
    History,
    Listening,
    Look,
    MessageRow,
    ParticipantRow,
    Published,
    Standing,
)

LOOKS_EVERY_SECONDS = 0.5
# What was published shortly before a line broke may not have come through it.
UNSURE_SECONDS = 1.0

_STANDINGS = """
SELECT q.conversation_id::text AS id, q.last_sequence AS sequence, q.revision,
       m.messages, m.first, m.last, e.events, e.first_event, e.last_event
  FROM conversation_sequences q
 CROSS JOIN LATERAL (SELECT count(*) AS messages, coalesce(min(seq_id), 0) AS first, coalesce(max(seq_id), 0) AS last
                       FROM messages WHERE conversation_id = q.conversation_id) m
 CROSS JOIN LATERAL (SELECT count(*) AS events, coalesce(min(revision), 0) AS first_event,
                            coalesce(max(revision), 0) AS last_event
                       FROM outbox_events WHERE aggregate_id = q.conversation_id AND revision IS NOT NULL) e
"""
_CURSORS = """
SELECT conversation_id || '/' || user_id AS key, last_delivered_sequence, last_read_sequence, my_revision
  FROM participants
"""
_PENDING = """
SELECT count(*) AS pending, coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 AS oldest
  FROM outbox_events WHERE processed_at IS NULL
"""
_MESSAGES = """
SELECT m.id::text, m.conversation_id::text AS conversation, m.sender_id::text AS sender, m.seq_id AS seq, m.revision,
       m.type::text, m.content, m.client_message_id::text AS client_id, m.deleted_at IS NOT NULL AS deleted,
       coalesce((SELECT json_object_agg(reaction_code, n) FROM (
           SELECT reaction_code, count(*) AS n FROM message_reactions WHERE message_id = m.id GROUP BY 1) AS r),
                '{}')::text AS reactions
  FROM messages m ORDER BY m.conversation_id, m.seq_id
"""
_PARTICIPANTS = """
SELECT conversation_id::text AS conversation, user_id::text AS user, left_at IS NOT NULL AS left,
       last_delivered_sequence AS delivered, last_read_sequence AS read, cleared_through_sequence AS cleared
  FROM participants
"""
_EVENTS = """
SELECT aggregate_id::text AS conversation, revision, event_type AS type, payload::text AS frame,
       extract(epoch FROM created_at)::float8 AS created, extract(epoch FROM processed_at)::float8 AS processed
  FROM outbox_events WHERE revision IS NOT NULL ORDER BY aggregate_id, revision
"""


class Observer:
    """Writes what it sees into the history."""

    def __init__(self, history: History, database_url: str, redis_url: str) -> None:
        self._history = history
        self._database_url = database_url
        self._redis_url = redis_url

    async def look_on(self) -> None:
        """Look at the database until cancelled; while it cannot be reached, there is nothing to see."""
        connection: asyncpg.Connection | None = None
        while True:
            try:
                if connection is None or connection.is_closed():
                    connection = await asyncpg.connect(self._database_url, timeout=2, command_timeout=3)
                self._history.add(await self._look(connection))
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                if connection is not None:
                    connection.terminate()
                connection = None
            await asyncio.sleep(LOOKS_EVERY_SECONDS)

    async def _look(self, connection: Any) -> Look:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            at = time.time()
            standings = {
                row["id"]: Standing(**{name: value for name, value in row.items() if name != "id"})
                for row in await connection.fetch(_STANDINGS)
            }
            cursors = {row[0]: (row[1], row[2], row[3]) for row in await connection.fetch(_CURSORS)}
            pending = await connection.fetchrow(_PENDING)
        return Look(
            at=at,
            standings=standings,
            cursors=cursors,
            pending=pending["pending"],
            oldest_seconds=pending["oldest"],
        )

    async def listen(self) -> None:
        """Hear every conversation's channel until cancelled."""
        while True:
            try:
                await self._hear()
            except (OSError, RedisError, TimeoutError):
                self._history.add(Listening(at=time.time() - UNSURE_SECONDS, up=False))
            await asyncio.sleep(0.05)

    async def _hear(self) -> None:
        async with redis.from_url(self._redis_url) as client, client.pubsub() as line:
            await line.psubscribe("conversation:*")
            while True:
                said = await line.get_message(timeout=1.0)
                if said is None:
                    continue
                if said["type"] == "psubscribe":
                    self._history.add(Listening(at=time.time(), up=True))
                elif said["type"] == "pmessage":
                    conversation = said["channel"].decode().partition(":")[2]
                    revision = int(said["data"].partition(b"\n")[0].rpartition(b" ")[2])
                    if revision:
                        self._history.add(
                            Published(at=time.time(), conversation=conversation, revision=revision)
                        )

    async def everything(self) -> Database:
        """All that is stored, at one moment."""
        connection = await asyncpg.connect(self._database_url)
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                return Database(
                    messages=[
                        MessageRow(**{**row, "reactions": msgspec.json.decode(row["reactions"])})
                        for row in map(dict, await connection.fetch(_MESSAGES))
                    ],
                    participants=[ParticipantRow(**row) for row in await connection.fetch(_PARTICIPANTS)],
                    events=[
                        EventRow(**{**row, "frame": msgspec.json.decode(row["frame"])})
                        for row in map(dict, await connection.fetch(_EVENTS))
                    ],
                    revisions={
                        row[0]: row[1]
                        for row in await connection.fetch(
                            "SELECT conversation_id::text, revision FROM conversation_sequences"
                        )
                    },
                    pending=(await connection.fetchrow(_PENDING))["pending"],
                )
        finally:
            await connection.close()

    async def pending(self) -> int:
        """How many events are still to be published; more than none while the database does not answer."""
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection = await asyncpg.connect(self._database_url, timeout=2, command_timeout=3)
            try:
                return int((await connection.fetchrow(_PENDING))["pending"])
            finally:
                await connection.close()
        return 1

    async def open_transactions(self) -> int:
        """How many transactions of servers have stood open with nobody at work in them for a while."""
        connection = await asyncpg.connect(self._database_url)
        try:
            return int(
                await connection.fetchval(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sentinal-chat'"
                    " AND state LIKE 'idle in transaction%' AND state_change < clock_timestamp() - interval '2 s'"
                )
            )
        finally:
            await connection.close()
