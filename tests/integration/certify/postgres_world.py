"""PostgreSQL as one world, emptied before each test."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from adapters.postgres import rows
from adapters.postgres.archive import PostgresArchive, PostgresRedactions
from adapters.postgres.conversation_reader import PostgresConversationReader, PostgresDescriptions
from adapters.postgres.message_reader import PostgresExpirations, PostgresMessageReader
from adapters.postgres.outbox import PostgresCommandLog, PostgresOutbox
from adapters.postgres.people_readers import (
    PostgresContactReader,
    PostgresCredentials,
    PostgresDirectory,
    PostgresEpochs,
    PostgresProfiles,
    PostgresRelations,
    PostgresSessionReader,
)
from adapters.postgres.pool import Pool, open_pool
from adapters.postgres.presence import PostgresMirror
from adapters.postgres.receipt_reader import PostgresReceiptReader
from adapters.postgres.summaries import PostgresSummaries
from adapters.postgres.sync_reader import PostgresSyncReader
from adapters.postgres.tables import Statement
from adapters.postgres.unit_of_work import PostgresUnitsOfWork
from application.testing.world import World
from domain.messaging.attachment import Attachment
from domain.messaging.message import Message
from domain.messaging.receipt import DeliveryStatus, ReceiptRange
from domain.shared.ids import ConversationId, UserId

POOL_SIZE = 10
KEPT = ("database_epoch", "schema_migrations")


class PostgresBackstage:
    """What lies in a database, and what no port puts there."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def ranges(self, conversation_id: ConversationId) -> list[ReceiptRange]:
        sql = f"SELECT {rows.RANGES.names} FROM receipt_ranges WHERE conversation_id = $1"  # noqa: S608
        found = [dict(row) for row in await self._pool.fetch(sql, conversation_id)]
        return [ReceiptRange(**row | {"status": DeliveryStatus(row["status"])}) for row in found]

    async def hide(self, user_id: UserId, message: Message, my_revision: int = 1) -> None:
        await self._pool.execute(
            "INSERT INTO hidden_messages (user_id, conversation_id, message_id, seq_id, my_revision) "
            "VALUES ($1, $2, $3, $4, $5)",
            user_id,
            message.conversation_id,
            message.id,
            message.seq_id,
            my_revision,
        )

    async def spoil_summaries(self, conversation_ids: Sequence[ConversationId]) -> int:
        places = list(conversation_ids)
        await self._pool.execute(
            "DELETE FROM conversation_summaries WHERE conversation_id = ANY($1)", places[::2]
        )
        await self._pool.execute(
            "UPDATE conversation_summaries SET preview = 'wrong', seq_id = 77, deleted = NOT deleted, "
            "last_activity_at = now() WHERE conversation_id = ANY($1)",
            places[1::2],
        )
        return len(places)

    async def rewrite(self, message: Message) -> None:
        await self._do(rows.MESSAGES.updating([message]))
        await self._pool.execute(
            "UPDATE conversation_summaries SET preview = $2, deleted = $3 WHERE message_id = $1",
            message.id,
            message.content,
            message.deleted_at is not None,
        )

    async def _do(self, statements: Sequence[Statement]) -> None:
        for each in statements:
            await self._pool.execute(each.sql, *each.arguments)

    async def upload(self, attachment: Attachment) -> None:
        await self._do(rows.ATTACHMENTS.inserting([attachment]))

    async def hidden(self, user_id: UserId) -> dict[int, int]:
        sql = "SELECT seq_id, my_revision FROM hidden_messages WHERE user_id = $1"
        return {row["seq_id"]: row["my_revision"] for row in await self._pool.fetch(sql, user_id)}


@asynccontextmanager
async def postgres_world(dsn: str) -> AsyncIterator[World]:
    """Every port over the database at ``dsn``, which is emptied first."""
    pool = await open_pool(dsn, POOL_SIZE)
    outbox, rival = PostgresOutbox(pool, dsn), PostgresOutbox(pool, dsn)
    try:
        await _empty(pool)
        yield World(
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
            rival_outbox=rival,
            command_log=PostgresCommandLog(pool),
            backstage=PostgresBackstage(pool),
        )
    finally:
        await outbox.release()
        await rival.release()
        await pool.close()


async def _empty(pool: Pool) -> None:
    """Delete all rows but those the migrations made."""
    found = await pool.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    names = [row["relname"] for row in found if row["relname"] not in KEPT]
    await pool.execute(f"TRUNCATE {', '.join(names)} CASCADE")
