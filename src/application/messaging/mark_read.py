"""Acknowledging messages: received on a device, or read by the person."""

from typing import Annotated

from msgspec import Meta

from application.access.conversations import is_hushed, participant, shares_reads
from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.bus.messages import Command, Scope
from application.conversation.views import Participation
from domain.conversation.conversation import Conversation
from domain.conversation.events import ParticipationChanged, ReceiptAdvanced
from domain.conversation.participant import Participant
from domain.shared.ids import ConversationId

Sequence = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class MarkRead(Command[Participation], frozen=True, kw_only=True):
    """Everything up to a sequence; beyond the head it is the head, backwards changes nothing."""

    access = authenticated & rate_limit("commands") & participant
    batched = True

    conversation_id: ConversationId
    up_to_sequence: Sequence


async def read(command: MarkRead, scope: Scope) -> Participation:
    return await _acknowledge(command, scope, is_read=True)


class MarkDelivered(Command[Participation], frozen=True, kw_only=True):
    """Likewise for what has arrived on a device of mine."""

    access = authenticated & rate_limit("commands") & participant
    batched = True

    conversation_id: ConversationId
    up_to_sequence: Sequence


async def delivered(command: MarkDelivered, scope: Scope) -> Participation:
    return await _acknowledge(command, scope, is_read=False)


async def _acknowledge(command: MarkRead | MarkDelivered, scope: Scope, *, is_read: bool) -> Participation:
    conversation = await scope.uow.conversations.get(command.conversation_id)
    me = await scope.uow.participants.get(command.conversation_id, scope.user_id)
    known = me.told_delivered_sequence, me.told_read_sequence
    advance = me.read if is_read else me.receive
    hushed = await is_hushed(conversation, scope)
    moved = advance(command.up_to_sequence, conversation.last_sequence, scope.now, told=not hushed)
    unread = await scope.uow.messages.unread(me, scope.now)
    if moved:
        await tell_receipts(me, known, conversation, scope)
        me.record(ParticipationChanged(user_ids=(me.user_id,), participant=me, unread_count=unread))
        scope.uow.participants.save(me)
    return Participation.of(me, unread)


async def tell_receipts(
    me: Participant, known: tuple[int, int], conversation: Conversation, scope: Scope
) -> None:
    """Let others know of receipts beyond those that are ``known``, as far as they may know."""
    if (me.told_delivered_sequence, me.told_read_sequence) == known:
        return
    with_reads = await shares_reads(conversation, scope)
    if not with_reads and me.told_delivered_sequence == known[0]:
        return
    me.record(
        ReceiptAdvanced(
            conversation_id=me.conversation_id,
            user_id=me.user_id,
            delivered_up_to=me.told_delivered_sequence,
            read_up_to=me.told_read_sequence if with_reads else 0,
        )
    )
