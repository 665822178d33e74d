"""PostgreSQL's unit of work: look-ups as they come, all writing at commit, one statement a table."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from adapters.postgres import wiping
from adapters.postgres.chat_repositories import PostgresConversations, PostgresParticipants
from adapters.postgres.message_parts import PostgresAttachments, PostgresReactions
from adapters.postgres.message_repository import PostgresMessages
from adapters.postgres.people_repositories import PostgresContacts, PostgresSessions, PostgresUsers
from adapters.postgres.pool import Pool
from adapters.postgres.rows import Statement
from adapters.postgres.transaction import Transaction
from application.bus.account import Ledger
from application.ports.command_log import LogEntry
from application.ports.events import Frame
from domain.shared.events import Event
from domain.shared.ids import UserId

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
SELECT v.id, v.actor_id, v.session_id, v.name, v.payload::json, v.subject_id, v.refused, v.idempotency_key,
       v.fingerprint, v.result::json, v.at
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[],
              $9::bytea[], $10::text[], $11::timestamptz[])
       WITH ORDINALITY
    AS v(id, actor_id, session_id, name, payload, subject_id, refused, idempotency_key, fingerprint, result, at,
         place)
 ORDER BY v.place
"""


class PostgresUnitOfWork:
    """One transaction. What was found is remembered; what was saved is written by ``commit``.

    Several may use it at the same time; their look-ups share round trips.
    """

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._saved = Ledger()
        self.users = PostgresUsers(transaction, self._saved)
        self.sessions = PostgresSessions(transaction, self._saved)
        self.contacts = PostgresContacts(transaction, self._saved)
        self.participants = PostgresParticipants(transaction, self._saved)
        self.conversations = PostgresConversations(transaction, self._saved, self.participants.distrust)
        self.messages = PostgresMessages(transaction, self._saved, self.conversations, self.contacts)
        self.attachments = PostgresAttachments(transaction, self._saved)
        self.reactions = PostgresReactions(transaction, self._saved)
        self.participants.said = self.messages.said
        self._forgotten: list[UserId] = []

    def forget_person(self, user_id: UserId) -> None:
        self._forgotten.append(user_id)

    def events(self) -> list[Event]:
        return self._saved.current.told()

    async def commit(self, entries: Sequence[LogEntry], frames: Sequence[Frame]) -> None:
        for sql, arguments in self._statements(max(entry.at for entry in entries)):
            await self._transaction.execute(sql, *arguments)
        if self.messages.wiped:
            await wiping.wipe_messages(
                self._transaction, self.messages.wiped, self.messages.origins_of_wiped()
            )
        for user_id in self._forgotten:
            await wiping.forget_person(self._transaction, user_id)
        if frames:
            await self._transaction.execute(_OUTBOX, *_outbox_arguments(frames))
        await self._transaction.execute(LOG, *log_arguments(entries))
        await self._transaction.commit()

    def _statements(self, at: datetime) -> Iterable[Statement]:
        """What is referred to before what refers to it."""
        yield from self.users.statements()
        yield from self.sessions.statements()
        yield from self.contacts.statements()
        yield from self.conversations.statements(at)
        yield from self.participants.statements()
        yield from self.messages.statements(self.conversations.added.values())
        yield from self.attachments.statements()
        yield from self.reactions.statements()


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


def log_arguments(entries: Sequence[LogEntry]) -> list[list[Any]]:
    """Log entries as the arguments of ``LOG``."""
    return [
        [entry.id for entry in entries],
        [entry.actor_id for entry in entries],
        [entry.session_id for entry in entries],
        [entry.name for entry in entries],
        [entry.payload.decode() for entry in entries],
        [entry.subject_id for entry in entries],
        [entry.refused for entry in entries],
        [entry.idempotency_key for entry in entries],
        [entry.fingerprint for entry in entries],
        [None if entry.result is None else entry.result.decode() for entry in entries],
        [entry.at for entry in entries],
    ]
