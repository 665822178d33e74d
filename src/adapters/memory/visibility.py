"""What one participant can see of a conversation, and what of it is unread: one rule for all readers."""

from collections.abc import Container, Iterable, Sequence
from datetime import datetime

from adapters.memory.copies import copied
from adapters.memory.store import MemoryStore
from domain.conversation.participant import Participant
from domain.messaging.content import MessageType
from domain.messaging.message import Message
from domain.shared.ids import ConversationId, MessageId, UserId

UNREAD_AT_MOST = 100


def can_see(store: MemoryStore, me: Participant, message: Message, now: datetime) -> bool:
    """Not cleared, not hidden, not expired, and from before they left. Tombstones are seen."""
    if message.seq_id <= me.cleared_through_sequence:
        return False
    if me.left_sequence is not None and message.seq_id > me.left_sequence:
        return False
    return (
        not message.has_expired(now) and (me.user_id, me.conversation_id, message.seq_id) not in store.hidden
    )


def participation(store: MemoryStore, me: Participant) -> Participant:
    """A copy of somebody's place; what a message has taken out of the archive since is not archived."""
    twin = copied(me)
    if history := store.history.get(me.conversation_id, []):
        newest = store.messages[history[-1]]
        twin.hear(newest.seq_id, newest.created_at)
    return twin


def seen_by(
    store: MemoryStore, user_id: UserId, message_ids: Sequence[MessageId], now: datetime
) -> set[MessageId]:
    """Of some messages, wherever they are, those that somebody can see."""
    seen = set()
    for message in (store.messages[id] for id in message_ids if id in store.messages):
        me = store.participants.get((message.conversation_id, user_id))
        is_open = store.conversations[message.conversation_id].closed_at is None
        if me is not None and is_open and can_see(store, me, message, now):
            seen.add(message.id)
    return seen


def visible(store: MemoryStore, me: Participant, now: datetime) -> list[Message]:
    """Everything they can see, in ascending order."""
    history = store.after(me.conversation_id, me.cleared_through_sequence)
    return [message for message in history if can_see(store, me, message, now)]


def unread(
    store: MemoryStore,
    me: Participant,
    now: datetime,
    more: Iterable[Message] = (),
    hidden: Container[tuple[UserId, ConversationId, int]] = (),
) -> int:
    """How many they have not read, 100 meaning more than 99. ``more``: messages not in the store yet; ``hidden``: what
    it does not know to be hidden yet.
    """
    if me.has_left:
        return 0
    count = 0
    for messages in (store.after(me.conversation_id, me.last_read_sequence), more):
        for message in messages:
            is_hidden = (me.user_id, me.conversation_id, message.seq_id) in hidden
            count += not is_hidden and _is_news(store, me, message, now)
            if count == UNREAD_AT_MOST:
                return count
    return count


def _is_news(store: MemoryStore, me: Participant, message: Message, now: datetime) -> bool:
    if message.conversation_id != me.conversation_id or message.seq_id <= me.last_read_sequence:
        return False
    if message.sender_id == me.user_id or message.type is MessageType.SYSTEM:
        return False
    theirs = store.contacts.get((me.user_id, message.sender_id))
    is_blocked = theirs is not None and theirs.is_blocked
    return message.deleted_at is None and not is_blocked and can_see(store, me, message, now)
