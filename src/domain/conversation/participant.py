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


@dataclass(slots=True, kw_only=True)
class Participant:
    """A membership, kept after its person has left (``left_at``).

    ``last_read_sequence ≤ last_delivered_sequence ≤ the conversation's last sequence`` at all times. The ``told_…``
    ones are what others may know of them: they stay behind while a block, or nobody at home, silences receipts.
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

    def record(self, event: Event) -> None:
        """Remember what happened, for the unit of work to tell at commit."""
        self.events.append(event)

    @property
    def has_left(self) -> bool:
        return self.left_at is not None

    def leave(self, conversation: Conversation, now: datetime) -> None:
        """Take part no longer: what was said so far stays readable, and what the conversation was called."""
        self.left_at = now
        self.left_sequence = conversation.last_sequence
        self.left_snapshot = conversation.snapshot()
        conversation.member_count -= 1

    def join_again(self, conversation: Conversation, added_by: UserId, now: datetime) -> None:
        """Take part once more, as a member like any other, with nothing unread."""
        self.role = Role.MEMBER
        self.joined_at = now
        self.added_by = added_by
        self.silenced_until = None
        self.left_at = self.left_sequence = self.left_snapshot = None
        self.archived = False
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
        self._advance(DeliveryStatus.DELIVERED, sequence, now)
        self._advance(DeliveryStatus.READ, sequence, now)

    def read(self, up_to: int, head: int, now: datetime, *, told: bool = True) -> bool:
        """Move the read cursor forward to ``up_to``, at most to ``head``; backwards changes nothing.

        Returns whether anything moved. Reading implies delivery. What is not ``told`` leaves no receipt.
        """
        target = min(up_to, head)
        if target <= self.last_read_sequence:
            return False
        self._advance(DeliveryStatus.DELIVERED, target, now, told=told)
        self._advance(DeliveryStatus.READ, target, now, told=told)
        self.my_revision += 1
        return True

    def receive(self, up_to: int, head: int, now: datetime, *, told: bool = True) -> bool:
        """Move the delivery cursor forward likewise."""
        target = min(up_to, head)
        if target <= self.last_delivered_sequence:
            return False
        self._advance(DeliveryStatus.DELIVERED, target, now, told=told)
        self.my_revision += 1
        return True

    def _advance(self, status: DeliveryStatus, to: int, now: datetime, *, told: bool = True) -> None:
        is_read = status is DeliveryStatus.READ
        if to <= (self.last_read_sequence if is_read else self.last_delivered_sequence):
            return
        if is_read:
            self.last_read_sequence = to
        else:
            self.last_delivered_sequence = to
        if told:
            self._tell(status, to, now)

    def _tell(self, status: DeliveryStatus, to: int, now: datetime) -> None:
        """Leave a receipt for everything up to ``to`` that has none yet."""
        is_read = status is DeliveryStatus.READ
        start = self.told_read_sequence if is_read else self.told_delivered_sequence
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
        else:
            self.told_delivered_sequence = to
