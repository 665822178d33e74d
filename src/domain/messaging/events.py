"""What happens to messages."""

from dataclasses import dataclass
from typing import ClassVar

from domain.messaging.message import Message
from domain.shared.events import ConversationEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCreated(ConversationEvent):
    """A message took its place. ``reply_to`` is the message it answers, when that is still there."""

    wire: ClassVar[str] = "message.created"
    message: Message
    reply_to: Message | None = None
