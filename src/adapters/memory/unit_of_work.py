"""Memory's unit of work: what was saved is checked and stored by ``commit``, all at once."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from adapters.memory import constraints, wiping
from adapters.memory.chat_repositories import MemoryConversations, MemoryParticipants
from adapters.memory.message_parts import MemoryAttachments, MemoryReactions
from adapters.memory.message_repository import MemoryMessages
from adapters.memory.people_repositories import MemoryContacts, MemorySessions, MemoryUsers
from adapters.memory.store import MemoryStore
from adapters.memory.turn import Turn
from application.bus.account import Ledger
from application.ports.command_log import LogEntry
from application.ports.events import Frame
from domain.shared.events import Event
from domain.shared.ids import UserId


class MemoryUnitOfWork:
    """One turn at the store. Nothing of it is stored before ``commit``, and then without a pause."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._saved = Ledger()
        self.users = MemoryUsers(turn, self._saved)
        self.sessions = MemorySessions(turn, self._saved)
        self.contacts = MemoryContacts(turn, self._saved)
        self.conversations = MemoryConversations(turn, self._saved)
        self.participants = MemoryParticipants(turn, self._saved)
        self.messages = MemoryMessages(turn, self._saved, self.conversations)
        self.attachments = MemoryAttachments(turn, self._saved)
        self.reactions = MemoryReactions(turn, self._saved)
        self.participants.said = self.messages.said
        self._forgotten: list[UserId] = []

    def forget_person(self, user_id: UserId) -> None:
        self._forgotten.append(user_id)

    def events(self) -> list[Event]:
        return self._saved.current.told()

    async def commit(self, entries: Sequence[LogEntry], frames: Sequence[Frame]) -> None:
        store = await self._turn.take()
        self._check(store, entries, frames)
        origins = wiping.origins_of(store, self.messages.wiped)
        self._store_people(store)
        self._store_conversations(store)
        self._store_parts(store)
        wiping.wipe_messages(store, self.messages.wiped, origins)
        for user_id in self._forgotten:
            wiping.forget_person(store, user_id)
        for frame in frames:
            store.put_frame(frame)
        for entry in entries:
            store.put_entry(entry)
        self._turn.end()

    def _check(self, store: MemoryStore, entries: Sequence[LogEntry], frames: Sequence[Frame]) -> None:
        memberships = [(p.conversation_id, p.user_id) for p in self.participants.added]
        conversations = self.conversations.added
        constraints.require_new("users_pkey", (u.id for u in self.users.added), store.users)
        constraints.require_free_identifiers(store, self.users.written.values())
        constraints.require_new("user_sessions_pkey", (s.id for s in self.sessions.added), store.sessions)
        constraints.require_one_session_per_device(store, self.sessions.written)
        constraints.require_new("conversations_pkey", (c.id for c in conversations), store.conversations)
        constraints.require_one_direct_conversation(store, conversations)
        constraints.require_new("participants_pkey", memberships, store.participants)
        constraints.require_one_owner(store, self.participants.written)
        constraints.require_new_messages(store, self.messages.added)
        constraints.require_new_record(store, entries, frames)

    def _store_people(self, store: MemoryStore) -> None:
        for user in self.users.written.values():
            store.put_user(user)
        for settings in self.users.settings.values():
            store.put_settings(settings)
        for session in self.sessions.written.values():
            store.put_session(session)
        for contact in self.contacts.written.values():
            store.put_contact(contact)

    def _store_conversations(self, store: MemoryStore) -> None:
        for conversation in (self.conversations.counted | self.conversations.written).values():
            store.put_conversation(conversation)
        for participant in self.participants.written.values():
            store.put_participant(participant)
        store.stays.extend(self.participants.stays)
        for message in self.messages.added:
            store.put_message(message)
        for message in self.messages.written.values():
            store.put_message(message)
        store.ranges.extend(self.participants.ranges)

    def _store_parts(self, store: MemoryStore) -> None:
        store.hidden.update(self.messages.hidden)
        store.carried.update(self.attachments.attached)
        for key, reaction in self.reactions.changes.items():
            store.reactions.pop(key, None)
            if reaction is not None:
                store.reactions[key] = reaction


class MemoryUnitsOfWork:
    """Units of work on one store, one after another. Whoever opens one inside another waits for ever."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    @asynccontextmanager
    async def open(self) -> AsyncIterator[MemoryUnitOfWork]:
        turn = Turn(self._store)
        try:
            yield MemoryUnitOfWork(turn)
        finally:
            turn.end()
