"""Reading conversations: the list, one of them, its members, and how far each has come."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from adapters.postgres import rows
from adapters.postgres.pool import Reading
from application.conversation.views import RECEIPTS_UP_TO_MEMBERS
from application.ports.readers import Entry, EntryKey, MemberKey, Summary
from domain.conversation.conversation import Conversation
from domain.conversation.participant import Participant
from domain.messaging.content import MessageType, preview
from domain.shared.ids import ConversationId, UserId, peer_of

# One scan of the reader's own participations. The summary serves unless its message is one the reader does not
# see (hidden, cleared, expired); then the newest visible one is looked for.
_ENTRIES = f"""
SELECT {rows.CONVERSATIONS.of("c")}, q.last_sequence, q.revision AS head_revision,
       {", ".join(f"p.{name} AS p_{name}" for name in rows.PARTICIPANTS.columns)},
       shown.*, unread.n AS unread, coalesce(shown.m_created_at, c.created_at) AS activity
  FROM participants p
  JOIN conversations c ON c.id = p.conversation_id AND c.closed_at IS NULL
  JOIN conversation_sequences q ON q.conversation_id = c.id
  JOIN conversation_summaries s ON s.conversation_id = c.id
  LEFT JOIN LATERAL (
        SELECT s.message_id AS m_id, s.seq_id AS m_seq_id, s.sender_id AS m_sender_id, s.type AS m_type,
               s.preview AS m_content, s.created_at AS m_created_at, s.deleted AS m_deleted
         WHERE s.message_id IS NOT NULL AND s.seq_id > p.cleared_through_sequence
           AND (s.expires_at IS NULL OR s.expires_at > $2) AND p.left_at IS NULL
           AND NOT EXISTS (SELECT FROM hidden_messages h WHERE h.user_id = p.user_id
                              AND h.conversation_id = c.id AND h.seq_id = s.seq_id)
        UNION ALL
        (SELECT m.id, m.seq_id, m.sender_id, m.type, m.content, m.created_at, m.deleted_at IS NOT NULL
          FROM messages m
         WHERE m.conversation_id = c.id AND m.seq_id > p.cleared_through_sequence
           AND (p.left_sequence IS NULL OR m.seq_id <= p.left_sequence)
           AND (m.expires_at IS NULL OR m.expires_at > $2)
           AND NOT EXISTS (SELECT FROM hidden_messages h WHERE h.user_id = p.user_id
                              AND h.conversation_id = c.id AND h.seq_id = m.seq_id)
         ORDER BY m.seq_id DESC LIMIT 1)
         LIMIT 1) shown ON true
  LEFT JOIN LATERAL (
        SELECT count(*) AS n FROM (
            SELECT FROM messages m
             WHERE p.left_at IS NULL AND m.conversation_id = c.id
               AND m.seq_id > greatest(p.last_read_sequence, p.cleared_through_sequence)
               AND m.sender_id <> p.user_id AND m.type <> 'SYSTEM' AND m.deleted_at IS NULL
               AND (m.expires_at IS NULL OR m.expires_at > $2)
               AND NOT EXISTS (SELECT FROM hidden_messages h WHERE h.user_id = p.user_id
                                  AND h.conversation_id = c.id AND h.seq_id = m.seq_id)
               AND NOT EXISTS (SELECT FROM user_contacts k WHERE k.user_id = p.user_id
                                  AND k.contact_user_id = m.sender_id AND k.is_blocked)
             LIMIT 100) AS counted) unread ON true
 WHERE p.user_id = $1
"""
_PAGE = f"""
SELECT * FROM ({_ENTRIES} AND p.archived = $3 AND (p.left_at IS NOT NULL) = $4 AND p.listed) entries
 WHERE $5::uuid IS NULL
    OR (coalesce(p_pinned_at, '-infinity'), activity, id)
       < (coalesce($6::timestamptz, '-infinity'), $7::timestamptz, $5::uuid)
 ORDER BY coalesce(p_pinned_at, '-infinity') DESC, activity DESC, id DESC
 LIMIT $8
"""
_ONE = f"{_ENTRIES} AND p.conversation_id = $3"
_LOWEST = """
SELECT conversation_id, min(last_delivered_sequence) AS delivered, min(last_read_sequence) AS read
  FROM participants WHERE conversation_id = ANY($1) AND user_id <> $2 AND left_at IS NULL
 GROUP BY conversation_id
"""
_MEMBERSHIP = f"""
SELECT {rows.PARTICIPANTS.of("p")} FROM participants p
  JOIN conversations c ON c.id = p.conversation_id AND c.closed_at IS NULL
 WHERE p.user_id = $1 AND p.conversation_id = $2
"""
_MEMBERS = f"""
SELECT {rows.PARTICIPANTS.names} FROM participants
 WHERE conversation_id = $1 AND left_at IS NULL
   AND ($2::participant_role IS NULL OR (role, joined_at, user_id) > ($2, $3::timestamptz, $4::uuid))
 ORDER BY role, joined_at, user_id LIMIT $5
"""
_HEADS = """
SELECT q.conversation_id, q.revision FROM participants p
  JOIN conversation_sequences q USING (conversation_id)
  JOIN conversations c ON c.id = p.conversation_id
 WHERE p.user_id = $1 AND p.left_at IS NULL AND c.closed_at IS NULL
"""
_HEADS_OF = "SELECT conversation_id, revision FROM conversation_sequences WHERE conversation_id = ANY($1)"


class PostgresConversationReader(Reading):
    """Conversations as their participants have them."""

    async def page(
        self,
        user_id: UserId,
        *,
        archived: bool,
        left: bool,
        after: EntryKey | None,
        limit: int,
        now: datetime,
    ) -> list[Entry]:
        found = await self.fetch(
            _PAGE,
            user_id,
            now,
            archived,
            left,
            after.conversation_id if after else None,
            after.pinned_at if after else None,
            after.last_activity_at if after else None,
            limit,
        )
        return await self._entries(user_id, found, of_groups=False)

    async def entry(self, user_id: UserId, conversation_id: ConversationId, now: datetime) -> Entry | None:
        found = await self._entries(
            user_id, await self.fetch(_ONE, user_id, now, conversation_id), of_groups=True
        )
        return found[0] if found else None

    async def membership(self, user_id: UserId, conversation_id: ConversationId) -> Participant | None:
        row = await self.fetchrow(_MEMBERSHIP, user_id, conversation_id)
        return None if row is None else rows.participant(row)

    async def members(
        self, conversation_id: ConversationId, *, after: MemberKey | None, limit: int
    ) -> list[Participant]:
        key = (after.role, after.joined_at, after.user_id) if after else (None, None, None)
        return [rows.participant(row) for row in await self.fetch(_MEMBERS, conversation_id, *key, limit)]

    async def heads(self, user_id: UserId) -> dict[ConversationId, int]:
        return {row["conversation_id"]: row["revision"] for row in await self.fetch(_HEADS, user_id)}

    async def heads_of(self, conversation_ids: Sequence[ConversationId]) -> dict[ConversationId, int]:
        found = await self.fetch(_HEADS_OF, list(conversation_ids))
        return {row["conversation_id"]: row["revision"] for row in found}

    async def _entries(self, user_id: UserId, found: list[Any], *, of_groups: bool) -> list[Entry]:
        conversations = [rows.conversation(row) for row in found]
        asked = [
            c.id
            for c in conversations
            if (of_groups or c.is_direct) and c.member_count <= RECEIPTS_UP_TO_MEMBERS
        ]
        lowest = {}
        if asked:
            cursors = await self.fetch(_LOWEST, asked, user_id)
            lowest = dict.fromkeys(asked, (0, 0))
            lowest |= {row["conversation_id"]: (row["delivered"], row["read"]) for row in cursors}
        return [
            _entry(user_id, c, row, lowest.get(c.id)) for c, row in zip(conversations, found, strict=True)
        ]


def _entry(user_id: UserId, conversation: Conversation, row: Any, receipts: tuple[int, int] | None) -> Entry:
    last = None
    if row["m_id"] is not None:
        last = Summary(
            message_id=row["m_id"],
            seq_id=row["m_seq_id"],
            sender_id=row["m_sender_id"],
            type=MessageType(row["m_type"]),
            preview=preview(row["m_content"]),
            created_at=row["m_created_at"],
            deleted=row["m_deleted"],
        )
    key = conversation.direct_key
    return Entry(
        conversation=conversation,
        me=rows.participant({name: row[f"p_{name}"] for name in rows.PARTICIPANTS.columns}),
        peer_id=None if key is None else peer_of(key, user_id),
        unread_count=row["unread"],
        last_message=last,
        last_activity_at=row["activity"],
        receipts=receipts,
    )
