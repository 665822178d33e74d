"""Users, sessions and contacts of one unit of work."""

from collections.abc import Sequence

from adapters.memory.copies import copied
from adapters.memory.store import folded, identifiers_of
from adapters.memory.turn import Turn
from application.bus.account import Ledger
from domain.contacts.contact import Contact
from domain.identity.session import Session
from domain.identity.settings import Settings
from domain.identity.user import User
from domain.shared.ids import SessionId, UserId


class MemoryUsers:
    """Accounts with their settings."""

    def __init__(self, turn: Turn, saved: Ledger) -> None:
        self._turn = turn
        self._saved = saved
        self._known: dict[UserId, User] = {}
        self._known_settings: dict[UserId, Settings] = {}
        self.added: list[User] = []
        self.written: dict[UserId, User] = {}
        self.settings: dict[UserId, Settings] = {}

    def add(self, user: User, settings: Settings) -> None:
        self.added.append(user)
        self.settings[settings.user_id] = self._known_settings[settings.user_id] = settings
        self.save(user)

    def save(self, user: User) -> None:
        self._known[user.id] = self.written[user.id] = user
        self._saved.append(user)

    async def find(self, user_id: UserId) -> User | None:
        store = await self._turn.take()
        if user_id not in self._known and user_id in store.users:
            self._known[user_id] = copied(store.users[user_id])
        return self._known.get(user_id)

    async def lock(self, user_id: UserId) -> User | None:
        return await self.find(user_id)

    async def hold(self, user_ids: Sequence[UserId]) -> dict[UserId, User]:
        return await self.find_many(user_ids)

    async def find_by_identifier(self, kind: str, identifier: str) -> User | None:
        store = await self._turn.take()
        key = (kind, folded(identifier))
        for user in self.written.values():
            if key in identifiers_of(user):
                return user
        holder = store.identifiers.get(key)
        return None if holder is None or holder in self.written else await self.find(holder)

    async def find_many(self, user_ids: Sequence[UserId]) -> dict[UserId, User]:
        found = {user_id: await self.find(user_id) for user_id in user_ids}
        return {user_id: user for user_id, user in found.items() if user is not None}

    def save_settings(self, settings: Settings) -> None:
        self.settings[settings.user_id] = self._known_settings[settings.user_id] = settings

    async def settings_of(self, user_ids: Sequence[UserId]) -> dict[UserId, Settings]:
        store = await self._turn.take()
        for user_id in user_ids:
            if user_id not in self._known_settings and user_id in store.settings:
                self._known_settings[user_id] = copied(store.settings[user_id])
        return {id: self._known_settings[id] for id in user_ids if id in self._known_settings}


class MemorySessions:
    """Device sessions; the unit's turn at the store is the lock."""

    def __init__(self, turn: Turn, saved: Ledger) -> None:
        self._turn = turn
        self._saved = saved
        self._known: dict[SessionId, Session] = {}
        self.added: list[Session] = []
        self.written: dict[SessionId, Session] = {}

    def add(self, session: Session) -> None:
        self.added.append(session)
        self.save(session)

    def save(self, session: Session) -> None:
        self._known[session.id] = self.written[session.id] = session
        self._saved.append(session)

    async def lock(self, session_id: SessionId) -> Session | None:
        store = await self._turn.take()
        if session_id not in self._known and session_id in store.sessions:
            self._known[session_id] = copied(store.sessions[session_id])
        return self._known.get(session_id)

    async def lock_all_live(self, user_id: UserId) -> list[Session]:
        return [session for session in await self.lock_all(user_id) if not session.is_revoked]

    async def lock_all(self, user_id: UserId) -> list[Session]:
        store = await self._turn.take()
        ids = store.sessions_of.get(user_id, set()) | {s.id for s in self.added if s.user_id == user_id}
        sessions = [await self.lock(session_id) for session_id in sorted(ids)]
        return [session for session in sessions if session is not None]


class MemoryContacts:
    """Whom people saved or blocked."""

    def __init__(self, turn: Turn, saved: Ledger) -> None:
        self._turn = turn
        self._saved = saved
        self._known: dict[tuple[UserId, UserId], Contact] = {}
        self.written: dict[tuple[UserId, UserId], Contact] = {}

    def save(self, contact: Contact) -> None:
        pair = (contact.user_id, contact.contact_user_id)
        self._known[pair] = self.written[pair] = contact
        self._saved.append(contact)

    async def lock(self, user_id: UserId, contact_user_id: UserId) -> Contact | None:
        return await self.find(user_id, contact_user_id)

    async def find(self, user_id: UserId, contact_user_id: UserId) -> Contact | None:
        store = await self._turn.take()
        pair = (user_id, contact_user_id)
        if pair not in self._known and pair in store.contacts:
            self._known[pair] = copied(store.contacts[pair])
        return self._known.get(pair)

    async def of(self, user_id: UserId) -> list[Contact]:
        store = await self._turn.take()
        pairs = sorted(pair for pair in {*store.contacts, *self._known} if pair[0] == user_id)
        found = [await self.find(*pair) for pair in pairs]
        return [contact for contact in found if contact is not None and not contact.says_nothing]

    async def touching(self, user_id: UserId, others: Sequence[UserId]) -> list[Contact]:
        pairs = dict.fromkeys(pair for other in others for pair in ((user_id, other), (other, user_id)))
        found = [await self.find(*pair) for pair in pairs]
        return [contact for contact in found if contact is not None]
