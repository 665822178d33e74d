"""A conversation: what it is called, and the two counters that order everything in it.

The invariant: sequences (of messages) and revisions (of durable events) of a conversation are 1…n without a
hole, in commit order. It holds because both are taken from a ``Conversation`` whose row the transaction has
locked, and are written back in the same transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from domain.shared import values
from domain.shared.errors import Invalid
from domain.shared.events import ConversationEvent, Event
from domain.shared.ids import ConversationId, UserId, direct_key

MIN_EXPIRY_SECONDS = 30
MAX_EXPIRY_SECONDS = 90 * 24 * 3600


class ConversationType(StrEnum):
    DM = "DM"
    GROUP = "GROUP"


class PostPolicy(StrEnum):
    """Who may post: everybody, or nobody but administrators (announcement mode)."""

    ALL = "ALL"
    ADMINS = "ADMINS"


def expiry(seconds: int | None) -> int | None:
    """How long messages live, in seconds: 30 to 90 days' worth, or None for ever. Raises ``Invalid``."""
    if seconds is not None and not MIN_EXPIRY_SECONDS <= seconds <= MAX_EXPIRY_SECONDS:
        raise Invalid(
            f"Must be {MIN_EXPIRY_SECONDS} to {MAX_EXPIRY_SECONDS} seconds.", pointer="/expiry_seconds"
        )
    return seconds


def subject_of(text: str) -> str:
    """What a group is called, as stored: 1–128 characters. Raises ``Invalid``."""
    return values.line(text, "/subject", at_least=1, at_most=128)


def description_of(text: str | None) -> str | None:
    """What a group says of itself, as stored: at most 1,024 characters, or None. Raises ``Invalid``."""
    if text is None:
        return None
    return values.line(text, "/description", at_least=0, at_most=1024, newlines=True) or None


@dataclass(slots=True, kw_only=True)
class Conversation:
    """A direct conversation or a group, with its counters as the locked row has them.

    ``info_revision``: when what is said of it last changed; 0 for never.
    """

    id: ConversationId
    type: ConversationType
    subject: str | None = None
    description: str | None = None
    avatar_url: str | None = None
    expiry_seconds: int | None = None
    post_policy: PostPolicy = PostPolicy.ALL
    direct_key: str | None = None
    member_count: int = 0
    created_by: UserId | None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    last_sequence: int = 0
    revision: int = 0
    info_revision: int = 0
    events: list[Event] = field(default_factory=list, repr=False, compare=False)

    @classmethod
    def direct(cls, id: ConversationId, opener: UserId, other: UserId, now: datetime) -> Self:
        """The one direct conversation of two people; of one, their saved messages."""
        return cls(
            id=id,
            type=ConversationType.DM,
            direct_key=direct_key(opener, other),
            member_count=1 if opener == other else 2,
            created_by=opener,
            created_at=now,
            updated_at=now,
        )

    @classmethod
    def group(
        cls,
        id: ConversationId,
        creator: UserId,
        *,
        subject: str,
        description: str | None,
        expiry_seconds: int | None,
        post_policy: PostPolicy,
        now: datetime,
    ) -> Self:
        """A group of one, its creator; others are added after. Raises ``Invalid``."""
        return cls(
            id=id,
            type=ConversationType.GROUP,
            subject=subject_of(subject),
            description=description_of(description),
            expiry_seconds=expiry(expiry_seconds),
            post_policy=post_policy,
            created_by=creator,
            created_at=now,
            updated_at=now,
        )

    @property
    def is_direct(self) -> bool:
        return self.type is ConversationType.DM

    def snapshot(self) -> dict[str, Any]:
        """What is said of it now, as somebody who leaves goes on seeing it."""
        return {
            "subject": self.subject,
            "description": self.description,
            "avatar_url": self.avatar_url,
            "expiry_seconds": self.expiry_seconds,
            "post_policy": self.post_policy.value,
            "member_count": self.member_count,
        }

    def change(self, wanted: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """Take other values of subject, description, expiry_seconds or post_policy, and say which really changed."""
        changes = {name: value for name, value in wanted.items() if getattr(self, name) != value}
        for name, value in changes.items():
            setattr(self, name, value)
        if changes:
            self.updated_at = now
        return changes

    def next_sequence(self) -> int:
        """Take the next place in the order of messages."""
        self.last_sequence += 1
        return self.last_sequence

    def next_revision(self) -> int:
        """Take the next place in the order of durable events."""
        self.revision += 1
        return self.revision

    def record(self, event: Event) -> None:
        """Remember what happened, for the unit of work to tell at commit."""
        if isinstance(event, ConversationEvent) and event.changes_info:
            self.info_revision = event.revision
        self.events.append(event)
