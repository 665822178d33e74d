"""A person's account."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from domain.identity.events import ProfileChanged
from domain.shared import values
from domain.shared.errors import Invalid, LastIdentifier
from domain.shared.events import Event
from domain.shared.ids import UserId

REACTIVATION_WINDOW = timedelta(days=30)


@dataclass(slots=True, kw_only=True)
class User:
    """An account. At least one of username, e-mail and phone number is always set, until it is erased."""

    id: UserId
    username: str | None
    email: str | None
    phone_number: str | None
    password_hash: str
    display_name: str
    bio: str | None = None
    avatar_url: str | None = None
    is_active: bool = True
    is_verified: bool = False
    created_at: datetime
    updated_at: datetime
    deactivated_at: datetime | None = None
    erased_at: datetime | None = None
    redaction_pending: bool = False
    events: list[Event] = field(default_factory=list, repr=False, compare=False)

    @classmethod
    def register(
        cls,
        id: UserId,
        *,
        username: str | None,
        email: str | None,
        phone_number: str | None,
        display_name: str,
        password_hash: str,
        now: datetime,
    ) -> Self:
        """A new account with its identifiers normalised. Raises ``Invalid``."""
        if username is None and email is None and phone_number is None:
            raise Invalid("Give at least one of username, email and phone_number.", pointer="")
        return cls(
            id=id,
            username=None if username is None else normal_identifier("username", username),
            email=None if email is None else normal_identifier("email", email),
            phone_number=None if phone_number is None else normal_identifier("phone_number", phone_number),
            password_hash=password_hash,
            display_name=values.line(display_name, "/display_name", at_least=1, at_most=64),
            created_at=now,
            updated_at=now,
        )

    def rename(self, display_name: str, now: datetime) -> None:
        """Take another display name. Raises ``Invalid``."""
        self.display_name = values.line(display_name, "/display_name", at_least=1, at_most=64)
        self.updated_at = now

    def describe(self, bio: str | None, now: datetime) -> None:
        """Take another bio, or none. Raises ``Invalid``."""
        text = None if bio is None else values.line(bio, "/bio", at_least=0, at_most=500, newlines=True)
        self.bio = text or None
        self.updated_at = now

    def identify(self, kind: str, identifier: str | None, now: datetime) -> None:
        """Take another username, email or phone_number, or give it up. Raises ``Invalid``, ``LastIdentifier``."""
        setattr(self, kind, None if identifier is None else normal_identifier(kind, identifier))
        if self.username is None and self.email is None and self.phone_number is None:
            raise LastIdentifier(pointer=f"/{kind}")
        self.updated_at = now

    def deactivate(self, now: datetime) -> None:
        """Be gone for others, and able to come back for a while."""
        self.is_active = False
        self.deactivated_at = now
        self.updated_at = now

    def come_back(self, now: datetime) -> None:
        """Undo a deactivation."""
        self.is_active = True
        self.deactivated_at = None
        self.updated_at = now

    def erase(self, now: datetime, *, redact_messages: bool) -> None:
        """Forget everything this account says of its person. The id stays: messages refer to it.

        With ``redact_messages``, what they said is still to be wiped.
        """
        self.deactivate(now)
        self.username = self.email = self.phone_number = self.bio = self.avatar_url = None
        self.display_name = self.password_hash = ""
        self.is_verified = False
        self.erased_at = now
        self.redaction_pending = redact_messages

    def profile_changed(self) -> None:
        """Record that others may now see something else of this person."""
        self.events.append(ProfileChanged(user_ids=(self.id,)))

    def can_come_back(self, now: datetime) -> bool:
        """Whether logging in would undo a deactivation: within 30 days, and never after erasure."""
        if self.erased_at is not None:
            return False
        return self.deactivated_at is None or now - self.deactivated_at <= REACTIVATION_WINDOW


def normal_identifier(kind: str, identifier: str) -> str:
    """The one form in which an identifier is stored. Raises ``Invalid``."""
    normalise = {"username": values.username, "email": values.email, "phone_number": values.phone_number}
    return normalise[kind](identifier)


def identifier_kind(identifier: str) -> tuple[str, str] | None:
    """Which column a login identifier belongs to, and its normal form; None when it cannot be any."""
    try:
        if "@" in identifier:
            return "email", values.email(identifier)
        if identifier.startswith("+"):
            return "phone_number", values.phone_number(identifier)
        return "username", values.username(identifier)
    except Invalid:
        return None
