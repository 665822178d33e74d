"""Reading messages in memory, as one participant can see them now, and what there is beside them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from adapters.memory import visibility
from adapters.memory.copies import copied
from adapters.memory.message_parts import carried_by, tallies
from adapters.memory.readers import Reading
from application.ports.readers import MessagePage, Surroundings
from domain.conversation.participant import Participant
from domain.messaging.message import Message
from domain.messaging.reaction import Reaction
from domain.shared.ids import MessageId, UserId


class MemoryMessageReader(Reading):
    """A conversation's history, and what there is beside its messages."""

    async def find(
        self, user_id: UserId, message_id: MessageId, now: datetime
    ) -> tuple[Participant, Message] | None:
        if message_id not in visibility.seen_by(self._store, user_id, [message_id], now):
            return None
        message = self._store.messages[message_id]
        return copied(self._store.participants[message.conversation_id, user_id]), copied(message)

    async def surroundings(self, me: Participant, messages: Sequence[Message], now: datetime) -> Surroundings:
        targets = {m.reply_to_msg_id for m in messages if m.reply_to_msg_id is not None}
        origins = {m.forwarded_from_msg_id for m in messages if m.forwarded_from_msg_id is not None}
        seen = visibility.seen_by(self._store, me.user_id, [*targets, *origins], now)
        ids = [message.id for message in messages]
        return Surroundings(
            replied_to={id: copied(self._store.messages[id]) for id in targets & seen},
            attachments=carried_by(self._store, ids),
            reactions=tallies(self._store, ids, me.user_id),
            origins=frozenset(origins & seen),
        )

    async def reactions(
        self,
        message_id: MessageId,
        *,
        reaction_code: str | None,
        after: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[Reaction]:
        found = [
            reaction
            for reaction in self._store.reactions.values()
            if reaction.message_id == message_id and reaction_code in (None, reaction.reaction_code)
        ]
        ordered = sorted(found, key=lambda reaction: (reaction.created_at, reaction.id))
        beyond = [each for each in ordered if after is None or (each.created_at, each.id) > after]
        return beyond[:limit]

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
        seen = visibility.visible(self._store, self._as_it_is_now(me), now)
        start, end = _window([message.seq_id for message in seen], before, after, around, limit)
        return MessagePage(
            messages=[copied(message) for message in seen[start:end]],
            has_before=start > 0,
            has_after=end < len(seen),
        )

    def _as_it_is_now(self, me: Participant) -> Participant:
        """Whoever asks may have been removed since their place was read."""
        return self._store.participants[me.conversation_id, me.user_id]


class MemoryExpirations(Reading):
    """Messages whose time is over and whose words are still there."""

    async def pending(self, now: datetime, limit: int) -> list[Message]:
        over = [m for m in self._store.messages.values() if m.has_expired(now) and m.deleted_at is None]
        place = min((message.conversation_id for message in over), default=None)
        here = sorted((m for m in over if m.conversation_id == place), key=lambda m: m.seq_id)
        return [copied(message) for message in here[:limit]]


def _window(
    sequences: list[int], before: int | None, after: int | None, around: int | None, limit: int
) -> tuple[int, int]:
    """Which of the visible messages a page holds, as a slice."""
    if after is not None:
        start = sum(sequence <= after for sequence in sequences)
    elif around is not None:
        start = max(0, sum(sequence < around for sequence in sequences) - (limit - 1) // 2)
    else:
        end = len(sequences) if before is None else sum(sequence < before for sequence in sequences)
        return max(0, end - limit), end
    return start, min(len(sequences), start + limit)
