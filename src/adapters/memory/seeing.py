"""What a participant sees of a conversation, and how much of it is unread: the definitions, by brute force."""

from collections.abc import Iterable
from datetime import UTC, datetime

from adapters.memory.store import MemoryStore
from domain.conversation.participant import Participant
from domain.messaging.content import MessageType
from domain.messaging.message import Message

UNREAD_AT_MOST = 100
_BEGINNING = datetime.min.replace(tzinfo=UTC)


def visible(me: Participant, messages: Iterable[Message], now: datetime | None) -> list[Message]:
    """What ``me`` sees at ``now``, ascending: not cleared, not expired, up to where they left."""
    return [
        message
        for message in sorted(messages, key=lambda m: m.seq_id)
        if message.seq_id > me.cleared_through_sequence
        and (me.left_sequence is None or message.seq_id <= me.left_sequence)
        and not message.has_expired(now or _BEGINNING)
    ]


def unread(store: MemoryStore, me: Participant, messages: Iterable[Message], now: datetime | None) -> int:
    """Visible messages after the read cursor, of others whom ``me`` does not block; at most 100."""
    if me.has_left:
        return 0
    count = sum(
        1
        for message in visible(me, messages, now)
        if message.seq_id > me.last_read_sequence
        and message.sender_id != me.user_id
        and message.type is not MessageType.SYSTEM
        and message.deleted_at is None
        and not _blocks(store, me, message)
    )
    return min(UNREAD_AT_MOST, count)


def _blocks(store: MemoryStore, me: Participant, message: Message) -> bool:
    contact = store.contacts.get((me.user_id, message.sender_id))
    return contact is not None and contact.is_blocked
