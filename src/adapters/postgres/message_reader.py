"""Reading messages back, as one participant can see them now."""

from datetime import datetime
from typing import Any

from adapters.postgres import rows
from adapters.postgres.pool import Reading
from adapters.postgres.visibility import is_visible
from application.ports.readers import MessagePage
from domain.conversation.participant import Participant

_VISIBLE = f"""
SELECT {rows.MESSAGES.of("m")} FROM messages m, (SELECT $1::uuid AS conversation_id, $2::uuid AS user_id) me
 WHERE m.conversation_id = $1 AND m.seq_id > $3 AND m.seq_id <= $4 AND {is_visible("m", "me", "$5")}
"""
_BACKWARD = f"{_VISIBLE} ORDER BY m.seq_id DESC LIMIT $6"
_FORWARD = f"{_VISIBLE} ORDER BY m.seq_id LIMIT $6"
_TARGETS = f"{_VISIBLE} AND m.id = ANY($6)"
_LAST = 2**63 - 1


class PostgresMessageReader(Reading):
    """Pages of a conversation's history."""

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
        messages = [rows.message(row) for row in found]
        wanted = list({m.reply_to_msg_id for m in messages if m.reply_to_msg_id is not None})
        targets = await some(_TARGETS, floor, ceiling, wanted) if wanted else []
        return MessagePage(
            messages=messages,
            replied_to={row["id"]: rows.message(row) for row in targets},
            has_before=has_before,
            has_after=has_after,
        )
