"""PostgreSQL's unit of work: look-ups as they come, all writing at commit, one statement a table."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from adapters.postgres import rows, wiping
from adapters.postgres.chat_repositories import PostgresConversations, PostgresParticipants
from adapters.postgres.message_parts import PostgresAttachments, PostgresReactions
from adapters.postgres.message_repository import PostgresMessages
from adapters.postgres.people_repositories import PostgresContacts, PostgresSessions, PostgresUsers
from adapters.postgres.pool import Pool
from adapters.postgres.tables import Statement, together
from adapters.postgres.transaction import Transaction
from application.bus.account import Ledger
from application.ports.command_log import LogEntry
from application.ports.events import Frame
from domain.shared.events import Event
from domain.shared.ids import UserId


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
        writing = list(self._statements(max(entry.at for entry in entries)))
        if self.messages.wiped or self._forgotten:
            # What is taken back is taken from what is written before.
            await self._write(writing)
            await self._take_back()
            writing = []
        await self._write([*writing, *outbox_statements(frames), *log_statements(entries)])
        await self._transaction.commit()

    async def _write(self, statements: Iterable[Statement]) -> None:
        for each in together(statements):
            await self._transaction.execute(each.sql, *each.arguments)

    async def _take_back(self) -> None:
        if self.messages.wiped:
            await wiping.wipe_messages(
                self._transaction, self.messages.wiped, self.messages.origins_of_wiped()
            )
        for user_id in self._forgotten:
            await wiping.forget_person(self._transaction, user_id)

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


def outbox_statements(frames: Sequence[Frame]) -> list[Statement]:
    """Keep frames until they are published, and for a while longer."""
    return rows.OUTBOX.inserting_rows(
        [
            (
                frame.id,
                frame.aggregate_type,
                frame.aggregate_id,
                frame.event_type,
                frame.body.decode(),
                frame.revision or None,
                frame.subject_id,
                " ".join(frame.channels),
                frame.command_id,
                frame.at,
            )
            for frame in frames
        ]
    )


def log_statements(entries: Sequence[LogEntry]) -> list[Statement]:
    """Log entries, in their order."""
    return rows.LOG.inserting_rows(
        [
            (
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
            )
            for entry in entries
        ]
    )
