"""Typing as it travels between servers: the frame that clients receive, and who of them must not."""

from datetime import datetime
from uuid import UUID

import msgspec

from application.ports.events import Frame
from application.views import Moment
from domain.shared.ids import ConversationId, EventId, UserId
from domain.shared.values import moment

STARTED = "typing.started"
STOPPED = "typing.stopped"


class Typing(msgspec.Struct, frozen=True, kw_only=True):
    """Data of ``typing.started`` and ``typing.stopped``."""

    user_id: UserId


class TypingFrame(msgspec.Struct, frozen=True, kw_only=True):
    """The frame that clients receive."""

    type: str
    conversation_id: ConversationId
    at: Moment
    data: Typing


class Whisper(msgspec.Struct, frozen=True, kw_only=True):
    """A frame for those who listen to its conversation, apart from some."""

    kept_from: frozenset[UserId]
    frame: msgspec.Raw


def whisper(
    type: str,
    typist: UserId,
    place: ConversationId,
    kept_from: frozenset[UserId],
    *,
    id: EventId,
    at: datetime,
) -> Frame:
    """What is published. It goes past the outbox: whoever misses it sees the next, or nothing, soon."""
    frame = TypingFrame(type=type, conversation_id=place, at=moment(at), data=Typing(user_id=typist))
    body = Whisper(kept_from=kept_from, frame=msgspec.Raw(msgspec.json.encode(frame)))
    return Frame(
        id=id,
        aggregate_type="conversation",
        aggregate_id=UUID(str(place)),
        event_type=type,
        revision=0,
        channels=(f"conversation:{place}",),
        body=msgspec.json.encode(body),
        at=at,
    )


def overheard(body: bytes) -> Whisper:
    """The inverse, as far as a hub needs it."""
    return msgspec.json.decode(body, type=Whisper)
