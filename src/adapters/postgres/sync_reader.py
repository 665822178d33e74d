"""What has changed since somebody last looked: rows by revision and by arrival, each question one statement or two."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from adapters.postgres import rows
from adapters.postgres.conversation_reader import ENTRIES, PLACED, entry_of
from adapters.postgres.pool import Reading
from adapters.postgres.visibility import UNREAD_AT_MOST, is_news, is_visible
from application.ports.readers import Entry
from application.ports.syncing import ArrivalKey, Changes, Known, Standing
from domain.shared.ids import ConversationId, UserId

_LAST = 2**63 - 1
# The numbers first, by a statement of their own: what changes after it has a higher number, and comes next time.
_NOW_AT = """
SELECT p.left_at IS NOT NULL AS has_left, p.revision AS left_revision, p.left_sequence, p.my_revision,
       p.cleared_through_sequence, q.revision, c.type = 'GROUP' AS is_group, c.info_revision
  FROM participants p
  JOIN conversation_sequences q ON q.conversation_id = p.conversation_id
  JOIN conversations c ON c.id = p.conversation_id AND c.closed_at IS NULL
 WHERE p.conversation_id = $1 AND p.user_id = $2
"""
_VISIBLE = f"""
SELECT {rows.MESSAGES.of("m")} FROM messages m, (SELECT $1::uuid AS conversation_id, $2::uuid AS user_id) me
 WHERE m.conversation_id = $1 AND m.seq_id > $3 AND m.seq_id <= $4 AND {is_visible("m", "me", "$5")}
"""
_CHANGED = f"{_VISIBLE} AND m.revision > $6 AND m.revision <= $7 ORDER BY m.revision LIMIT $8"
# What became, after somebody left, of messages they can see: 4,096 of them at a time, as the index has them.
CHANGED_AFTER_LEAVING = f"""
SELECT {rows.MESSAGES.of("m")} FROM generate_series($3::bigint >> 12, $4::bigint >> 12) AS portion(n)
 CROSS JOIN LATERAL ({_VISIBLE} AND m.is_changed AND m.seq_id >> 12 = portion.n AND m.revision > $6
                      ORDER BY m.revision LIMIT $7) AS m
 ORDER BY m.revision LIMIT $7
"""
_HIDDEN = """
SELECT message_id, my_revision FROM hidden_messages
 WHERE conversation_id = $1 AND user_id = $2 AND my_revision > $3 AND my_revision <= $4
 ORDER BY my_revision LIMIT $5
"""
_MEMBERS_CHANGED = """
SELECT EXISTS (SELECT FROM participants WHERE conversation_id = $1 AND revision > $2 AND revision <= $3) AS changed
"""
_EXPIRED = """
SELECT EXISTS (SELECT FROM messages WHERE conversation_id = $1 AND revision > $2 AND revision <= $3
                  AND expires_at <= $4) AS unseen
"""
_STANDINGS = f"""
SELECT k.id, p.user_id IS NOT NULL AS is_mine, q.revision, p.my_revision, q.last_sequence, news.n AS unread
  FROM unnest($3::uuid[], $4::bigint[], $5::bigint[]) AS k(id, revision, my_revision)
  LEFT JOIN conversations c ON c.id = k.id AND c.closed_at IS NULL
  LEFT JOIN participants p
    ON p.conversation_id = c.id AND p.user_id = $1 AND p.left_at IS NULL AND p.listed
  LEFT JOIN conversation_sequences q ON q.conversation_id = p.conversation_id
 CROSS JOIN LATERAL (
        SELECT count(*) AS n FROM (
            SELECT FROM messages m
             WHERE m.conversation_id = p.conversation_id
               AND m.seq_id > greatest(p.last_read_sequence, p.cleared_through_sequence)
               AND {is_news("m", "p", "$2")}
             LIMIT {UNREAD_AT_MOST}) AS counted) AS news
 WHERE p.user_id IS NULL OR (q.revision, p.my_revision) <> (k.revision, k.my_revision)
 ORDER BY k.id
"""
_JOINED = f"""
WITH arrived AS (
    SELECT a.conversation_id FROM participants a
      JOIN conversations c ON c.id = a.conversation_id AND c.closed_at IS NULL
     WHERE a.user_id = $1 AND a.left_at IS NULL AND a.listed
       AND (a.arrival, a.conversation_id) > ($4::bigint, $5::uuid)
     ORDER BY a.arrival, a.conversation_id LIMIT $6
), placed AS ({PLACED} AND p.conversation_id IN (SELECT conversation_id FROM arrived)) {ENTRIES}
 ORDER BY p.arrival, p.conversation_id
"""


class PostgresSyncReader(Reading):
    """The promise of ``SyncReader``."""

    async def changes(
        self, user_id: UserId, conversation_id: ConversationId, since: Known, *, limit: int, now: datetime
    ) -> Changes | None:
        whose = (conversation_id, user_id)
        at = await self.fetchrow(_NOW_AT, *whose)
        if at is None:
            return None
        has_left, head = at["has_left"], at["revision"]
        seen = (at["cleared_through_sequence"], at["left_sequence"] if has_left else _LAST, now)
        until = at["left_revision"] if has_left else head
        found = await self.fetch(_CHANGED, *whose, *seen, since.revision, until, limit + 1)
        if has_left and len(found) <= limit:
            later = max(since.revision, until)
            more = await self.fetch(CHANGED_AFTER_LEAVING, *whose, *seen, later, limit + 1)
            # Between the two statements, one of the first may have become one of the second.
            found = list({row["id"]: row for row in (*found, *more)}.values())
            found.sort(key=lambda row: int(row["revision"]))
        messages, has_more = [rows.message(row) for row in found[:limit]], len(found) > limit
        # What one did oneself comes with the last of the messages: archiving, say, is undone by those before it.
        mine = since.my_revision if has_more else at["my_revision"]
        if has_more:
            reached = messages[-1].revision
        else:
            known = (since.revision, at["left_revision"])
            reached = max(*known, *(m.revision for m in messages)) if has_left else head
        # Of who takes part and what it is called, somebody who left knows what was so when they did.
        told = min(reached, at["left_revision"]) if has_left else reached
        members = await self.fetchrow(_MEMBERS_CHANGED, conversation_id, since.revision, told)
        expired = await self.fetchrow(_EXPIRED, conversation_id, since.revision, reached, now)
        hidden = await self.fetch(_HIDDEN, *whose, since.my_revision, mine, limit + 1)
        if len(hidden) > limit:
            has_more, mine = True, hidden[limit - 1]["my_revision"]
        is_first = since.revision == 0
        return Changes(
            messages=messages,
            members_changed=members["changed"] or (is_first and at["is_group"]),
            info_changed=is_first or since.revision < at["info_revision"] <= told,
            me_changed=at["my_revision"] != since.my_revision or expired["unseen"],
            hidden=[row["message_id"] for row in hidden[:limit]],
            until=Known(reached, mine),
            has_more=has_more,
        )

    async def standings(
        self, user_id: UserId, known: Mapping[ConversationId, Known], now: datetime
    ) -> tuple[list[Standing], list[ConversationId]]:
        numbers = ([each.revision for each in known.values()], [each.my_revision for each in known.values()])
        found = await self.fetch(_STANDINGS, user_id, now, list(known), *numbers)
        return [_standing(row) for row in found if row["is_mine"]], [
            row["id"] for row in found if not row["is_mine"]
        ]

    async def joined(
        self, user_id: UserId, *, after: ArrivalKey | None, limit: int, now: datetime
    ) -> list[tuple[Entry, ArrivalKey]]:
        place = (-1, UUID(int=0)) if after is None else (after.arrival, after.conversation_id)
        found = await self.fetch(_JOINED, user_id, now, False, *place, limit)
        return [
            (entry_of(user_id, row, of_groups=False), ArrivalKey(row["arrival"], row["id"])) for row in found
        ]


def _standing(row: Any) -> Standing:
    return Standing(
        conversation_id=row["id"],
        at=Known(row["revision"], row["my_revision"]),
        last_sequence=row["last_sequence"],
        unread_count=row["unread"],
    )
