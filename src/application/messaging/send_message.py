"""Sending a message.

The invariant: of one sender and client id there is one message, with one number, and every repeat gets it back
as its answer, also after the sender was removed. The repeat is looked up before access is asked; two that race
collide on the unique key at commit, and the one that lost looks up again.
"""

from datetime import timedelta
from typing import Any, ClassVar

from msgspec import json

from application.access.conversations import may_post, not_blocked, participant
from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.bus.messages import Command, Scope
from application.messaging.mark_read import tell_receipts
from application.messaging.views import MessageView
from application.ports.security import BodyHashes
from domain.conversation.events import ConversationCreated
from domain.messaging import content
from domain.messaging.content import MessageType
from domain.messaging.events import MessageCreated
from domain.messaging.message import Message
from domain.shared.errors import IdempotencyConflict, Invalid
from domain.shared.ids import ClientMessageId, ConversationId, MessageId, UserId, peer_of


class SendMessage(Command[MessageView], frozen=True, kw_only=True):
    """``client_message_id`` is the sender's own name for the message: sending it twice sends it once."""

    access = authenticated & rate_limit("messages") & participant & may_post & not_blocked
    batched = True
    words: ClassVar[dict[str, Any]] = {"content": "deleted"}

    conversation_id: ConversationId
    client_message_id: ClientMessageId
    type: MessageType = MessageType.TEXT
    content: str | None = None


async def repeat(command: SendMessage, scope: Scope, *, hashes: BodyHashes) -> MessageView | None:
    """The message that this sender sent under this client id before, if any."""
    earlier = await scope.uow.messages.find_by_client_id(scope.user_id, command.client_message_id)
    if earlier is None:
        return None
    if earlier.body_hash != _body_hash(command, hashes):
        raise IdempotencyConflict
    return MessageView.of(earlier)


async def handle(command: SendMessage, scope: Scope, *, hashes: BodyHashes) -> MessageView:
    if command.type is not MessageType.TEXT:
        raise Invalid("Only TEXT messages are accepted.", pointer="/type")
    text = content.text(command.content)
    conversation = await scope.uow.conversations.get(command.conversation_id)
    sender = await scope.uow.participants.get(command.conversation_id, scope.user_id)
    seconds = conversation.expiry_seconds
    message = await scope.uow.messages.append(
        sender.compose(
            MessageId(scope.id),
            content=text,
            client_message_id=command.client_message_id,
            body_hash=_body_hash(command, hashes),
            reply_to=None,
            expires_at=None if seconds is None else scope.now + timedelta(seconds=seconds),
            now=scope.now,
        )
    )
    was_behind = sender.told_read_sequence < message.seq_id - 1
    known = sender.told_delivered_sequence, sender.told_read_sequence
    sender.has_sent(message.seq_id, scope.now)
    if was_behind:
        # Others' messages count as read by this, and those who wrote them are told.
        await tell_receipts(sender, known, conversation, scope)
    scope.uow.participants.save(sender)
    if conversation.direct_key and message.seq_id == 1:
        await _introduce(peer_of(conversation.direct_key, scope.user_id), message, scope)
    conversation.record(
        MessageCreated(conversation_id=conversation.id, revision=message.revision, message=message)
    )
    scope.uow.conversations.save(conversation)
    return MessageView.of(message)


async def _introduce(peer: UserId, message: Message, scope: Scope) -> None:
    """The other side of a direct conversation hears of it with its first message."""
    theirs = await scope.uow.participants.get(message.conversation_id, peer)
    if theirs.listed:
        return
    theirs.listed = True
    scope.uow.participants.save(theirs)
    conversation = await scope.uow.conversations.get(message.conversation_id)
    conversation.record(
        ConversationCreated(user_ids=(peer,), conversation=conversation, last_message=message)
    )


def _body_hash(command: SendMessage, hashes: BodyHashes) -> bytes:
    body = (command.conversation_id, command.type, command.content)
    return hashes.of(b"message\0" + json.encode(body))
