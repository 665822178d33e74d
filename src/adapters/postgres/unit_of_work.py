"""PostgreSQL's unit of work: look-ups as they come, all writing at commit, one statement a table."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from adapters.postgres import rows
from adapters.postgres.chat_repositories import (
    PostgresConversations,
    PostgresMessages,
    PostgresParticipants,
    SummaryRow,
)
from adapters.postgres.people_repositories import PostgresContacts, PostgresSessions, PostgresUsers
from adapters.postgres.pool import Pool
from adapters.postgres.rows import Table, last_by_key
from adapters.postgres.transaction import Transaction
from application.ports.command_log import LogEntry
from application.ports.events import Frame
from domain.shared.events import Event

_SEQUENCES = rows.table(
    "conversation_sequences",
    "conversation_id uuid, last_sequence bigint, revision bigint, updated_at timestamptz",
    "conversation_id",
)
_SUMMARIES = rows.table(
    "conversation_summaries",
    "conversation_id uuid, message_id uuid, seq_id bigint, sender_id uuid, type message_type, preview text, "
    "created_at timestamptz, expires_at timestamptz, deleted boolean, last_activity_at timestamptz",
    "conversation_id",
)
_OUTBOX = """
INSERT INTO outbox_events (id, aggregate_type, aggregate_id, event_type, payload, revision, subject_id,
                           audience, command_id, created_at)
SELECT v.id, v.aggregate_type, v.aggregate_id, v.event_type, v.payload::json, v.revision, v.subject_id,
       string_to_array(v.audience, ' '), v.command_id, v.created_at
  FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::uuid[],
              $8::text[], $9::uuid[], $10::timestamptz[])
    AS v(id, aggregate_type, aggregate_id, event_type, payload, revision, subject_id, audience, command_id,
         created_at)
"""
LOG = """
INSERT INTO command_log (id, actor_id, session_id, name, payload, subject_id, refused, idempotency_key,
                         fingerprint, result, at)
VALUES ($1, $2, $3, $4, $5::text::json, $6, $7, $8, $9, $10::text::json, $11)
"""


@dataclass(slots=True, kw_only=True)
class _Counters:
    conversation_id: UUID
    last_sequence: int
    revision: int
    updated_at: datetime


class PostgresUnitOfWork:
    """One transaction. What was found is remembered; what was saved is written by ``commit``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._saved: list[Any] = []
        self.users = PostgresUsers(transaction, self._saved)
        self.sessions = PostgresSessions(transaction, self._saved)
        self.contacts = PostgresContacts(transaction)
        self.conversations = PostgresConversations(transaction, self._saved)
        self.participants = PostgresParticipants(transaction, self._saved)
        self.messages = PostgresMessages(transaction, self.conversations)

    def events(self) -> list[Event]:
        told: list[Event] = []
        for aggregate in self._saved:
            told.extend(aggregate.events)
            aggregate.events.clear()
        return told

    async def commit(self, entry: LogEntry, frames: Sequence[Frame]) -> None:
        users, sessions, people = self.users, self.sessions, self.participants
        await self._insert(rows.USERS, users.added)
        await self._insert(rows.SETTINGS, users.added_settings)
        await self._update(rows.USERS, users.changed, users.added)
        await self._update(rows.SESSIONS, sessions.changed, sessions.added)
        await self._insert(rows.SESSIONS, sessions.added)
        if contacts := last_by_key(self.contacts.changed, rows.CONTACTS.key):
            await self._write(rows.CONTACTS.upsert, rows.CONTACTS, contacts)
        await self._conversations(entry.at)
        await self._insert(rows.PARTICIPANTS, people.added)
        await self._insert(rows.MESSAGES, self.messages.added)
        await self._update(rows.PARTICIPANTS, people.changed, people.added)
        await self._insert(rows.RANGES, people.ranges)
        await self._summaries()
        if frames:
            await self._transaction.execute(_OUTBOX, *_outbox_arguments(frames))
        await self._transaction.execute(LOG, *log_arguments(entry))
        await self._transaction.commit()

    async def _conversations(self, at: datetime) -> None:
        conversations = self.conversations
        await self._insert(rows.CONVERSATIONS, conversations.added)
        await self._update(rows.CONVERSATIONS, conversations.rewritten(), conversations.added)
        # A sent message moves only the counters; the conversation's own row is written when it changed.
        moved = {c.id: c for c in conversations.changed} | conversations.counted
        new = {c.id for c in conversations.added}
        counters = [
            _Counters(conversation_id=c.id, last_sequence=c.last_sequence, revision=c.revision, updated_at=at)
            for c in moved.values()
            if c.id not in new
        ]
        if new:
            fresh = [
                _Counters(
                    conversation_id=c.id, last_sequence=c.last_sequence, revision=c.revision, updated_at=at
                )
                for c in conversations.added
            ]
            await self._write(_SEQUENCES.insert, _SEQUENCES, fresh)
        if counters:
            await self._write(_SEQUENCES.update, _SEQUENCES, counters)

    async def _summaries(self) -> None:
        summaries = dict(self.messages.summaries)
        for conversation in self.conversations.added:
            summaries.setdefault(
                conversation.id,
                SummaryRow(
                    conversation_id=conversation.id,
                    message_id=None,
                    seq_id=0,
                    sender_id=None,
                    type=None,
                    preview=None,
                    created_at=None,
                    expires_at=None,
                    deleted=False,
                    last_activity_at=conversation.created_at,
                ),
            )
        if summaries:
            await self._write(_SUMMARIES.upsert, _SUMMARIES, list(summaries.values()))

    async def _insert(self, table: Table, objects: Sequence[Any]) -> None:
        if objects:
            await self._write(table.insert, table, last_by_key(objects, table.key))

    async def _update(self, table: Table, objects: Sequence[Any], added: Sequence[Any]) -> None:
        new = {id(thing) for thing in added}
        changed = [thing for thing in last_by_key(objects, table.key) if id(thing) not in new]
        if changed:
            await self._write(table.update, table, changed)

    async def _write(self, sql: str, table: Table, objects: Sequence[Any]) -> None:
        await self._transaction.execute(sql, *table.arguments(objects))


class PostgresUnitsOfWork:
    """Opens units of work on a pool's connections."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def open(self) -> AsyncIterator[PostgresUnitOfWork]:
        transaction = Transaction(self._pool)
        try:
            yield PostgresUnitOfWork(transaction)
        finally:
            await transaction.abandon()


def _outbox_arguments(frames: Sequence[Frame]) -> list[list[Any]]:
    return [
        [frame.id for frame in frames],
        [frame.aggregate_type for frame in frames],
        [frame.aggregate_id for frame in frames],
        [frame.event_type for frame in frames],
        [frame.body.decode() for frame in frames],
        [frame.revision or None for frame in frames],
        [frame.subject_id for frame in frames],
        [" ".join(frame.channels) for frame in frames],
        [frame.command_id for frame in frames],
        [frame.at for frame in frames],
    ]


def log_arguments(entry: LogEntry) -> list[Any]:
    """A log entry as the arguments of ``LOG``."""
    return [
        entry.id,
        entry.actor_id,
        entry.session_id,
        entry.name,
        entry.payload.decode(),
        entry.subject_id,
        entry.refused,
        entry.idempotency_key,
        entry.fingerprint,
        None if entry.result is None else entry.result.decode(),
        entry.at,
    ]
