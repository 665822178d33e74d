"""Rebuilding the conversation list's table from messages, beside servers that go on writing it."""

from collections.abc import Sequence

from adapters.postgres.pool import ACQUIRE_TIMEOUT_SECONDS, Reading, translating
from domain.messaging.content import PREVIEW
from domain.shared.ids import ConversationId

_COUNT = "SELECT count(*) AS n FROM conversations WHERE $1::uuid IS NULL OR id > $1"
_AFTER = "SELECT id FROM conversations WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2"
# The mutex of each conversation, in the order that everybody keeps; what is read after it is current.
_LOCK = """
SELECT FROM conversation_sequences WHERE conversation_id = ANY($1) ORDER BY conversation_id FOR UPDATE
"""
_SAID = "message_id, seq_id, sender_id, type, preview, created_at, expires_at, deleted, last_activity_at"
_REBUILD = f"""
INSERT INTO conversation_summaries AS s (conversation_id, {_SAID})
SELECT c.id, m.id, coalesce(m.seq_id, 0), m.sender_id, m.type, left(m.content, {PREVIEW}), m.created_at,
       m.expires_at, m.deleted_at IS NOT NULL, coalesce(m.created_at, c.created_at)
  FROM conversations c
  LEFT JOIN LATERAL (SELECT * FROM messages WHERE conversation_id = c.id ORDER BY seq_id DESC LIMIT 1) AS m ON true
 WHERE c.id = ANY($1)
    ON CONFLICT (conversation_id) DO UPDATE
   SET ({_SAID}) = ({", ".join(f"EXCLUDED.{name}" for name in _SAID.split(", "))})
 WHERE ({", ".join(f"s.{name}" for name in _SAID.split(", "))})
       IS DISTINCT FROM ({", ".join(f"EXCLUDED.{name}" for name in _SAID.split(", "))})
RETURNING s.conversation_id
"""


class PostgresSummaries(Reading):
    """The promise of ``Summaries``."""

    async def count(self, beyond: ConversationId | None) -> int:
        row = await self.fetchrow(_COUNT, beyond)
        return int(row["n"])

    async def after(self, beyond: ConversationId | None, limit: int) -> list[ConversationId]:
        return [row["id"] for row in await self.fetch(_AFTER, beyond, limit)]

    async def rebuild(self, conversation_ids: Sequence[ConversationId]) -> int:
        ids = list(conversation_ids)
        with translating():
            async with (
                self._pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS) as connection,
                connection.transaction(),
            ):
                await connection.execute(_LOCK, ids)
                return len(await connection.fetch(_REBUILD, ids))
