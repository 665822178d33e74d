"""What happens to conversations and their participants."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from domain.conversation.conversation import Conversation
from domain.conversation.participant import Participant, Role
from domain.messaging.message import Message
from domain.shared.events import Audience, ConversationEvent, Event, PersonalEvent
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
    """My own pin, archive, mute, cursor or what is unread changed by what I did, perhaps on another of my devices."""

    wire: ClassVar[str] = "participation.updated"
    participant: Participant
    unread_count: int


class Departure(StrEnum):
    """Why somebody takes part no longer."""

    LEFT = "left"
    REMOVED = "removed"
    ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationUpdated(ConversationEvent):
    """Subject, description, expiry or who may post is another now. ``changes`` has those that changed."""

    wire: ClassVar[str] = "conversation.updated"
    changes_info: ClassVar[bool] = True
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationDeleted(ConversationEvent):
    """A group was closed for everybody: the last event there is of it."""

    wire: ClassVar[str] = "conversation.deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAdded(ConversationEvent):
    """People take part from now on: the first event of the conversation that they hear."""

    wire: ClassVar[str] = "member.added"
    user_ids: tuple[UserId, ...]
    role: Role
    by: UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRemoved(ConversationEvent):
    """Somebody takes part no longer: the last event of the conversation that they hear."""

    wire: ClassVar[str] = "member.removed"
    user_id: UserId
    by: UserId
    reason: Departure


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberUpdated(ConversationEvent):
    """Somebody's role, or whether they may speak, is another now."""

    wire: ClassVar[str] = "member.updated"
    user_id: UserId
    role: Role
    silenced_until: datetime | None
    by: UserId
