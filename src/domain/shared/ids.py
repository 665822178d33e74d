"""Identifiers, each a type of its own, so that a user's id never passes for a conversation's."""

from typing import NewType
from uuid import UUID

UserId = NewType("UserId", UUID)
SessionId = NewType("SessionId", UUID)
ConversationId = NewType("ConversationId", UUID)
MessageId = NewType("MessageId", UUID)
AttachmentId = NewType("AttachmentId", UUID)
CommandId = NewType("CommandId", UUID)
EventId = NewType("EventId", UUID)
ClientMessageId = NewType("ClientMessageId", UUID)


def direct_key(one: UserId, other: UserId) -> str:
    """The same text for both orders of a pair: what makes a direct conversation unique."""
    low, high = sorted((str(one), str(other)))
    return f"{low}:{high}"


def peer_of(key: str, me: UserId) -> UserId:
    """The other one of a pair's ``direct_key``; oneself, of one's saved messages."""
    low, high = (UserId(UUID(half)) for half in key.split(":"))
    return high if low == me else low
