"""Reading conversations: the list, one of them, its members, and how far each has come."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from adapters.postgres import rows
from adapters.postgres.pool import Reading
from adapters.postgres.visibility import UNREAD_AT_MOST, is_archived, is_news, is_visible
from application.conversation.views import RECEIPTS_UP_TO_MEMBERS
from application.ports.descriptions import Description
from application.ports.readers import Entry, EntryKey, MemberKey, Summary
from domain.conversation.conversation import ConversationType, PostPolicy
from domain.conversation.participant import Participant
from domain.messaging.content import PREVIEW, MessageType
from domain.shared.ids import ConversationId, UserId, peer_of

# First the reader's own participations with what places each in the list, then the page of them, and only for
# that page what costs more. The summary serves unless its message is one the reader does not see (hidden,
# cleared, expired, or later than their leaving); then the newest one they see is looked for. OFFSET keeps the planner
# from asking what serves again for each column.
PLACED = f"""
SELECT p.conversation_id AS id, p.pinned_at,
       CASE WHEN summary.serves THEN s.created_at
            ELSE coalesce(newest.created_at, c.created_at) END AS activity,
       CASE WHEN summary.serves THEN s.message_id ELSE newest.id END AS m_id,
       CASE WHEN summary.serves THEN s.seq_id ELSE newest.seq_id END AS m_seq_id,
       CASE WHEN summary.serves THEN s.sender_id ELSE newest.sender_id END AS m_sender_id,
       CASE WHEN summary.serves THEN s.type ELSE newest.type END AS m_type,
       CASE WHEN summary.serves THEN s.preview ELSE newest.preview END AS m_preview,
       CASE WHEN summary.serves THEN s.created_at ELSE newest.created_at END AS m_created_at,
       CASE WHEN summary.serves THEN s.deleted ELSE newest.deleted END AS m_deleted
  FROM participants p
  JOIN conversations c ON c.id = p.conversation_id AND c.closed_at IS NULL
  LEFT JOIN conversation_summaries s ON s.conversation_id = p.conversation_id
 CROSS JOIN LATERAL (
        SELECT coalesce(s.message_id IS NOT NULL AND s.seq_id > p.cleared_through_sequence
                        AND (p.left_sequence IS NULL OR s.seq_id <= p.left_sequence)
                        AND {is_visible("s", "p", "$2")}, false) AS serves OFFSET 0) AS summary
  LEFT JOIN LATERAL (
        SELECT m.id, m.seq_id, m.sender_id, m.type, left(m.content, {PREVIEW}) AS preview, m.created_at,
               m.deleted_at IS NOT NULL AS deleted
          FROM messages m
         WHERE NOT summary.serves AND m.conversation_id = p.conversation_id
           AND m.seq_id > p.cleared_through_sequence
           AND (p.left_sequence IS NULL OR m.seq_id <= p.left_sequence) AND {is_visible("m", "p", "$2")}
         ORDER BY m.seq_id DESC LIMIT 1) AS newest ON true
 WHERE p.user_id = $1
"""
ENTRIES = f"""
SELECT {rows.CONVERSATIONS.of("c")}, q.last_sequence, q.revision AS head_revision,
       {rows.PARTICIPANTS.of("p", prefix="p_", archived=is_archived("p", "s"))}, p.arrival, placed.activity, placed.m_id, placed.m_seq_id,
       placed.m_sender_id, placed.m_type, placed.m_preview, placed.m_created_at, placed.m_deleted,
       news.n AS unread, others.delivered, others.read
  FROM placed
  JOIN participants p ON p.conversation_id = placed.id AND p.user_id = $1
  JOIN conversations c ON c.id = placed.id
  JOIN conversation_sequences q ON q.conversation_id = placed.id
  LEFT JOIN conversation_summaries s ON s.conversation_id = placed.id
 CROSS JOIN LATERAL (
        SELECT count(*) AS n FROM (
            SELECT FROM messages m
             WHERE p.left_at IS NULL AND m.conversation_id = p.conversation_id
               AND m.seq_id > greatest(p.last_read_sequence, p.cleared_through_sequence)
               AND {is_news("m", "p", "$2")}
             LIMIT {UNREAD_AT_MOST}) AS counted) AS news
 CROSS JOIN LATERAL (
        SELECT coalesce(min(o.told_delivered_sequence), 0) AS delivered,
               coalesce(min(o.told_read_sequence), 0) AS read
          FROM participants o
         WHERE (c.type = 'DM' OR $3) AND c.member_count <= {RECEIPTS_UP_TO_MEMBERS}
           AND o.conversation_id = p.conversation_id AND o.user_id <> p.user_id
           AND o.left_at IS NULL) AS others
"""
_PAGE = f"""
WITH placed AS (
    SELECT * FROM ({PLACED} AND {is_archived("p", "s")} = $4 AND (p.left_at IS NOT NULL) = $5 AND p.listed) AS mine
     WHERE $6::uuid IS NULL
        OR (coalesce(pinned_at, '-infinity'), activity, id)
           < (coalesce($7::timestamptz, '-infinity'), $8::timestamptz, $6::uuid)
     ORDER BY coalesce(pinned_at, '-infinity') DESC, activity DESC, id DESC
     LIMIT $9
) {ENTRIES}
 ORDER BY coalesce(placed.pinned_at, '-infinity') DESC, placed.activity DESC, placed.id DESC
"""
_ONE = f"WITH placed AS ({PLACED} AND p.conversation_id = $4) {ENTRIES}"
_MEMBERSHIP = f"""
SELECT {rows.PARTICIPANTS.of("p", archived=is_archived("p", "s"))} FROM participants p
  JOIN conversations c ON c.id = p.conversation_id AND c.closed_at IS NULL
  LEFT JOIN conversation_summaries s ON s.conversation_id = p.conversation_id
 WHERE p.user_id = $1 AND p.conversation_id = $2
"""
_MEMBERS = f"""
SELECT {rows.PARTICIPANTS.names} FROM participants
 WHERE conversation_id = $1 AND left_at IS NULL
   AND ($2::participant_role IS NULL OR (role, joined_at, user_id) > ($2, $3::timestamptz, $4::uuid))
 ORDER BY role, joined_at, user_id LIMIT $5
"""
_UNREAD = f"""
SELECT count(*) AS conversations, coalesce(sum(news.n), 0)::bigint AS messages
  FROM participants p
  JOIN conversations c ON c.id = p.conversation_id AND c.closed_at IS NULL
  JOIN conversation_summaries s ON s.conversation_id = p.conversation_id
 CROSS JOIN LATERAL (
        SELECT count(*) AS n FROM (
            SELECT FROM messages m
             WHERE m.conversation_id = p.conversation_id
               AND m.seq_id > greatest(p.last_read_sequence, p.cleared_through_sequence)
               AND {is_news("m", "p", "$2")}
             LIMIT {UNREAD_AT_MOST}) AS counted) AS news
 WHERE p.user_id = $1 AND p.left_at IS NULL AND p.listed AND news.n > 0
   AND s.seq_id > greatest(p.last_read_sequence, p.cleared_through_sequence)
   AND (p.muted_until IS NULL OR p.muted_until <= $2) AND NOT {is_archived("p", "s")}
"""
_HEADS = """
SELECT p.user_id, q.conversation_id, q.revision FROM participants p
  JOIN conversation_sequences q USING (conversation_id)
  JOIN conversations c ON c.id = p.conversation_id
 WHERE p.user_id = ANY($1) AND p.left_at IS NULL AND c.closed_at IS NULL
"""
_LEFT = """
SELECT p.conversation_id FROM participants p JOIN conversations c ON c.id = p.conversation_id
 WHERE p.user_id = $1 AND p.conversation_id = ANY($2) AND (p.left_at IS NOT NULL OR c.closed_at IS NOT NULL)
"""
_PRESENT = """
SELECT p.user_id FROM participants p JOIN conversations c ON c.id = p.conversation_id
 WHERE p.conversation_id = $1 AND p.user_id = ANY($2) AND p.left_at IS NULL AND c.closed_at IS NULL
"""
_ABOUT = f"""
SELECT {", ".join(Description.__dataclass_fields__)} FROM conversations WHERE id = ANY($1)
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
        place = (after.conversation_id, after.pinned_at, after.last_activity_at) if after else (None,) * 3
        found = await self.fetch(_PAGE, user_id, now, False, archived, left, *place, limit)
        return [entry_of(user_id, row, of_groups=False) for row in found]

    async def entry(self, user_id: UserId, conversation_id: ConversationId, now: datetime) -> Entry | None:
        row = await self.fetchrow(_ONE, user_id, now, True, conversation_id)
        return None if row is None else entry_of(user_id, row, of_groups=True)

    async def membership(self, user_id: UserId, conversation_id: ConversationId) -> Participant | None:
        row = await self.fetchrow(_MEMBERSHIP, user_id, conversation_id)
        return None if row is None else rows.participant(row)

    async def members(
        self, conversation_id: ConversationId, *, after: MemberKey | None, limit: int
    ) -> list[Participant]:
        key = (after.role, after.joined_at, after.user_id) if after else (None, None, None)
        return [rows.participant(row) for row in await self.fetch(_MEMBERS, conversation_id, *key, limit)]

    async def unread(self, user_id: UserId, now: datetime) -> tuple[int, int]:
        row = await self.fetchrow(_UNREAD, user_id, now)
        return row["conversations"], row["messages"]

    async def heads(self, user_ids: Sequence[UserId]) -> dict[UserId, dict[ConversationId, int]]:
        found: dict[UserId, dict[ConversationId, int]] = {}
        for row in await self.fetch(_HEADS, list(user_ids)):
            found.setdefault(row["user_id"], {})[row["conversation_id"]] = row["revision"]
        return found

    async def left_among(
        self, user_id: UserId, conversation_ids: Sequence[ConversationId]
    ) -> set[ConversationId]:
        found = await self.fetch(_LEFT, user_id, list(conversation_ids))
        return {row["conversation_id"] for row in found}

    async def present(self, conversation_id: ConversationId, among: Sequence[UserId]) -> set[UserId]:
        return {row["user_id"] for row in await self.fetch(_PRESENT, conversation_id, list(among))}

    async def heads_of(self, conversation_ids: Sequence[ConversationId]) -> dict[ConversationId, int]:
        found = await self.fetch(_HEADS_OF, list(conversation_ids))
        return {row["conversation_id"]: row["revision"] for row in found}


class PostgresDescriptions(Reading):
    """What describes conversations."""

    async def about(self, conversation_ids: Sequence[ConversationId]) -> dict[ConversationId, Description]:
        found = await self.fetch(_ABOUT, list(conversation_ids)) if conversation_ids else []
        return {
            row["id"]: Description(
                **dict(row)
                | {"type": ConversationType(row["type"]), "post_policy": PostPolicy(row["post_policy"])}
            )
            for row in found
        }


def entry_of(user_id: UserId, row: Any, *, of_groups: bool) -> Entry:
    """A row of ``ENTRIES``."""
    conversation = rows.conversation(row)
    key = conversation.direct_key
    is_asked = (of_groups or conversation.is_direct) and conversation.member_count <= RECEIPTS_UP_TO_MEMBERS
    return Entry(
        conversation=conversation,
        me=rows.participant({name: row[f"p_{name}"] for name in rows.PARTICIPANTS.columns}),
        peer_id=None if key is None else peer_of(key, user_id),
        unread_count=row["unread"],
        last_message=None if row["m_id"] is None else _summary(row),
        last_activity_at=row["activity"],
        receipts=(row["delivered"], row["read"]) if is_asked else None,
    )


def _summary(row: Any) -> Summary:
    return Summary(
        message_id=row["m_id"],
        seq_id=row["m_seq_id"],
        sender_id=row["m_sender_id"],
        type=MessageType(row["m_type"]),
        preview=None if row["m_deleted"] else row["m_preview"],
        created_at=row["m_created_at"],
        deleted=row["m_deleted"],
    )
