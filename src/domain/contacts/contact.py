"""One person's view of another: saved, nicknamed, blocked."""

from dataclasses import dataclass
from datetime import datetime

from domain.shared.ids import UserId


@dataclass(slots=True, kw_only=True)
class Contact:
    """A row exists while the person is saved or blocked; the two are independent of each other."""

    user_id: UserId
    contact_user_id: UserId
    nickname: str | None = None
    saved: bool = True
    is_blocked: bool = False
    created_at: datetime

    @property
    def says_nothing(self) -> bool:
        """Neither saved nor blocked: the row has no reason to exist."""
        return not self.saved and not self.is_blocked
