"""Putting a message into its place: what sending and forwarding have in common.

The conversation is locked and whoever posts may do so; both were asked before.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from application.bus.messages import Scope
from application.messaging.mark_read import tell_receipts
from domain.conversation.conversation import Conversation
from domain.conversation.events import ConversationCreated
from domain.messaging.attachment import Attachment
from domain.messaging.events import MessageCreated
from domain.messaging.message import Message, NewMessage
from domain.shared.ids import ConversationId, UserId, peer_of


async def expiry_of(conversation_id: ConversationId, scope: Scope) -> datetime | None:
    """When that expires which is said in a conversation now."""
    seconds = (await scope.uow.conversations.get(conversation_id)).expiry_seconds
    return None if seconds is None else scope.now + timedelta(seconds=seconds)


async def post(
    new: NewMessage, scope: Scope, *, reply_to: Message | None = None, attachments: Sequence[Attachment] = ()
) -> Message:
    """Give a message its place, move its sender's cursors there, and tell everybody."""
    conversation = await scope.uow.conversations.get(new.conversation_id)
    sender = await scope.uow.participants.get(new.conversation_id, new.sender_id)
    message = await scope.uow.messages.append(new)
    if attachments:
        scope.uow.attachments.attach(message.id, [each.id for each in attachments])
    was_behind = sender.told_read_sequence < message.seq_id - 1
    known = sender.told_delivered_sequence, sender.told_read_sequence
    sender.has_sent(message.seq_id, scope.now)
    if was_behind:
        # Others' messages count as read by this, and those who wrote them are told.
        await tell_receipts(sender, known, conversation, scope)
    scope.uow.participants.save(sender)
    if conversation.direct_key and message.seq_id == 1:
        await _introduce(peer_of(conversation.direct_key, new.sender_id), conversation, message, scope)
    conversation.record(
        MessageCreated(
            conversation_id=conversation.id,
            revision=message.revision,
            message=message,
            reply_to=reply_to,
            attachments=tuple(attachments),
        )
    )
    scope.uow.conversations.save(conversation)
    return message


async def _introduce(peer: UserId, conversation: Conversation, message: Message, scope: Scope) -> None:
    """The other side of a direct conversation hears of it with its first message."""
    theirs = await scope.uow.participants.get(message.conversation_id, peer)
    if theirs.listed:
        return
    theirs.listed = True
    scope.uow.participants.save(theirs)
    conversation.record(
        ConversationCreated(user_ids=(peer,), conversation=conversation, last_message=message)
    )
