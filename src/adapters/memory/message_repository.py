"""Messages of one unit of work, numbered from the conversation that it holds."""

from collections.abc import Sequence
from datetime import datetime

from adapters.memory import visibility
from adapters.memory.chat_repositories import MemoryConversations
from adapters.memory.copies import copied
from adapters.memory.turn import Turn
from application.bus.account import Ledger
from domain.conversation.participant import Participant
from domain.messaging.content import MessageType
from domain.messaging.message import Message, NewMessage
from domain.shared.ids import ClientMessageId, ConversationId, MessageId, UserId


class MemoryMessages:
    """Messages, numbered from the conversation that this unit of work holds."""

    def __init__(self, turn: Turn, saved: Ledger, conversations: MemoryConversations) -> None:
        self._turn = turn
        self._saved = saved
        self._conversations = conversations
        self.said: dict[ConversationId, Message] = {}
        self._known: dict[MessageId, Message] = {}
        self.added: list[Message] = []
        self.written: dict[MessageId, Message] = {}
        self.wiped: dict[MessageId, Message] = {}
        self.hidden: dict[tuple[UserId, ConversationId, int], int] = {}

    def hide(self, message: Message, user_id: UserId, my_revision: int) -> None:
        self._saved.wrote()
        self.hidden[user_id, message.conversation_id, message.seq_id] = my_revision

    async def place_of(self, message_id: MessageId) -> ConversationId | None:
        message = (await self._turn.take()).messages.get(message_id)
        return None if message is None else message.conversation_id

    async def seen_by(
        self, user_id: UserId, message_ids: Sequence[MessageId], now: datetime
    ) -> set[MessageId]:
        return visibility.seen_by(await self._turn.take(), user_id, message_ids, now)

    def save(self, message: Message) -> None:
        self._saved.wrote()
        self._known[message.id] = self.written[message.id] = message

    def wipe(self, tombstone: Message) -> None:
        self.save(tombstone)
        self.wiped[tombstone.id] = tombstone

    async def find_many(self, message_ids: Sequence[MessageId]) -> dict[MessageId, Message]:
        found = {id: await self.find(id) for id in message_ids}
        return {id: message for id, message in found.items() if message is not None}

    async def undeleted_by(self, sender_id: UserId, limit: int) -> list[Message]:
        store = await self._turn.take()
        said = [
            message
            for message in store.messages.values()
            if message.sender_id == sender_id
            and message.deleted_at is None
            and message.type is not MessageType.SYSTEM
        ]
        place = min((message.conversation_id for message in said), default=None)
        here = sorted((m for m in said if m.conversation_id == place), key=lambda m: m.seq_id)
        return [copied(message) for message in here[:limit]]

    async def append(self, message: NewMessage) -> Message:
        await self._turn.take()
        self._saved.wrote()
        conversation = self._conversations.held(message.conversation_id)
        placed = message.sequenced(conversation.next_sequence(), conversation.next_revision())
        self.added.append(placed)
        self.said[placed.conversation_id] = placed
        self._known[placed.id] = placed
        return placed

    async def find(self, message_id: MessageId) -> Message | None:
        store = await self._turn.take()
        if message_id not in self._known and message_id in store.messages:
            self._known[message_id] = copied(store.messages[message_id])
        return self._known.get(message_id)

    async def find_by_client_id(
        self, sender_id: UserId, client_message_id: ClientMessageId
    ) -> Message | None:
        store = await self._turn.take()
        for message in self.added:
            if (message.sender_id, message.client_message_id) == (sender_id, client_message_id):
                return message
        known = store.client_ids.get((sender_id, client_message_id))
        return None if known is None else await self.find(known)

    async def unread(self, participant: Participant, now: datetime) -> int:
        store = await self._turn.take()
        return visibility.unread(store, participant, now, self.added, self.hidden)
