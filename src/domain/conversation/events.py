"""What happens to conversations and their participants."""

from dataclasses import dataclass
from typing import ClassVar

from domain.conversation.conversation import Conversation
from domain.conversation.participant import Participant
from domain.messaging.message import Message
from domain.shared.events import Audience, Event, PersonalEvent
from domain.shared.ids import ConversationId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationCreated(PersonalEvent):
    """Somebody has a conversation they did not have before; later events follow from its revision on."""

    wire: ClassVar[str] = "conversation.created"
    conversation: Conversation
    last_message: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptAdvanced(Event):
    """How far somebody has received and read a conversation; takes no revision, the latest one counts."""

    wire: ClassVar[str] = "receipt.updated"
    audience: ClassVar[Audience] = Audience.CONVERSATION
    conversation_id: ConversationId
    user_id: UserId
    delivered_up_to: int
    read_up_to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipationChanged(PersonalEvent):
    """My own pin, archive, mute or read cursor changed, perhaps on another of my devices."""

    wire: ClassVar[str] = "participation.updated"
    participant: Participant
    unread_count: int
