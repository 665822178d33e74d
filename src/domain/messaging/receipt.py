"""Receipts as ranges: one row says that somebody received or read messages from one sequence to another."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.shared.ids import ConversationId, UserId


class DeliveryStatus(StrEnum):
    """``PENDING`` exists only in a client before its acknowledgement; a missing receipt reads ``SENT``."""

    PENDING = "PENDING"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    READ = "READ"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRange:
    """Messages ``from_sequence`` to ``to_sequence``, both included, reached ``status`` at ``at``.

    Ranges of one person and status follow each other without overlap, so which range holds a message, and
    hence when it was received or read, has one answer.
    """

    conversation_id: ConversationId
    user_id: UserId
    status: DeliveryStatus
    from_sequence: int
    to_sequence: int
    at: datetime
