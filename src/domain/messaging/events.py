"""What happens to messages."""

from dataclasses import dataclass
from typing import ClassVar

from domain.messaging.attachment import Attachment
from domain.messaging.message import Message
from domain.messaging.reaction import Tally
from domain.shared.events import ConversationEvent, PersonalEvent
from domain.shared.ids import ConversationId, MessageId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCreated(ConversationEvent):
    """A message took its place. ``reply_to`` is the message it answers, when that is still there."""

    wire: ClassVar[str] = "message.created"
    message: Message
    reply_to: Message | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageUpdated(ConversationEvent):
    """A message says something else now."""

    wire: ClassVar[str] = "message.updated"
    message: Message
    reply_to: Message | None = None
    attachments: tuple[Attachment, ...] = ()
    reactions: tuple[Tally, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDeleted(ConversationEvent):
    """A message was wiped for everybody; its place stays. ``deleted_by`` is None for the server itself."""

    wire: ClassVar[str] = "message.deleted"
    message: Message
    deleted_by: UserId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageHidden(PersonalEvent):
    """I deleted a message for myself, perhaps on another of my devices. Nobody else hears of it."""

    wire: ClassVar[str] = "message.hidden"
    conversation_id: ConversationId
    message_id: MessageId
    seq_id: int
    my_revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionAdded(ConversationEvent):
    """Somebody reacted to a message; ``count`` have done so with this code."""

    wire: ClassVar[str] = "reaction.added"
    message_id: MessageId
    user_id: UserId
    reaction_code: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionRemoved(ConversationEvent):
    """Somebody took a reaction back; ``count`` are left with this code."""

    wire: ClassVar[str] = "reaction.removed"
    message_id: MessageId
    user_id: UserId
    reaction_code: str
    count: int
