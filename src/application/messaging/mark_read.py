"""Acknowledging messages: received on a device, or read by the person."""

from typing import Annotated

from msgspec import Meta

from application.access.conversations import participant
from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.bus.messages import Command, Scope
from application.conversation.views import Participation
from domain.conversation.events import ParticipationChanged, ReceiptAdvanced
from domain.conversation.participant import Participant
from domain.shared.ids import ConversationId

Sequence = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class MarkRead(Command[Participation], frozen=True, kw_only=True):
    """Everything up to a sequence; beyond the head it is the head, backwards changes nothing."""

    access = authenticated & rate_limit("commands") & participant

    conversation_id: ConversationId
    up_to_sequence: Sequence


async def read(command: MarkRead, scope: Scope) -> Participation:
    conversation = await scope.uow.conversations.get(command.conversation_id)
    me = await scope.uow.participants.get(command.conversation_id, scope.user_id)
    moved = me.read(command.up_to_sequence, conversation.last_sequence, scope.now)
    return await _acknowledged(me, moved, scope)


class MarkDelivered(Command[Participation], frozen=True, kw_only=True):
    """Likewise for what has arrived on a device of mine."""

    access = authenticated & rate_limit("commands") & participant

    conversation_id: ConversationId
    up_to_sequence: Sequence


async def delivered(command: MarkDelivered, scope: Scope) -> Participation:
    conversation = await scope.uow.conversations.get(command.conversation_id)
    me = await scope.uow.participants.get(command.conversation_id, scope.user_id)
    moved = me.receive(command.up_to_sequence, conversation.last_sequence, scope.now)
    return await _acknowledged(me, moved, scope)


async def _acknowledged(me: Participant, moved: bool, scope: Scope) -> Participation:
    unread = await scope.uow.messages.unread(me, scope.now)
    if moved:
        me.record(
            ReceiptAdvanced(
                conversation_id=me.conversation_id,
                user_id=me.user_id,
                delivered_up_to=me.last_delivered_sequence,
                read_up_to=me.last_read_sequence,
            )
        )
        me.record(ParticipationChanged(user_ids=(me.user_id,), participant=me, unread_count=unread))
        scope.uow.participants.save(me)
    return Participation.of(me, unread)
