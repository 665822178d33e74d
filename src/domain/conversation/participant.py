"""One person's place in one conversation: role, cursors, pins, and what they may do there."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.conversation.conversation import Conversation, PostPolicy
from domain.messaging.receipt import DeliveryStatus, ReceiptRange
from domain.shared.errors import PostingRestricted, Silenced
from domain.shared.events import Event
from domain.shared.ids import ConversationId, UserId


class Role(StrEnum):
    OWNER = "OWNER"
    ADMIN = "ADMIN"
    MEMBER = "MEMBER"

    @property
    def rank(self) -> int:
        """Higher may act on lower."""
        return {"OWNER": 3, "ADMIN": 2, "MEMBER": 1}[self.value]

    @property
    def administers(self) -> bool:
        return self.rank >= Role.ADMIN.rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A membership that has ended: its person was there for messages after ``joined_sequence``, up to ``left_sequence``."""

    conversation_id: ConversationId
    user_id: UserId
    joined_sequence: int
    left_sequence: int


@dataclass(slots=True, kw_only=True)
class Participant:
    """A membership, kept after its person has left (``left_at``).

    ``last_read_sequence ≤ last_delivered_sequence ≤ the conversation's last sequence`` at all times. The ``told_…``
    ones are what others may know of them: they stay behind while a block, or nobody at home, silences receipts.
    ``archived`` is as found: a message that came after ``archived_at_sequence`` and was not muted has undone it.
    """

    conversation_id: ConversationId
    user_id: UserId
    role: Role = Role.MEMBER
    joined_at: datetime
    joined_sequence: int = 0
    added_by: UserId | None = None
    muted_until: datetime | None = None
    silenced_until: datetime | None = None
    pinned_at: datetime | None = None
    archived: bool = False
    archived_at_sequence: int = 0
    listed: bool = True
    last_read_sequence: int = 0
    last_delivered_sequence: int = 0
    told_read_sequence: int = 0
    told_delivered_sequence: int = 0
    cleared_through_sequence: int = 0
    my_revision: int = 0
    revision: int = 0
    left_at: datetime | None = None
    left_sequence: int | None = None
    left_snapshot: dict[str, Any] | None = None
    events: list[Event] = field(default_factory=list, repr=False, compare=False)
    ranges: list[ReceiptRange] = field(default_factory=list, repr=False, compare=False)
    stays: list[Stay] = field(default_factory=list, repr=False, compare=False)

    def record(self, event: Event) -> None:
        """Remember what happened, for the unit of work to tell at commit."""
        self.events.append(event)

    @property
    def has_left(self) -> bool:
        return self.left_at is not None

    @property
    def is_listed(self) -> bool:
        """Whether its person has the conversation now: takes part, and knows of it."""
        return self.listed and not self.has_left

    def leave(self, conversation: Conversation, now: datetime) -> None:
        """Take part no longer: what was said so far stays readable, and what the conversation was called."""
        self.left_at = now
        self.left_sequence = conversation.last_sequence
        self.left_snapshot = conversation.snapshot()
        conversation.member_count -= 1
        self.stays.append(
            Stay(
                conversation_id=self.conversation_id,
                user_id=self.user_id,
                joined_sequence=self.joined_sequence,
                left_sequence=self.left_sequence,
            )
        )

    def mute(self, until: datetime | None, head: int) -> bool:
        """Want no notifications until then; None ends it. Returns whether that is new.

        What came while it was muted has not undone archiving, and does not do so now.
        """
        if until == self.muted_until:
            return False
        self.muted_until = until
        self.archived_at_sequence = head if self.archived else self.archived_at_sequence
        return True

    def pin(self, wanted: bool, now: datetime) -> bool:
        """Keep it at the top, or no longer. Returns whether that is new."""
        if wanted is (self.pinned_at is not None):
            return False
        self.pinned_at = now if wanted else None
        return True

    def archive(self, wanted: bool, head: int) -> bool:
        """Put it away until somebody says something, or take it back. Returns whether that is new."""
        if wanted is self.archived:
            return False
        self.archived = wanted
        self.archived_at_sequence = head if wanted else 0
        return True

    def hear(self, sequence: int, at: datetime) -> None:
        """A message came: it undoes archiving, unless it was muted then, or was there already."""
        if self.has_left or sequence <= self.archived_at_sequence:
            return
        if self.muted_until is None or at >= self.muted_until:
            self.archived = False

    def clear(self, head: int) -> bool:
        """See nothing any more of what was said so far. Returns whether there was anything."""
        so_far = head if self.left_sequence is None else min(head, self.left_sequence)
        if so_far <= self.cleared_through_sequence:
            return False
        self.cleared_through_sequence = so_far
        return True

    def join_again(self, conversation: Conversation, added_by: UserId, now: datetime) -> None:
        """Take part once more, as a member like any other, with nothing unread."""
        self.role = Role.MEMBER
        self.joined_at = now
        self.added_by = added_by
        self.silenced_until = None
        self.left_at = self.left_sequence = self.left_snapshot = None
        self.archived = False
        # Others may have taken its place among those that may be pinned.
        self.pinned_at = None
        self.my_revision += 1
        self.begin_at(conversation.last_sequence)

    def begin_at(self, sequence: int) -> None:
        """Owe no receipt for what was said up to ``sequence``, and have nothing of it unread."""
        self.joined_sequence = sequence
        self.last_read_sequence = self.last_delivered_sequence = sequence
        self.told_read_sequence = self.told_delivered_sequence = sequence

    def require_may_post(self, conversation: Conversation, now: datetime) -> None:
        """Raises ``Silenced`` or ``PostingRestricted``."""
        if self.silenced_until is not None and now < self.silenced_until:
            raise Silenced
        if conversation.post_policy is PostPolicy.ADMINS and not self.role.administers:
            raise PostingRestricted

    def has_sent(self, sequence: int, now: datetime) -> None:
        """Sending is having read: the sender's own cursors move to what they wrote."""
        self.last_read_sequence = max(self.last_read_sequence, sequence)
        self.last_delivered_sequence = max(self.last_delivered_sequence, sequence)
        if self.told_read_sequence == sequence - 1:
            # Nobody asks for a receipt of one's own message.
            self.told_read_sequence = sequence
            self.told_delivered_sequence = max(self.told_delivered_sequence, sequence)
        else:
            self._tell(DeliveryStatus.READ, sequence, now)

    def read(self, up_to: int, head: int, now: datetime, *, told: bool = True) -> bool:
        """Move the read cursor forward to ``up_to``, at most to ``head``; backwards changes nothing.

        Returns whether anything moved. Reading implies delivery. What is not ``told`` leaves no receipt.
        """
        target = min(up_to, head)
        if target <= self.last_read_sequence:
            return False
        self.last_read_sequence = target
        self.last_delivered_sequence = max(self.last_delivered_sequence, target)
        if told:
            self._tell(DeliveryStatus.READ, target, now)
        self.my_revision += 1
        return True

    def receive(self, up_to: int, head: int, now: datetime, *, told: bool = True) -> bool:
        """Move the delivery cursor forward likewise."""
        target = min(up_to, head)
        if target <= self.last_delivered_sequence:
            return False
        self.last_delivered_sequence = target
        if told:
            self._tell(DeliveryStatus.DELIVERED, target, now)
        self.my_revision += 1
        return True

    def _tell(self, status: DeliveryStatus, to: int, now: datetime) -> None:
        """Leave a receipt for everything up to ``to`` that has none yet: one range, which for reading is both."""
        is_read = status is DeliveryStatus.READ
        start = self.told_read_sequence if is_read else self.told_delivered_sequence
        if to <= start:
            return
        self.ranges.append(
            ReceiptRange(
                conversation_id=self.conversation_id,
                user_id=self.user_id,
                status=status,
                from_sequence=start + 1,
                to_sequence=to,
                at=now,
            )
        )
        if is_read:
            self.told_read_sequence = to
        self.told_delivered_sequence = max(self.told_delivered_sequence, to)
