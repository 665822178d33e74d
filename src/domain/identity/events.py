"""What happens to accounts and sessions, as their own devices hear it."""

from dataclasses import dataclass
from typing import ClassVar

from domain.shared.events import PersonalEvent
from domain.shared.ids import SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(PersonalEvent):
    """A session was revoked; its sockets close after hearing this."""

    wire: ClassVar[str] = "session.revoked"
    session_id: SessionId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChanged(PersonalEvent):
    """A profile says something else now; what was remembered of it is stale."""

    wire: ClassVar[str] = "profile.updated"
