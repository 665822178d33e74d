"""Events to frames: what each says on the wire, to which channels, and in which bytes.

A frame's body is made once, at commit, and is the same for everybody who hears it; it is stored, published and
written to sockets as it is.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from application.outbox.wire import conversation_of, data_of, subject_of
from application.ports.events import Frame
from domain.contacts.events import ContactChanged
from domain.conversation.events import (
    MemberAdded,
    MemberRemoved,
    MemberUpdated,
    ParticipationChanged,
)
from domain.identity.events import ProfileChanged
from domain.messaging.events import MessageHidden
from domain.shared.events import ConversationEvent, Event, PersonalEvent
from domain.shared.ids import CommandId, EventId, UserId
from domain.shared.values import moment


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
    if isinstance(event, MessageHidden):
        envelope["my_revision"] = event.my_revision
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
        elif isinstance(event, MemberAdded):
            channels = (*channels, *(f"user:{user_id}" for user_id in event.user_ids))
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
        subject_id=subject_of(event),
    )
