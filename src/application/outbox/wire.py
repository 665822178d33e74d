"""What each event says on the wire: the ``data`` of its frame, and which conversation and message it is about."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from application.conversation.views import ConversationView, LastMessage, ListEntry, Participation
from application.messaging.views import MessageView
from application.views import Moment
from domain.contacts.events import ContactChanged
from domain.conversation.conversation import PostPolicy
from domain.conversation.events import (
    ConversationCreated,
    ConversationDeleted,
    ConversationUpdated,
    Departure,
    MemberAdded,
    MemberRemoved,
    MemberUpdated,
    ParticipationChanged,
    ReceiptAdvanced,
)
from domain.conversation.participant import Role
from domain.identity.events import ProfileChanged, SessionEnded
from domain.messaging.events import (
    MessageCreated,
    MessageDeleted,
    MessageHidden,
    MessageUpdated,
    ReactionAdded,
    ReactionRemoved,
)
from domain.shared.events import ConversationEvent, Event
from domain.shared.ids import ConversationId, MessageId, SessionId, UserId
from domain.shared.values import moment


class SessionRevoked(msgspec.Struct, frozen=True, kw_only=True):
    """Data of ``session.revoked``."""

    session_id: SessionId
    reason: str


class ReceiptUpdated(msgspec.Struct, frozen=True, kw_only=True):
    """Data of ``receipt.updated``."""

    user_id: UserId
    delivered_up_to: int
    read_up_to: int
    at: Moment


class ProfileUpdated(msgspec.Struct, frozen=True, kw_only=True):
    """Data of ``profile.updated``."""

    user_id: UserId


class MessageGone(msgspec.Struct, frozen=True, kw_only=True):
    """Data of ``message.deleted``. ``deleted_by`` is null for the server itself."""

    message_id: MessageId
    seq_id: int
    deleted_by: UserId | None


class MessageLeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """Data of ``message.hidden``."""

    message_id: MessageId
    seq_id: int


class ReactionChanged(msgspec.Struct, frozen=True, kw_only=True):
    """Data of ``reaction.added`` and ``reaction.removed``; ``count`` is how many there are now with this code."""

    message_id: MessageId
    user_id: UserId
    reaction_code: str
    count: int


class ConversationChanges(msgspec.Struct, frozen=True, kw_only=True):
    """Data of ``conversation.updated``: the fields that changed, as they are now."""

    subject: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET
    expiry_seconds: int | msgspec.UnsetType | None = msgspec.UNSET
    post_policy: PostPolicy | msgspec.UnsetType = msgspec.UNSET


class MembersJoined(msgspec.Struct, frozen=True, kw_only=True):
    """Data of ``member.added``."""

    user_ids: list[UserId]
    role: Role
    by: UserId


class MemberGone(msgspec.Struct, frozen=True, kw_only=True):
    """Data of ``member.removed``."""

    user_id: UserId
    by: UserId
    reason: Departure


class MemberChanged(msgspec.Struct, frozen=True, kw_only=True):
    """Data of ``member.updated``."""

    user_id: UserId
    role: Role
    silenced_until: Moment | None
    by: UserId


class ContactUpdated(msgspec.Struct, frozen=True, kw_only=True):
    """Data of ``contact.updated``."""

    user_id: UserId
    nickname: str | None
    is_contact: bool
    is_blocked: bool


def data_of(event: Event, now: datetime) -> Any:
    """The ``data`` of an event's frame. An event this does not know is a mistake of the program."""
    match event:
        case MessageCreated():
            return MessageView.of(event.message, event.reply_to, event.attachments)
        case MessageUpdated():
            return MessageView.of(event.message, event.reply_to, event.attachments, event.reactions)
        case MessageDeleted():
            return MessageGone(
                message_id=event.message.id, seq_id=event.message.seq_id, deleted_by=event.deleted_by
            )
        case MessageHidden():
            return MessageLeftOut(message_id=event.message_id, seq_id=event.seq_id)
        case ReactionAdded() | ReactionRemoved():
            return ReactionChanged(
                message_id=event.message_id,
                user_id=event.user_id,
                reaction_code=event.reaction_code,
                count=event.count,
            )
        case ConversationUpdated():
            return ConversationChanges(**event.changes)
        case ConversationDeleted():
            return None
        case MemberAdded():
            return MembersJoined(user_ids=list(event.user_ids), role=event.role, by=event.by)
        case MemberRemoved():
            return MemberGone(user_id=event.user_id, by=event.by, reason=event.reason)
        case MemberUpdated():
            return MemberChanged(
                user_id=event.user_id,
                role=event.role,
                silenced_until=moment(event.silenced_until) if event.silenced_until else None,
                by=event.by,
            )
        case ConversationCreated():
            last = LastMessage.of_message(event.last_message) if event.last_message else None
            return ListEntry(
                conversation=ConversationView.of(event.conversation),
                last_message=last,
                unread_count=0,
                last_activity_at=last.created_at if last else moment(event.conversation.created_at),
            )
        case ReceiptAdvanced():
            return ReceiptUpdated(
                user_id=event.user_id,
                delivered_up_to=event.delivered_up_to,
                read_up_to=event.read_up_to,
                at=moment(now),
            )
        case ParticipationChanged():
            return Participation.of(event.participant, event.unread_count)
        case SessionEnded():
            return SessionRevoked(session_id=event.session_id, reason=event.reason)
        case ProfileChanged():
            return ProfileUpdated(user_id=event.user_ids[0])
        case ContactChanged():
            return ContactUpdated(
                user_id=event.contact_user_id,
                nickname=event.nickname,
                is_contact=event.saved,
                is_blocked=event.is_blocked,
            )
        case _:
            raise TypeError(f"no wire form is known for {type(event).__name__}")


def conversation_of(event: Event) -> ConversationId | None:
    """The conversation an event speaks of."""
    match event:
        case ConversationCreated():
            return event.conversation.id
        case ParticipationChanged():
            return event.participant.conversation_id
        case ConversationEvent() | ReceiptAdvanced() | MessageHidden():
            return event.conversation_id
        case _:
            return None


def subject_of(event: Event) -> UUID | None:
    """The message whose words an event carries: wiping it must find them."""
    match event:
        case MessageCreated() | MessageUpdated():
            return event.message.id
        case ReactionAdded() | ReactionRemoved():
            return event.message_id
        case ConversationCreated() if event.last_message is not None:
            return event.last_message.id
        case _:
            return None
