"""Memory's unit of work: one at a time, staged until commit, refused by the same rules as the database's."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from adapters.memory.repositories import (
    MemoryContacts,
    MemoryConversations,
    MemoryMessages,
    MemoryParticipants,
    MemorySessions,
    MemoryUsers,
)
from adapters.memory.store import MemoryStore, apart
from application.errors import Collision
from application.ports.command_log import LogEntry
from application.ports.events import Frame
from domain.shared.errors import IdentifierTaken
from domain.shared.events import Event


class MemoryUnitOfWork:
    """What was saved is staged; ``commit`` checks what must be unique, then writes all of it."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._saved: list[Any] = []
        self.users = MemoryUsers(store, self._saved)
        self.sessions = MemorySessions(store, self._saved)
        self.contacts = MemoryContacts(store)
        self.conversations = MemoryConversations(store, self._saved)
        self.participants = MemoryParticipants(store, self._saved)
        self.messages = MemoryMessages(store, self.conversations)

    def events(self) -> list[Event]:
        told: list[Event] = []
        for aggregate in self._saved:
            told.extend(aggregate.events)
            aggregate.events.clear()
        return told

    async def commit(self, entry: LogEntry, frames: Sequence[Frame]) -> None:
        self._check(entry)
        store = self._store
        store.users |= {user.id: apart(user) for user in self.users.staged.values()}
        store.settings |= self.users.staged_settings
        store.sessions |= {session.id: apart(session) for session in self.sessions.staged.values()}
        store.contacts |= {key: apart(contact) for key, contact in self.contacts.staged.items()}
        store.conversations |= {c.id: apart(c) for c in self.conversations.staged.values()}
        store.participants |= {key: apart(p) for key, p in self.participants.staged.items()}
        for message in self.messages.staged:
            store.messages.setdefault(message.conversation_id, []).append(message)
            moved = store.conversations[message.conversation_id]
            moved.updated_at = max(moved.updated_at, message.created_at)
        store.ranges.extend(self.participants.ranges)
        store.outbox |= {frame.id: frame for frame in frames}
        store.log.append(entry)

    def _check(self, entry: LogEntry) -> None:
        store = self._store
        people = store.users | self.users.staged
        for kind in ("username", "email", "phone_number"):
            if _twice([_folded(getattr(user, kind)) for user in people.values()], lambda text: text):
                raise IdentifierTaken(pointer=f"/{kind}")
        live = [s for s in (store.sessions | self.sessions.staged).values() if not s.is_revoked]
        pairs = store.conversations | self.conversations.staged
        sent = [m for page in store.messages.values() for m in page] if self.messages.staged else []
        collisions = (
            ("one_live_session_per_device", _twice(live, lambda s: (s.user_id, s.device_id))),
            ("one_conversation_per_pair", _twice(pairs.values(), lambda c: c.direct_key)),
            (
                "one_message_per_client_id",
                _twice(
                    [*sent, *self.messages.staged],
                    lambda m: m.client_message_id and (m.sender_id, m.client_message_id),
                ),
            ),
            ("one_answer_per_key", _twice([*store.log, entry], lambda e: e.idempotency_key)),
            ("one_entry_per_command", _twice([*store.log, entry], lambda e: e.id)),
        )
        for name, collided in collisions:
            if collided:
                raise Collision(name)


class MemoryUnitsOfWork:
    """Opens units of work one after the other."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    @asynccontextmanager
    async def open(self) -> AsyncIterator[MemoryUnitOfWork]:
        async with self._store.turn:
            yield MemoryUnitOfWork(self._store)


def _folded(text: str | None) -> str | None:
    return None if text is None else text.casefold()


def _twice(things: Iterable[Any], key: Callable[[Any], Any]) -> bool:
    seen = set()
    for thing in things:
        value = key(thing)
        if value is None:
            continue
        if value in seen:
            return True
        seen.add(value)
    return False
