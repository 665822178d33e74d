"""A device login and its family of refresh tokens (RFC 9700 §4.14: rotation with reuse detection).

The invariant: of one family at most one token is *current*, and it carries the session's ``generation``. Its
immediate predecessor may be shown again for 30 seconds while the current one was never shown, and then yields
the same current token: a lost response logs nobody out. Anything older proves that two parties hold the
family, and ends it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from domain.identity.events import SessionEnded
from domain.shared.events import Event
from domain.shared.ids import SessionId, UserId

REFRESH_LIFETIME = timedelta(days=7)
PREDECESSOR_GRACE = timedelta(seconds=30)
SESSIONS_PER_PERSON = 10


class Presented(Enum):
    """What showing a refresh token of a certain generation means."""

    ROTATE = auto()
    REPEAT = auto()
    STOLEN = auto()


@dataclass(slots=True, kw_only=True)
class Session:
    """One login on one device. ``refresh_token_hash`` is the SHA-256 of the current token, in hex."""

    id: SessionId
    user_id: UserId
    device_id: str
    device_type: str | None
    ip_address: str | None
    user_agent: str | None
    refresh_token_hash: str
    generation: int = 0
    rotated_at: datetime | None = None
    expires_at: datetime
    is_revoked: bool = False
    revoked_at: datetime | None = None
    created_at: datetime
    last_used_at: datetime
    events: list[Event] = field(default_factory=list, repr=False, compare=False)

    def is_live(self, now: datetime) -> bool:
        """Whether its tokens are still honoured."""
        return not self.is_revoked and now < self.expires_at

    def judge(self, generation: int, now: datetime) -> Presented:
        """What a genuine token of ``generation`` means now."""
        if generation == self.generation:
            return Presented.ROTATE
        is_predecessor = generation == self.generation - 1 and self.rotated_at is not None
        if is_predecessor and self.rotated_at is not None and now - self.rotated_at <= PREDECESSOR_GRACE:
            return Presented.REPEAT
        return Presented.STOLEN

    def rotate(self, token_hash: str, now: datetime) -> None:
        """Make the child token current; the family lives a full term from now."""
        self.generation += 1
        self.refresh_token_hash = token_hash
        self.rotated_at = now
        self.last_used_at = now
        self.expires_at = now + REFRESH_LIFETIME

    def forget_device(self) -> None:
        """Say no longer where and on what it was used; for a session that has ended."""
        self.device_id = "erased"
        self.device_type = self.ip_address = self.user_agent = None
        self.refresh_token_hash = ""

    def revoke(self, reason: str, now: datetime) -> None:
        """End it for good; ending it twice is ending it once."""
        if self.is_revoked:
            return
        self.is_revoked = True
        self.revoked_at = now
        self.events.append(SessionEnded(user_ids=(self.user_id,), session_id=self.id, reason=reason))
