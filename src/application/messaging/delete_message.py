"""Deleting a message: for everyone, which leaves a tombstone, or for oneself, which nobody else notices."""

from typing import Literal

from msgspec import field

from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.access.messages import found, may_delete, seen_among
from application.bus.messages import Command, Scope
from application.messaging.edit_message import Windows
from domain.conversation.conversation import Conversation
from domain.conversation.events import ParticipationChanged
from domain.conversation.participant import Participant
from domain.messaging.content import MessageType
from domain.messaging.events import MessageDeleted, MessageHidden
from domain.messaging.message import Message
from domain.shared.errors import DeleteWindowClosed, Forbidden, InsufficientRole, NotTheSender
from domain.shared.ids import MessageId, UserId


class DeleteMessage(Command[None], frozen=True, kw_only=True):
    """For everyone: by its sender within the time allowed, or by an administrator of a group at any time. For me: at
    any time, on all my devices. Deleting twice is deleting once.
    """

    access = authenticated & rate_limit("commands") & may_delete

    message_id: MessageId
    whom: Literal["everyone", "me"] = field(name="for")


async def handle(command: DeleteMessage, scope: Scope, *, windows: Windows) -> None:
    message, me = await found(command.message_id, scope)
    if command.whom == "me":
        await _hide(message, me, scope)
        return
    conversation = await scope.uow.conversations.get(message.conversation_id)
    _require_may_wipe(message, me, conversation, scope, windows)
    if message.deleted_at is None:
        wipe(message, conversation, scope, by=scope.user_id)
        scope.uow.conversations.save(conversation)


def wipe(message: Message, conversation: Conversation, scope: Scope, *, by: UserId | None) -> None:
    """Put a tombstone in a message's place, for everybody; by None, the server does it."""
    tombstone = message.wiped(conversation.next_revision(), scope.now)
    scope.uow.messages.wipe(tombstone)
    conversation.record(
        MessageDeleted(
            conversation_id=conversation.id, revision=tombstone.revision, message=tombstone, deleted_by=by
        )
    )


def _require_may_wipe(
    message: Message, me: Participant, conversation: Conversation, scope: Scope, windows: Windows
) -> None:
    if message.type is MessageType.SYSTEM:
        raise Forbidden("What the server said cannot be deleted for everyone.")
    if not conversation.is_direct and me.role.administers:
        return
    if message.sender_id != scope.user_id:
        raise NotTheSender if conversation.is_direct else InsufficientRole
    if message.deleted_at is None and scope.now - message.created_at > windows.delete:
        raise DeleteWindowClosed


async def _hide(message: Message, me: Participant, scope: Scope) -> None:
    if not await seen_among([message.id], scope):
        return
    unread = await scope.uow.messages.unread(me, scope.now)
    me.my_revision += 1
    scope.uow.messages.hide(message, me.user_id, me.my_revision)
    me.record(
        MessageHidden(
            user_ids=(me.user_id,),
            conversation_id=message.conversation_id,
            message_id=message.id,
            seq_id=message.seq_id,
            my_revision=me.my_revision,
        )
    )
    left = await scope.uow.messages.unread(me, scope.now)
    if left != unread:
        me.record(ParticipationChanged(user_ids=(me.user_id,), participant=me, unread_count=left))
    scope.uow.participants.save(me)
