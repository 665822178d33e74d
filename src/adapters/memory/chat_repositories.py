"""Conversations and participants of one unit of work."""

from adapters.memory import visibility
from adapters.memory.copies import copied
from adapters.memory.store import Membership
from adapters.memory.turn import Turn
from application.bus.account import Ledger
from domain.conversation.conversation import Conversation
from domain.conversation.participant import Participant, Stay
from domain.messaging.message import Message
from domain.messaging.receipt import ReceiptRange
from domain.shared.errors import ConversationNotFound
from domain.shared.ids import ConversationId, UserId


class MemoryConversations:
    """Conversations with the counters that order each of them."""

    def __init__(self, turn: Turn, saved: Ledger) -> None:
        self._turn = turn
        self._saved = saved
        self._known: dict[ConversationId, Conversation] = {}
        self._held: set[ConversationId] = set()
        self.added: list[Conversation] = []
        self.written: dict[ConversationId, Conversation] = {}
        self.counted: dict[ConversationId, Conversation] = {}

    def add(self, conversation: Conversation) -> None:
        self.added.append(conversation)
        self._held.add(conversation.id)
        self.save(conversation)

    def save(self, conversation: Conversation) -> None:
        self._known[conversation.id] = self.written[conversation.id] = conversation
        self._saved.append(conversation)

    async def lock(self, conversation_id: ConversationId) -> Conversation | None:
        found = await self._find(conversation_id)
        if found is not None:
            self._held.add(conversation_id)
        return found

    async def get(self, conversation_id: ConversationId) -> Conversation:
        found = await self._find(conversation_id)
        if found is None:
            raise ConversationNotFound
        return found

    async def find_direct(self, direct_key: str) -> Conversation | None:
        store = await self._turn.take()
        for conversation in self.added:
            if conversation.direct_key == direct_key:
                return conversation
        known = store.direct.get(direct_key)
        return None if known is None else await self._find(known)

    def held(self, conversation_id: ConversationId) -> Conversation:
        """The conversation this unit has locked. Raises ``RuntimeError`` when it has not."""
        if conversation_id not in self._held:
            raise RuntimeError("a conversation must be locked before a message is appended to it")
        conversation = self._known[conversation_id]
        self.counted[conversation_id] = conversation
        return conversation

    async def _find(self, conversation_id: ConversationId) -> Conversation | None:
        store = await self._turn.take()
        if conversation_id not in self._known and conversation_id in store.conversations:
            self._known[conversation_id] = copied(store.conversations[conversation_id])
        return self._known.get(conversation_id)


class MemoryParticipants:
    """Memberships, those that ended included. ``said``: what this unit of work has appended last, by conversation."""

    def __init__(self, turn: Turn, saved: Ledger) -> None:
        self._turn = turn
        self._saved = saved
        self._known: dict[Membership, Participant] = {}
        self.added: list[Participant] = []
        self.said: dict[ConversationId, Message] = {}
        self.written: dict[Membership, Participant] = {}
        self.ranges: list[ReceiptRange] = []
        self.stays: list[Stay] = []

    def add(self, participant: Participant) -> None:
        self.added.append(participant)
        self.save(participant)

    def save(self, participant: Participant) -> None:
        key = (participant.conversation_id, participant.user_id)
        self._known[key] = self.written[key] = participant
        self._saved.append(participant)
        self.ranges.extend(participant.ranges)
        participant.ranges.clear()
        self.stays.extend(participant.stays)
        participant.stays.clear()

    async def find(self, conversation_id: ConversationId, user_id: UserId) -> Participant | None:
        store = await self._turn.take()
        key = (conversation_id, user_id)
        if key not in self._known and key in store.participants:
            self._known[key] = visibility.participation(store, store.participants[key])
        found = self._known.get(key)
        if found is not None and (newest := self.said.get(conversation_id)):
            found.hear(newest.seq_id, newest.created_at)
        return found

    async def get(self, conversation_id: ConversationId, user_id: UserId) -> Participant:
        found = await self.find(conversation_id, user_id)
        if found is None:
            raise ConversationNotFound
        return found

    async def groups_of(self, user_id: UserId) -> list[ConversationId]:
        store = await self._turn.take()
        ids = store.conversations_of.get(user_id, set()) | {p.conversation_id for p in self.added}
        found = []
        for id in sorted(ids):
            mine = await self.find(id, user_id)
            group = store.conversations.get(id)
            if mine and not mine.has_left and group and not group.is_direct and group.closed_at is None:
                found.append(id)
        return found

    async def heir(self, conversation_id: ConversationId, besides: UserId) -> Participant | None:
        store = await self._turn.take()
        everybody = [await self.find(conversation_id, id) for id in store.people_in.get(conversation_id, ())]
        others = [p for p in everybody if p is not None and not p.has_left and p.user_id != besides]
        ranked = sorted(
            others,
            key=lambda p: (not store.users[p.user_id].is_active, -p.role.rank, p.joined_at, p.user_id),
        )
        return ranked[0] if ranked else None

    async def pinned(self, user_id: UserId) -> int:
        store = await self._turn.take()
        places = store.conversations_of.get(user_id, set()) | {p.conversation_id for p in self.added}
        mine = [(await self.find(id, user_id), store.conversations.get(id)) for id in places]
        return sum(
            me is not None
            and me.pinned_at is not None
            and not me.has_left
            and bool(c and c.closed_at is None)
            for me, c in mine
        )
