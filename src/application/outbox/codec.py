"""Events to frames: what each says on the wire, to which channels, and in which bytes.

A frame's body is made once, at commit, and is the same for everybody who hears it; it is stored, published and
written to sockets as it is.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from application.conversation.views import ConversationView, LastMessage, ListEntry, Participation
from application.messaging.views import MessageView
from application.ports.events import Frame
from application.views import Moment
from domain.contacts.events import ContactChanged
from domain.conversation.events import (
    ConversationCreated,
    Departure,
    MemberRemoved,
    MemberUpdated,
    ParticipationChanged,
    ReceiptAdvanced,
)
from domain.conversation.participant import Role
from domain.identity.events import ProfileChanged, SessionEnded
from domain.messaging.events import MessageCreated, MessageDeleted
from domain.shared.events import ConversationEvent, Event, PersonalEvent
from domain.shared.ids import CommandId, ConversationId, EventId, MessageId, SessionId, UserId
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
            return MessageView.of(event.message, event.reply_to)
        case MessageDeleted():
            return MessageGone(
                message_id=event.message.id, seq_id=event.message.seq_id, deleted_by=event.deleted_by
            )
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
        case ConversationEvent() | ReceiptAdvanced():
            return event.conversation_id
        case _:
            return None


def _presence_channels(event: Event) -> tuple[str, ...]:
    """Where those listen who watch somebody's presence, when an event may change what they see of it."""
    match event:
        case ProfileChanged():
            people: tuple[UserId, ...] = event.user_ids
        case ContactChanged():
            people = (*event.user_ids, event.contact_user_id)
        case _:
            people = ()
    return tuple(f"presence:{person}" for person in people)


def _subject_of(event: Event) -> UUID | None:
    """The message whose words an event carries: wiping it must find them."""
    match event:
        case MessageCreated():
            return event.message.id
        case ConversationCreated() if event.last_message is not None:
            return event.last_message.id
        case _:
            return None


def encode(
    events: Sequence[Event], new_id: Callable[[], UUID], now: datetime, command_id: CommandId
) -> list[Frame]:
    """The frames of one commit, in the order in which the events happened."""
    return [_frame(event, EventId(new_id()), now, command_id) for event in events]


def _frame(event: Event, id: EventId, now: datetime, command_id: CommandId) -> Frame:
    conversation_id = conversation_of(event)
    envelope: dict[str, Any] = {"type": event.wire}
    if conversation_id is not None:
        envelope["conversation_id"] = conversation_id
    revision = event.revision if isinstance(event, ConversationEvent) else 0
    if revision:
        envelope["revision"] = revision
    if isinstance(event, ParticipationChanged):
        envelope["my_revision"] = event.participant.my_revision
    envelope["at"] = moment(now)
    envelope["data"] = data_of(event, now)
    if isinstance(event, PersonalEvent):
        channels = (*(f"user:{user_id}" for user_id in event.user_ids), *_presence_channels(event))
        aggregate_type, aggregate_id = "user", UUID(str(event.user_ids[0]))
    else:
        aggregate_type, aggregate_id = "conversation", UUID(str(conversation_id))
        channels = (f"conversation:{conversation_id}",)
        if isinstance(event, MemberRemoved | MemberUpdated):
            channels = (*channels, f"user:{event.user_id}")
    return Frame(
        id=id,
        aggregate_type=aggregate_type,
        aggregate_id=aggregate_id,
        event_type=event.wire,
        revision=revision,
        channels=channels,
        body=msgspec.json.encode(envelope),
        at=now,
        command_id=command_id,
        subject_id=_subject_of(event),
    )
