"""The repositories of memory's unit of work: copies out, staged objects in."""

from collections.abc import Sequence
from typing import Any

from adapters.memory.seeing import unread
from adapters.memory.store import MemoryStore, apart
from domain.contacts.contact import Contact
from domain.conversation.conversation import Conversation
from domain.conversation.participant import Participant
from domain.identity.session import Session
from domain.identity.settings import Settings
from domain.identity.user import User
from domain.messaging.message import Message, NewMessage
from domain.messaging.receipt import ReceiptRange
from domain.shared.errors import ConversationNotFound
from domain.shared.ids import ClientMessageId, ConversationId, MessageId, SessionId, UserId


class _Kept:
    """Objects of one unit of work by key: found once, the same from then on."""

    def __init__(self, table: dict[Any, Any], saved: list[Any]) -> None:
        self._table = table
        self._saved = saved
        self._known: dict[Any, Any] = {}
        self.staged: dict[Any, Any] = {}

    def _stage(self, key: Any, thing: Any) -> None:
        self._known[key] = self.staged[key] = thing
        self._saved.append(thing)

    def _find(self, key: Any) -> Any:
        if key not in self._known:
            stored = self._table.get(key)
            if stored is None:
                return None
            self._known[key] = apart(stored)
        return self._known[key]


class MemoryUsers(_Kept):
    """Accounts with their settings."""

    def __init__(self, store: MemoryStore, saved: list[Any]) -> None:
        super().__init__(store.users, saved)
        self._settings = store.settings
        self.staged_settings: dict[Any, Settings] = {}

    def add(self, user: User, settings: Settings) -> None:
        self._stage(user.id, user)
        self.staged_settings[user.id] = settings

    def save(self, user: User) -> None:
        self._stage(user.id, user)

    async def find(self, user_id: UserId) -> User | None:
        found: User | None = self._find(user_id)
        return found

    async def find_by_identifier(self, kind: str, identifier: str) -> User | None:
        for id, user in (self._table | self.staged).items():
            if (getattr(user, kind) or "").casefold() == identifier.casefold():
                return await self.find(id)
        return None

    async def find_many(self, user_ids: Sequence[UserId]) -> dict[UserId, User]:
        return {id: user for id in user_ids if (user := await self.find(id)) is not None}

    async def settings_of(self, user_ids: Sequence[UserId]) -> dict[UserId, Settings]:
        known = self._settings | self.staged_settings
        return {id: known[id] for id in user_ids if id in known}


class MemorySessions(_Kept):
    """Device sessions."""

    def __init__(self, store: MemoryStore, saved: list[Any]) -> None:
        super().__init__(store.sessions, saved)

    def add(self, session: Session) -> None:
        self._stage(session.id, session)

    def save(self, session: Session) -> None:
        self._stage(session.id, session)

    async def lock(self, session_id: SessionId) -> Session | None:
        found: Session | None = self._find(session_id)
        return found

    async def lock_all_live(self, user_id: UserId) -> list[Session]:
        ids = [id for id, session in (self._table | self.staged).items() if session.user_id == user_id]
        return [session for id in sorted(ids) if not (session := self._find(id)).is_revoked]


class MemoryContacts(_Kept):
    """Whom people saved or blocked."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store.contacts, [])

    def save(self, contact: Contact) -> None:
        self._stage((contact.user_id, contact.contact_user_id), contact)

    async def find(self, user_id: UserId, contact_user_id: UserId) -> Contact | None:
        found: Contact | None = self._find((user_id, contact_user_id))
        return found

    async def touching(self, user_id: UserId, others: Sequence[UserId]) -> list[Contact]:
        pairs = [pair for other in others for pair in ((user_id, other), (other, user_id))]
        return [contact for pair in pairs if (contact := self._find(pair)) is not None]


class MemoryConversations(_Kept):
    """Conversations; holding one is remembered, so that nothing is numbered without it."""

    def __init__(self, store: MemoryStore, saved: list[Any]) -> None:
        super().__init__(store.conversations, saved)
        self._held: set[ConversationId] = set()

    def add(self, conversation: Conversation) -> None:
        self._stage(conversation.id, conversation)
        self._held.add(conversation.id)

    def save(self, conversation: Conversation) -> None:
        self._stage(conversation.id, conversation)

    async def lock(self, conversation_id: ConversationId) -> Conversation | None:
        found: Conversation | None = self._find(conversation_id)
        if found is not None:
            self._held.add(conversation_id)
        return found

    async def get(self, conversation_id: ConversationId) -> Conversation:
        found: Conversation | None = self._find(conversation_id)
        if found is None:
            raise ConversationNotFound
        return found

    async def find_direct(self, direct_key: str) -> Conversation | None:
        for id, conversation in (self._table | self.staged).items():
            if conversation.direct_key == direct_key:
                return await self.get(id)
        return None

    def held(self, conversation_id: ConversationId) -> Conversation:
        """The conversation, if this unit of work holds it. Raises ``RuntimeError`` otherwise."""
        if conversation_id not in self._held:
            raise RuntimeError("a conversation must be locked before a message is appended to it")
        conversation: Conversation = self._find(conversation_id)
        self.staged[conversation_id] = conversation
        return conversation


class MemoryParticipants(_Kept):
    """Memberships, those that ended included."""

    def __init__(self, store: MemoryStore, saved: list[Any]) -> None:
        super().__init__(store.participants, saved)
        self.ranges: list[ReceiptRange] = []

    def add(self, participant: Participant) -> None:
        self.save(participant)

    def save(self, participant: Participant) -> None:
        self._stage((participant.conversation_id, participant.user_id), participant)
        self.ranges.extend(participant.ranges)
        participant.ranges.clear()

    async def find(self, conversation_id: ConversationId, user_id: UserId) -> Participant | None:
        found: Participant | None = self._find((conversation_id, user_id))
        return found

    async def get(self, conversation_id: ConversationId, user_id: UserId) -> Participant:
        found = await self.find(conversation_id, user_id)
        if found is None:
            raise ConversationNotFound
        return found


class MemoryMessages:
    """Messages, numbered from the conversation that this unit of work holds."""

    def __init__(self, store: MemoryStore, conversations: MemoryConversations) -> None:
        self._store = store
        self._conversations = conversations
        self.staged: list[Message] = []

    async def append(self, message: NewMessage) -> Message:
        conversation = self._conversations.held(message.conversation_id)
        placed = message.sequenced(conversation.next_sequence(), conversation.next_revision())
        self.staged.append(placed)
        return placed

    async def find(self, message_id: MessageId) -> Message | None:
        staged = next((m for m in self.staged if m.id == message_id), None)
        return staged or self._store.message(message_id)

    async def find_by_client_id(
        self, sender_id: UserId, client_message_id: ClientMessageId
    ) -> Message | None:
        known = [m for page in self._store.messages.values() for m in page] + self.staged
        wanted = (sender_id, client_message_id)
        return next((m for m in known if (m.sender_id, m.client_message_id) == wanted), None)

    async def unread(self, participant: Participant) -> int:
        here = [m for m in self.staged if m.conversation_id == participant.conversation_id]
        stored = self._store.messages.get(participant.conversation_id, [])
        return unread(self._store, participant, [*stored, *here], None)
