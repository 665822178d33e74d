"""Rules about a message, asked while its conversation is locked.

Who cannot see it learns nothing: a message that is not there, hidden, cleared, expired, in a conversation they never
were in, or from after they left is ``message_not_found``, in the same words.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from application.access.conversations import is_hushed
from application.bus.access import Access, Always, Gatekeepers
from application.bus.messages import QueryScope, Scope
from domain.conversation.participant import Participant
from domain.messaging.message import Message
from domain.shared.errors import (
    ConversationNotFound,
    MessageNotFound,
    NotAParticipant,
    RecipientUnavailable,
    Refusal,
)
from domain.shared.ids import ConversationId, MessageId


class _SeesMessage(Always):
    """Whoever can see it, also where they left. Locks its conversation."""

    words = "sees the message"

    async def inside(self, message: Any, scope: Scope) -> None:
        await _require_seen(message.message_id, scope)

    async def of_query(self, message: Any, scope: QueryScope, gate: Gatekeepers) -> None:
        if await gate.messages.find(scope.user_id, message.message_id, scope.now) is None:
            raise MessageNotFound


class _TakesPartThere(Always):
    words = "participant of its conversation"

    async def inside(self, message: Any, scope: Scope) -> None:
        _, me = await found(message.message_id, scope)
        if me.has_left:
            raise NotAParticipant


class _NotBlockedThere(Always):
    words = "its conversation direct: the other side is active, and nobody blocks anybody"

    async def inside(self, message: Any, scope: Scope) -> None:
        there, _ = await found(message.message_id, scope)
        if await is_hushed(await scope.uow.conversations.get(there.conversation_id), scope):
            raise RecipientUnavailable


class _MayPostThere(Always):
    """Whether one may send to each of several conversations; the first refusal points at its place."""

    words = "in every conversation named: participant, not silenced, post policy, nobody blocks anybody"

    async def inside(self, message: Any, scope: Scope) -> None:
        for place, id in enumerate(message.conversation_ids):
            try:
                await self._one(id, scope)
            except Refusal as refusal:
                raise type(refusal)(refusal.detail, pointer=f"/conversation_ids/{place}") from None

    @staticmethod
    async def _one(id: ConversationId, scope: Scope) -> None:
        conversation = await scope.uow.conversations.lock(id)
        me = await scope.uow.participants.find(id, scope.user_id)
        if conversation is None or conversation.closed_at is not None or me is None:
            raise ConversationNotFound
        if me.has_left:
            raise NotAParticipant
        me.require_may_post(conversation, scope.now)
        if await is_hushed(conversation, scope):
            raise RecipientUnavailable


class _SeesMessageHere(_SeesMessage):
    """The same, with the conversations it goes to locked at once: everybody locks in the order of ids."""

    async def inside(self, message: Any, scope: Scope) -> None:
        place = await scope.uow.messages.place_of(message.message_id)
        ids = {*message.conversation_ids, *(() if place is None else (place,))}
        await asyncio.gather(*(scope.uow.conversations.lock(id) for id in sorted(ids)))
        await _require_seen(message.message_id, scope)


class _MayDelete(Always):
    """For everyone: whoever sees it and takes part; for oneself also what one has left, or hidden already."""

    words = "sees the message; to delete it for everyone: participant"

    async def inside(self, message: Any, scope: Scope) -> None:
        if message.whom == "everyone":
            await _require_seen(message.message_id, scope)
            _, me = await found(message.message_id, scope)
            if me.has_left:
                raise NotAParticipant
            return
        there, me = await found(message.message_id, scope)
        has_left_before = me.left_sequence is not None and there.seq_id > me.left_sequence
        if has_left_before or there.seq_id <= me.cleared_through_sequence or there.has_expired(scope.now):
            raise MessageNotFound


async def found(message_id: MessageId, scope: Scope) -> tuple[Message, Participant]:
    """A message and one's own place in its conversation, which is locked. Raises ``MessageNotFound``."""
    place = await scope.uow.messages.place_of(message_id)
    conversation = None if place is None else await scope.uow.conversations.lock(place)
    if conversation is None or conversation.closed_at is not None:
        raise MessageNotFound
    me = await scope.uow.participants.find(conversation.id, scope.user_id)
    message = await scope.uow.messages.find(message_id)
    if me is None or message is None:
        raise MessageNotFound
    return message, me


async def seen_among(ids: Sequence[MessageId], scope: Scope) -> set[MessageId]:
    """Those of some messages that whoever acts can see now."""
    return await scope.uow.messages.seen_by(scope.user_id, ids, scope.now)


async def _require_seen(message_id: MessageId, scope: Scope) -> None:
    await found(message_id, scope)
    if not await seen_among([message_id], scope):
        raise MessageNotFound


sees_message = Access(_SeesMessage())
"""Whoever can see the message; 404 for everybody else. Locks its conversation."""

takes_part_there = Access(_TakesPartThere())
"""A member of the message's conversation at this moment."""

not_blocked_there = Access(_NotBlockedThere())
"""Where that is a direct conversation: what the other side could notice is refused like sending."""

may_forward = Access(_SeesMessageHere(), _MayPostThere())
"""Sees the message, and may send to each of the conversations named."""

may_delete = Access(_MayDelete())
"""What it takes depends on for whom."""
