"""A message, before and after it has its place in the order."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from domain.messaging.content import MessageType, words_of
from domain.shared.errors import AlreadyDeleted, EditWindowClosed, Forbidden, NotTheSender, RevisionConflict
from domain.shared.ids import ClientMessageId, ConversationId, MessageId, UserId

Metadata = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message in its place: ``seq_id`` orders messages, ``revision`` is that of its last change."""

    id: MessageId
    conversation_id: ConversationId
    sender_id: UserId
    seq_id: int
    revision: int
    type: MessageType = MessageType.TEXT
    content: str | None = None
    metadata: Metadata | None = None
    client_message_id: ClientMessageId | None = None
    body_hash: bytes | None = None
    is_forwarded: bool = False
    forwarded_from_msg_id: MessageId | None = None
    reply_to_msg_id: MessageId | None = None
    created_at: datetime
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    expires_at: datetime | None = None

    def require_editable(
        self, editor: UserId, now: datetime, *, within: timedelta, expected_revision: int | None
    ) -> None:
        """Raises ``Forbidden``, ``NotTheSender``, ``EditWindowClosed``, ``AlreadyDeleted``, ``RevisionConflict``."""
        if self.type is MessageType.SYSTEM:
            raise Forbidden("What the server said cannot be edited.")
        if self.sender_id != editor:
            raise NotTheSender
        if now - self.created_at > within:
            raise EditWindowClosed
        if self.deleted_at is not None:
            raise AlreadyDeleted
        if expected_revision is not None and expected_revision != self.revision:
            raise RevisionConflict(pointer="/expected_revision")

    def edited(self, content: str | None, revision: int, now: datetime) -> Self:
        """The same message with other words. Raises ``Invalid`` for such as its type does not take."""
        return replace(self, content=words_of(self.type, content), revision=revision, edited_at=now)

    def touched(self, revision: int) -> Self:
        """The same message after something about it, and nothing of it, has changed."""
        return replace(self, revision=revision)

    def wiped(self, revision: int, now: datetime) -> Self:
        """Its tombstone: the place in the order, who sent it and when, and nothing of what it said."""
        return replace(
            self,
            revision=revision,
            content=None,
            metadata=None,
            forwarded_from_msg_id=None,
            reply_to_msg_id=None,
            deleted_at=now,
        )

    def has_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message nobody has ordered yet. It becomes a ``Message`` by ``sequenced``, and in no other way."""

    id: MessageId
    conversation_id: ConversationId
    sender_id: UserId
    type: MessageType = MessageType.TEXT
    content: str | None = None
    metadata: Metadata | None = None
    client_message_id: ClientMessageId | None = None
    body_hash: bytes | None = None
    is_forwarded: bool = False
    forwarded_from_msg_id: MessageId | None = None
    reply_to_msg_id: MessageId | None = None
    created_at: datetime
    expires_at: datetime | None = None

    def sequenced(self, seq_id: int, revision: int) -> Message:
        """The same message in the place that the locked conversation gave it."""
        return Message(
            id=self.id,
            conversation_id=self.conversation_id,
            sender_id=self.sender_id,
            seq_id=seq_id,
            revision=revision,
            type=self.type,
            content=self.content,
            metadata=self.metadata,
            client_message_id=self.client_message_id,
            body_hash=self.body_hash,
            is_forwarded=self.is_forwarded,
            forwarded_from_msg_id=self.forwarded_from_msg_id,
            reply_to_msg_id=self.reply_to_msg_id,
            created_at=self.created_at,
            expires_at=self.expires_at,
        )


def system_message(
    id: MessageId, conversation_id: ConversationId, actor: UserId, event: Metadata, now: datetime
) -> NewMessage:
    """What the server says in a conversation when ``actor`` changed it; ``event`` names the change."""
    return NewMessage(
        id=id,
        conversation_id=conversation_id,
        sender_id=actor,
        type=MessageType.SYSTEM,
        metadata=event,
        created_at=now,
    )
