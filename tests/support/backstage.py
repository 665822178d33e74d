"""What no request can do yet: files that are uploaded, and time that passes for a message."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import asyncpg

from adapters.memory.store import MemoryStore
from adapters.postgres import rows
from domain.messaging.attachment import Attachment
from domain.shared.ids import AttachmentId, MessageId, UserId

LONG_AGO = datetime.now(UTC) - timedelta(days=1)


class Backstage(Protocol):
    """Behind the product's back."""

    async def store(self, attachment: Attachment) -> None: ...

    async def expire(self, message_id: str) -> None:
        """Let a message's time be over."""
        ...

    async def says(self, message_id: str) -> str | None:
        """What is stored as a message's content."""
        ...

    async def dump(self) -> dict[str, str]:
        """Everything that is stored, table by table, bytes as text."""
        ...


async def upload(backstage: Backstage, owner: str, **fields: Any) -> str:
    """A file of somebody's, complete unless said otherwise; its id."""
    id = AttachmentId(uuid.uuid4())
    defaults: dict[str, Any] = {
        "uploader_id": UserId(uuid.UUID(owner)),
        "url": f"local:{id}",
        "filename": "a file.png",
        "mime_type": "image/png",
        "size_bytes": 7,
        "created_at": LONG_AGO,
        "completed_at": LONG_AGO,
    }
    await backstage.store(Attachment(id=id, **defaults | fields))
    return str(id)


class MemoryBackstage:
    """Of a server in memory."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def store(self, attachment: Attachment) -> None:
        self._store.attachments[attachment.id] = attachment

    async def expire(self, message_id: str) -> None:
        id = MessageId(uuid.UUID(message_id))
        self._store.messages[id] = replace(self._store.messages[id], expires_at=LONG_AGO)

    async def says(self, message_id: str) -> str | None:
        return self._store.messages[MessageId(uuid.UUID(message_id))].content

    async def dump(self) -> dict[str, str]:
        return {name: repr(value) for name, value in vars(self._store).items()}


class PostgresBackstage:
    """Of servers on a database."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def store(self, attachment: Attachment) -> None:
        for each in rows.ATTACHMENTS.inserting([attachment]):
            await self._connection.execute(each.sql, *each.arguments)

    async def expire(self, message_id: str) -> None:
        id = uuid.UUID(message_id)
        for table, column in (("messages", "id"), ("conversation_summaries", "message_id")):
            sql = f"UPDATE {table} SET expires_at = $2 WHERE {column} = $1"  # noqa: S608
            await self._connection.execute(sql, id, LONG_AGO)

    async def says(self, message_id: str) -> str | None:
        sql = "SELECT content FROM messages WHERE id = $1"
        said: str | None = await self._connection.fetchval(sql, uuid.UUID(message_id))
        return said

    async def dump(self) -> dict[str, str]:
        tables = await self._connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = {}
        for (table,) in tables:
            rows = await self._connection.fetch(f'SELECT * FROM "{table}"')  # noqa: S608
            found[table] = "\n".join(repr(tuple(row)) for row in rows)
        return found


@asynccontextmanager
async def postgres_backstage(database: str) -> AsyncIterator[PostgresBackstage]:
    """Behind the servers on ``database``."""
    connection = await asyncpg.connect(database)
    try:
        yield PostgresBackstage(connection)
    finally:
        await connection.close()
