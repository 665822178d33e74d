"""Everything PostgreSQL has about somebody, read through cursors: the archive of a long life fits in no memory."""

from collections.abc import AsyncGenerator
from typing import Any

import msgspec

from adapters.postgres import rows
from adapters.postgres.pool import ACQUIRE_TIMEOUT_SECONDS, Reading, translating
from application.identity.archive import row
from domain.shared.ids import UserId

_AT_A_TIME = 200
_SECTIONS = {
    "account": f"SELECT {rows.USERS.names}, is_online, last_seen_at FROM users WHERE id = $1",
    "settings": f"SELECT {rows.SETTINGS.names} FROM user_settings WHERE user_id = $1",
    "sessions": f"SELECT {rows.SESSIONS.names} FROM user_sessions WHERE user_id = $1 ORDER BY id",
    "contacts": f"SELECT {rows.CONTACTS.names} FROM user_contacts WHERE user_id = $1 ORDER BY contact_user_id",
    "conversations": f"""
        SELECT {rows.PARTICIPANTS.of("p")}, c.type::text, c.subject
          FROM participants p JOIN conversations c ON c.id = p.conversation_id
         WHERE p.user_id = $1 ORDER BY p.conversation_id""",
    "stays": f"SELECT {rows.STAYS.names} FROM ended_memberships WHERE user_id = $1"
    " ORDER BY conversation_id, left_sequence",
    "messages": f"SELECT {rows.MESSAGES.names} FROM messages WHERE sender_id = $1"
    " ORDER BY conversation_id, seq_id",
    "reactions": "SELECT message_id, reaction_code, created_at FROM message_reactions WHERE user_id = $1"
    " ORDER BY message_id, reaction_code",
    "hidden_messages": "SELECT conversation_id, seq_id FROM hidden_messages WHERE user_id = $1"
    " ORDER BY conversation_id, seq_id",
    "receipts": f"SELECT {rows.RANGES.names} FROM receipt_ranges WHERE user_id = $1"
    " ORDER BY conversation_id, status, to_sequence",
    "attachments": "SELECT id, filename, mime_type, size_bytes, width, height, duration_ms, created_at,"
    " completed_at, deleted_at FROM attachments WHERE uploader_id = $1 ORDER BY id",
    "commands": "SELECT name, at, refused, payload FROM command_log WHERE actor_id = $1 OR subject_id = $1"
    " ORDER BY position",
}
_JSON = ("metadata", "left_snapshot", "payload")


class PostgresArchive(Reading):
    """The promise of ``Archive``: one snapshot, on one connection."""

    async def everything(self, user_id: UserId) -> AsyncGenerator[tuple[str, dict[str, Any]], None]:
        with translating():
            async with (
                self._pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS) as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                for section, sql in _SECTIONS.items():
                    cursor = await connection.cursor(sql, user_id)
                    while part := await cursor.fetch(_AT_A_TIME):
                        for found in part:
                            yield section, row(_decoded(dict(found)))


class PostgresRedactions(Reading):
    """Erased people whose messages are still there."""

    async def pending(self) -> list[UserId]:
        found = await self.fetch("SELECT id FROM users WHERE redaction_pending ORDER BY id LIMIT 100")
        return [record["id"] for record in found]


def _decoded(values: dict[str, Any]) -> dict[str, Any]:
    for name in _JSON:
        if values.get(name) is not None:
            values[name] = msgspec.json.decode(values[name])
    return values
