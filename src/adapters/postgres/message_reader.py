"""Reading messages back, as one participant can see them now."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from adapters.postgres import rows
from adapters.postgres.message_parts import carried_by, tallies
from adapters.postgres.pool import Reading
from adapters.postgres.visibility import SEEN, is_visible
from application.ports.readers import MessagePage, Surroundings
from domain.conversation.participant import Participant
from domain.messaging.message import Message
from domain.messaging.reaction import Reaction
from domain.shared.ids import MessageId, UserId

_VISIBLE = f"""
SELECT {rows.MESSAGES.of("m")} FROM messages m, (SELECT $1::uuid AS conversation_id, $2::uuid AS user_id) me
 WHERE m.conversation_id = $1 AND m.seq_id > $3
   AND m.seq_id <= least($4, (SELECT p.left_sequence FROM participants p
                               WHERE p.conversation_id = $1 AND p.user_id = $2))
   AND {is_visible("m", "me", "$5")}
"""
_BACKWARD = f"{_VISIBLE} ORDER BY m.seq_id DESC LIMIT $6"
_FORWARD = f"{_VISIBLE} ORDER BY m.seq_id LIMIT $6"
_ONE = f"SELECT {rows.MESSAGES.of('m', prefix='m_')}, {rows.PARTICIPANTS.of('p')} {SEEN}"
_SEEN = f"SELECT {rows.MESSAGES.of('m')} {SEEN}"
_REACTIONS = f"""
SELECT {rows.REACTIONS.names} FROM message_reactions
 WHERE message_id = $1 AND ($2::text IS NULL OR reaction_code = $2)
   AND ($3::timestamptz IS NULL OR (created_at, id) > ($3, $4::uuid))
 ORDER BY created_at, id LIMIT $5
"""
_EXPIRED = f"""
SELECT {rows.MESSAGES.names} FROM messages
 WHERE expires_at <= $1 AND deleted_at IS NULL
   AND conversation_id = (SELECT conversation_id FROM messages
                           WHERE expires_at <= $1 AND deleted_at IS NULL ORDER BY expires_at LIMIT 1)
 ORDER BY seq_id LIMIT $2
"""
_LAST = 2**63 - 1


class PostgresMessageReader(Reading):
    """A conversation's history, and what there is beside its messages."""

    async def find(
        self, user_id: UserId, message_id: MessageId, now: datetime
    ) -> tuple[Participant, Message] | None:
        row = await self.fetchrow(_ONE, [message_id], user_id, now)
        if row is None:
            return None
        values = {name: row[f"m_{name}"] for name in rows.MESSAGES.columns}
        return rows.participant(row), rows.message(values)

    async def surroundings(self, me: Participant, messages: Sequence[Message], now: datetime) -> Surroundings:
        origins = {m.forwarded_from_msg_id for m in messages if m.forwarded_from_msg_id is not None}
        near = [*origins, *(m.reply_to_msg_id for m in messages if m.reply_to_msg_id is not None)]
        seen = await self.fetch(_SEEN, near, me.user_id, now) if near else []
        known = {row["id"]: rows.message(row) for row in seen}
        ids = [message.id for message in messages]
        return Surroundings(
            replied_to={id: each for id, each in known.items() if each.conversation_id == me.conversation_id},
            attachments=await carried_by(self.fetch, ids),
            reactions=await tallies(self.fetch, ids, me.user_id),
            origins=frozenset(origins & known.keys()),
        )

    async def reactions(
        self,
        message_id: MessageId,
        *,
        reaction_code: str | None,
        after: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[Reaction]:
        key = after or (None, None)
        found = await self.fetch(_REACTIONS, message_id, reaction_code, *key, limit)
        return [rows.reaction(row) for row in found]

    async def page(
        self,
        me: Participant,
        *,
        before: int | None,
        after: int | None,
        around: int | None,
        limit: int,
        now: datetime,
    ) -> MessagePage:
        floor = me.cleared_through_sequence
        ceiling = _LAST if me.left_sequence is None else me.left_sequence

        async def some(sql: str, low: int, high: int, more: Any) -> list[Any]:
            """Rows above ``low`` up to ``high``, of what they can see at all."""
            bounds = (min(max(low, floor), _LAST), max(min(high, ceiling), floor))
            return await self.fetch(sql, me.conversation_id, me.user_id, *bounds, now, more)

        if after is not None:
            forward = await some(_FORWARD, after, _LAST, limit + 1)
            found, has_after = forward[:limit], len(forward) > limit
            has_before = bool(await some(_BACKWARD, floor, after, 1))
        elif around is not None:
            half = (limit - 1) // 2
            older = await some(_BACKWARD, floor, around - 1, half + 1)
            room = limit - min(half, len(older))
            newer = await some(_FORWARD, around - 1, _LAST, room + 1)
            has_before, has_after = len(older) > half, len(newer) > room
            found = [*reversed(older[:half]), *newer[:room]]
        else:
            high = _LAST if before is None else before - 1
            older = await some(_BACKWARD, floor, high, limit + 1)
            found, has_before = list(reversed(older[:limit])), len(older) > limit
            has_after = before is not None and bool(await some(_FORWARD, before - 1, _LAST, 1))
        return MessagePage(
            messages=[rows.message(row) for row in found], has_before=has_before, has_after=has_after
        )


class PostgresExpirations(Reading):
    """Messages whose time is over and whose words are still there."""

    async def pending(self, now: datetime, limit: int) -> list[Message]:
        return [rows.message(row) for row in await self.fetch(_EXPIRED, now, limit)]
