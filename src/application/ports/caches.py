"""What is remembered beside the database, and how it hears that it is stale."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from application.ports.events import Frame
from domain.shared.ids import ConversationId, SessionId, UserId

PROFILE_CHANGED = "profile.updated"
SESSION_ENDED = "session.revoked"
CONVERSATION_CHANGED = frozenset({"conversation.updated", "conversation.deleted"})
_STALE = frozenset({PROFILE_CHANGED, SESSION_ENDED}) | CONVERSATION_CHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """Whose profiles, which sessions, and which conversations' descriptions say something else now."""

    people: frozenset[UserId]
    sessions: frozenset[SessionId]
    conversations: frozenset[ConversationId]


class Caches(Protocol):
    """Promise: once ``forget`` returns, whoever of whom these frames speak is read afresh on every server, and
    what was read before that is not remembered again. ``Unavailable``: perhaps not, so forget once more.
    """

    async def forget(self, frames: Sequence[Frame]) -> None: ...


def makes_stale(frame: Frame) -> bool:
    """Whether what this frame speaks of may be remembered somewhere."""
    return frame.event_type in _STALE


def stale_after(frames: Sequence[Frame]) -> Stale:
    """Of whom and what these frames speak."""
    of_people = (PROFILE_CHANGED, SESSION_ENDED)
    said = [
        (frame.event_type, _ENVELOPE.decode(frame.body).data)
        for frame in frames
        if frame.event_type in of_people
    ]
    people = {data.user_id for kind, data in said if kind == PROFILE_CHANGED and data.user_id is not None}
    sessions = {
        data.session_id for kind, data in said if kind == SESSION_ENDED and data.session_id is not None
    }
    changed = {frame.aggregate_id for frame in frames if frame.event_type in CONVERSATION_CHANGED}
    return Stale(
        people=frozenset(people),
        sessions=frozenset(sessions),
        conversations=frozenset(map(ConversationId, changed)),
    )


class _Data(msgspec.Struct, frozen=True):
    user_id: UserId | None = None
    session_id: SessionId | None = None


class _Envelope(msgspec.Struct, frozen=True):
    data: _Data


_ENVELOPE = msgspec.json.Decoder(_Envelope)
