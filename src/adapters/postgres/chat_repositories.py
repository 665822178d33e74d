"""Conversations, participants and messages of one unit of work."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from adapters.postgres import rows
from adapters.postgres.transaction import Batcher, Transaction
from domain.conversation.conversation import Conversation
from domain.conversation.participant import Participant
from domain.messaging.content import preview
from domain.messaging.message import Message, NewMessage
from domain.messaging.receipt import ReceiptRange
from domain.shared.errors import ConversationNotFound
from domain.shared.ids import ClientMessageId, ConversationId, MessageId, UserId

_LOCK = """
SELECT conversation_id FROM conversation_sequences
 WHERE conversation_id = ANY($1) ORDER BY conversation_id FOR UPDATE
"""
# A statement of its own: rows read in the statement that waits for a lock are older than the lock.
_CONVERSATIONS = " ".join(
    ("SELECT", rows.CONVERSATIONS.of("c"), ", s.last_sequence, s.revision AS head_revision")
    + ("FROM conversations c JOIN conversation_sequences s ON s.conversation_id = c.id WHERE c.id = ANY($1)",)
)
_DIRECT = _CONVERSATIONS.replace("c.id = ANY($1)", "c.direct_key = $1")
_PARTICIPANTS = " ".join(
    ("SELECT", rows.PARTICIPANTS.names, "FROM participants WHERE (conversation_id, user_id) IN")
    + ("(SELECT * FROM unnest($1::uuid[], $2::uuid[]))",)
)
_MESSAGES = " ".join(("SELECT", rows.MESSAGES.names, "FROM messages WHERE id = ANY($1)"))
_BY_CLIENT_ID = " ".join(
    ("SELECT", rows.MESSAGES.names, "FROM messages WHERE (sender_id, client_message_id) IN")
    + ("(SELECT * FROM unnest($1::uuid[], $2::uuid[]))",)
)
_UNREAD = """
SELECT count(*) AS n FROM (
    SELECT 1 FROM messages m
     WHERE m.conversation_id = $1 AND m.seq_id > greatest($3::bigint, $4::bigint)
       AND m.sender_id <> $2 AND m.type <> 'SYSTEM' AND m.deleted_at IS NULL
       AND (m.expires_at IS NULL OR m.expires_at > now())
       AND NOT EXISTS (SELECT FROM hidden_messages h
                        WHERE h.user_id = $2 AND h.conversation_id = $1 AND h.seq_id = m.seq_id)
       AND NOT EXISTS (SELECT FROM user_contacts k
                        WHERE k.user_id = $2 AND k.contact_user_id = m.sender_id AND k.is_blocked)
     LIMIT 100) AS counted
"""


@dataclass(slots=True, kw_only=True)
class SummaryRow:
    """What a conversation's list entry shows after this unit of work."""

    conversation_id: UUID
    message_id: UUID | None
    seq_id: int
    sender_id: UUID | None
    type: str | None
    preview: str | None
    created_at: datetime | None
    expires_at: datetime | None
    deleted: bool
    last_activity_at: datetime


class PostgresConversations:
    """Conversations and the locked row that orders each of them."""

    def __init__(self, transaction: Transaction, saved: list[Any]) -> None:
        self._transaction = transaction
        self._saved = saved
        self._locked: Batcher[ConversationId, Conversation] = Batcher(self._lock)
        self._seen: Batcher[ConversationId, Conversation] = Batcher(self._load)
        self.added: list[Conversation] = []
        self.changed: list[Conversation] = []
        self.counted: dict[ConversationId, Conversation] = {}
        self._found: dict[ConversationId, tuple[Any, ...]] = {}

    def add(self, conversation: Conversation) -> None:
        self.added.append(conversation)
        self._locked.remember(conversation.id, conversation)
        self._saved.append(conversation)

    def save(self, conversation: Conversation) -> None:
        self.changed.append(conversation)
        self._saved.append(conversation)

    async def lock(self, conversation_id: ConversationId) -> Conversation | None:
        return await self._locked.get(conversation_id)

    async def get(self, conversation_id: ConversationId) -> Conversation:
        found = self._locked.known(conversation_id) or await self._seen.get(conversation_id)
        if found is None:
            raise ConversationNotFound
        return found

    async def find_direct(self, direct_key: str) -> Conversation | None:
        for conversation in self.added:
            if conversation.direct_key == direct_key:
                return conversation
        found = await self._transaction.fetch(_DIRECT, direct_key)
        return await self.get(found[0]["id"]) if found else None

    def held(self, conversation_id: ConversationId) -> Conversation:
        """The conversation, if this unit of work holds it. Raises ``RuntimeError`` otherwise."""
        conversation = self._locked.known(conversation_id)
        if conversation is None:
            raise RuntimeError("a conversation must be locked before a message is appended to it")
        self.counted[conversation_id] = conversation
        return conversation

    async def _lock(self, ids: list[ConversationId]) -> dict[ConversationId, Conversation]:
        await self._transaction.fetch(_LOCK, ids)
        current = await self._load(ids)
        for id, conversation in current.items():
            # Found before it was locked: the same object, now saying what is true under the lock.
            if (known := self._seen.known(id)) is not None:
                for name in (*rows.CONVERSATIONS.columns, "last_sequence", "revision"):
                    setattr(known, name, getattr(conversation, name))
                current[id] = known
            self._seen.remember(id, current[id])
        return current

    async def _load(self, ids: list[ConversationId]) -> dict[ConversationId, Conversation]:
        found = [rows.conversation(row) for row in await self._transaction.fetch(_CONVERSATIONS, ids)]
        self._found |= {conversation.id: _own_columns(conversation) for conversation in found}
        return {conversation.id: conversation for conversation in found}

    def rewritten(self) -> list[Conversation]:
        """Those saved whose own columns say something else than they did when found."""
        return [c for c in self.changed if c.id in self._found and self._found[c.id] != _own_columns(c)]


class PostgresParticipants:
    """Memberships, those that ended included."""

    def __init__(self, transaction: Transaction, saved: list[Any]) -> None:
        self._transaction = transaction
        self._saved = saved
        self._participants: Batcher[tuple[ConversationId, UserId], Participant] = Batcher(self._load)
        self.added: list[Participant] = []
        self.changed: list[Participant] = []
        self.ranges: list[ReceiptRange] = []

    def add(self, participant: Participant) -> None:
        self.added.append(participant)
        self._participants.remember((participant.conversation_id, participant.user_id), participant)
        self._note(participant)

    def save(self, participant: Participant) -> None:
        self.changed.append(participant)
        self._note(participant)

    async def find(self, conversation_id: ConversationId, user_id: UserId) -> Participant | None:
        return await self._participants.get((conversation_id, user_id))

    async def get(self, conversation_id: ConversationId, user_id: UserId) -> Participant:
        found = await self.find(conversation_id, user_id)
        if found is None:
            raise ConversationNotFound
        return found

    def _note(self, participant: Participant) -> None:
        self._saved.append(participant)
        self.ranges.extend(participant.ranges)
        participant.ranges.clear()

    async def _load(
        self, pairs: list[tuple[ConversationId, UserId]]
    ) -> dict[tuple[ConversationId, UserId], Participant]:
        found = await self._transaction.fetch(_PARTICIPANTS, [c for c, _ in pairs], [u for _, u in pairs])
        return {(row["conversation_id"], row["user_id"]): rows.participant(row) for row in found}


class PostgresMessages:
    """Messages, numbered from the conversation that this unit of work holds."""

    def __init__(self, transaction: Transaction, conversations: PostgresConversations) -> None:
        self._transaction = transaction
        self._conversations = conversations
        self._messages: Batcher[MessageId, Message] = Batcher(self._load)
        self._named: Batcher[tuple[UserId, ClientMessageId], Message] = Batcher(self._load_named)
        self.added: list[Message] = []
        self.summaries: dict[ConversationId, SummaryRow] = {}

    async def append(self, message: NewMessage) -> Message:
        conversation = self._conversations.held(message.conversation_id)
        placed = message.sequenced(conversation.next_sequence(), conversation.next_revision())
        self.added.append(placed)
        self._messages.remember(placed.id, placed)
        if placed.client_message_id is not None:
            self._named.remember((placed.sender_id, placed.client_message_id), placed)
        self.summaries[placed.conversation_id] = _summary(placed)
        return placed

    async def find(self, message_id: MessageId) -> Message | None:
        return await self._messages.get(message_id)

    async def find_by_client_id(
        self, sender_id: UserId, client_message_id: ClientMessageId
    ) -> Message | None:
        return await self._named.get((sender_id, client_message_id))

    async def unread(self, participant: Participant) -> int:
        found = await self._transaction.fetch(
            _UNREAD,
            participant.conversation_id,
            participant.user_id,
            participant.last_read_sequence,
            participant.cleared_through_sequence,
        )
        return int(found[0]["n"])

    async def _load(self, ids: list[MessageId]) -> dict[MessageId, Message]:
        return {row["id"]: rows.message(row) for row in await self._transaction.fetch(_MESSAGES, ids)}

    async def _load_named(
        self, pairs: list[tuple[UserId, ClientMessageId]]
    ) -> dict[tuple[UserId, ClientMessageId], Message]:
        found = await self._transaction.fetch(_BY_CLIENT_ID, [s for s, _ in pairs], [c for _, c in pairs])
        return {(row["sender_id"], row["client_message_id"]): rows.message(row) for row in found}


def _summary(message: Message) -> SummaryRow:
    return SummaryRow(
        conversation_id=message.conversation_id,
        message_id=message.id,
        seq_id=message.seq_id,
        sender_id=message.sender_id,
        type=message.type,
        preview=preview(message.content),
        created_at=message.created_at,
        expires_at=message.expires_at,
        deleted=False,
        last_activity_at=message.created_at,
    )


def _own_columns(conversation: Conversation) -> tuple[Any, ...]:
    return tuple(getattr(conversation, name) for name in rows.CONVERSATIONS.columns)
