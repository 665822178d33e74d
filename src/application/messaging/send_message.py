"""Sending a message.

The invariant: of one sender and client id there is one message, with one number, and every repeat gets it back
as its answer, also after the sender was removed. The repeat is looked up before access is asked; two that race
collide on the unique key at commit, and the one that lost looks up again.
"""

from typing import Annotated, Any, ClassVar

from msgspec import Meta, json

from application.access.conversations import may_post, not_blocked, participant
from application.access.identity import authenticated
from application.access.limits import crowd_limit, rate_limit
from application.access.messages import seen_among
from application.bus.messages import Command, Scope
from application.messaging.beside import shown
from application.messaging.posting import expiry_of, post
from application.messaging.views import MessageView
from application.ports.security import BodyHashes
from domain.messaging import content, placeholders
from domain.messaging.attachment import require_own
from domain.messaging.content import MAX_ATTACHMENTS, MessageType
from domain.messaging.message import Message, NewMessage
from domain.shared.errors import IdempotencyConflict, ReplyTargetNotFound
from domain.shared.ids import AttachmentId, ClientMessageId, ConversationId, MessageId


class SendMessage(Command[MessageView], frozen=True, kw_only=True):
    """``client_message_id`` is the sender's own name for the message: sending it twice sends it once."""

    access = authenticated & rate_limit("messages") & participant & crowd_limit & may_post & not_blocked
    batched = True
    words: ClassVar[dict[str, Any]] = {
        "content": placeholders.content_instead,
        "metadata": placeholders.metadata_instead,
    }

    conversation_id: ConversationId
    client_message_id: ClientMessageId
    type: MessageType = MessageType.TEXT
    content: str | None = None
    metadata: dict[str, Any] | None = None
    reply_to_msg_id: MessageId | None = None
    attachment_ids: Annotated[list[AttachmentId], Meta(max_length=MAX_ATTACHMENTS)] | None = None

    def __post_init__(self) -> None:
        """Raises ``Invalid``: what may not be said is not even asked for."""
        content.require_said(self.type, self.content, self.metadata, self.attachment_ids or ())


async def repeat(command: SendMessage, scope: Scope, *, hashes: BodyHashes) -> MessageView | None:
    """The message that this sender sent under this client id before, if any, as it is now."""
    earlier = await scope.uow.messages.find_by_client_id(scope.user_id, command.client_message_id)
    if earlier is None:
        return None
    if earlier.body_hash != _body_hash(command, hashes):
        raise IdempotencyConflict
    return await shown(earlier, scope)


async def handle(command: SendMessage, scope: Scope, *, hashes: BodyHashes) -> MessageView:
    target = await _target(command, scope)
    wanted = command.attachment_ids or []
    attachments = require_own(wanted, await scope.uow.attachments.find_many(wanted), scope.user_id)
    new = NewMessage(
        id=MessageId(scope.id),
        conversation_id=command.conversation_id,
        sender_id=scope.user_id,
        type=command.type,
        content=content.words_of(command.type, command.content),
        metadata=content.metadata_of(command.type, command.metadata),
        client_message_id=command.client_message_id,
        body_hash=_body_hash(command, hashes),
        reply_to_msg_id=command.reply_to_msg_id,
        created_at=scope.now,
        expires_at=await expiry_of(command.conversation_id, scope),
    )
    message = await post(new, scope, reply_to=target, attachments=attachments)
    return MessageView.of(message, target, attachments)


async def _target(command: SendMessage, scope: Scope) -> Message | None:
    """The message that is answered. Raises ``ReplyTargetNotFound``, in the same words for whatever is wrong with it."""
    id = command.reply_to_msg_id
    if id is None:
        return None
    target = await scope.uow.messages.find(id)
    if target is None or target.conversation_id != command.conversation_id:
        raise ReplyTargetNotFound(pointer="/reply_to_msg_id")
    if not await seen_among([id], scope):
        raise ReplyTargetNotFound(pointer="/reply_to_msg_id")
    return target


def _body_hash(command: SendMessage, hashes: BodyHashes) -> bytes:
    body: tuple[Any, ...] = (command.conversation_id, command.type, command.content)
    more = (command.metadata, command.reply_to_msg_id, command.attachment_ids or None)
    # Without more, the hash of before there was more: a repeat is recognised across that change.
    return hashes.of(
        b"message\0" + json.encode(body if more == (None,) * 3 else body + more, order="deterministic")
    )
