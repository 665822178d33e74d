"""What happens between people, as the devices of the one who did it hear it."""

from dataclasses import dataclass
from typing import ClassVar

from domain.shared.events import PersonalEvent
from domain.shared.ids import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChanged(PersonalEvent):
    """I saved, renamed, forgot, blocked or unblocked somebody. They never hear of it."""

    wire: ClassVar[str] = "contact.updated"
    contact_user_id: UserId
    nickname: str | None
    saved: bool
    is_blocked: bool
