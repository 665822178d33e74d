"""What happens to messages."""

from dataclasses import dataclass
from typing import ClassVar

from domain.messaging.message import Message
from domain.shared.events import ConversationEvent
from domain.shared.ids import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCreated(ConversationEvent):
    """A message took its place. ``reply_to`` is the message it answers, when that is still there."""

    wire: ClassVar[str] = "message.created"
    message: Message
    reply_to: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDeleted(ConversationEvent):
    """A message was wiped for everybody; its place stays. ``deleted_by`` is None for the server itself."""

    wire: ClassVar[str] = "message.deleted"
    message: Message
    deleted_by: UserId | None
