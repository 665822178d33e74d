"""Users, sessions and contacts of one unit of work."""

from collections.abc import Sequence
from typing import Any

from adapters.postgres import rows
from adapters.postgres.transaction import Batcher, Transaction
from domain.contacts.contact import Contact
from domain.identity.session import Session
from domain.identity.settings import Settings
from domain.identity.user import User
from domain.shared.ids import SessionId, UserId

_USERS = " ".join(("SELECT", rows.USERS.names, "FROM users WHERE id = ANY($1)"))
_BY_IDENTIFIER = {
    kind: " ".join(("SELECT", rows.USERS.names, "FROM users WHERE", kind, "= $1::citext"))
    for kind in ("username", "email", "phone_number")
}
_SETTINGS = " ".join(("SELECT", rows.SETTINGS.names, "FROM user_settings WHERE user_id = ANY($1)"))
_LOCK_SESSION = " ".join(("SELECT", rows.SESSIONS.names, "FROM user_sessions WHERE id = $1 FOR UPDATE"))
_LOCK_USER = "SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE"
_LOCK_LIVE = " ".join(
    ("SELECT", rows.SESSIONS.names, "FROM user_sessions WHERE user_id = $1 AND NOT is_revoked")
    + ("ORDER BY id FOR UPDATE",)
)
_CONTACTS = " ".join(
    ("SELECT", rows.CONTACTS.names, "FROM user_contacts WHERE (user_id, contact_user_id) IN")
    + ("(SELECT * FROM unnest($1::uuid[], $2::uuid[]))",)
)


class PostgresUsers:
    """Accounts with their settings."""

    def __init__(self, transaction: Transaction, saved: list[Any]) -> None:
        self._transaction = transaction
        self._saved = saved
        self._users: Batcher[UserId, User] = Batcher(self._load)
        self._settings: Batcher[UserId, Settings] = Batcher(self._load_settings)
        self.added: list[User] = []
        self.added_settings: list[Settings] = []
        self.changed: list[User] = []

    def add(self, user: User, settings: Settings) -> None:
        self.added.append(user)
        self.added_settings.append(settings)
        self._users.remember(user.id, user)
        self._settings.remember(user.id, settings)
        self._saved.append(user)

    def save(self, user: User) -> None:
        self.changed.append(user)
        self._saved.append(user)

    async def find(self, user_id: UserId) -> User | None:
        return await self._users.get(user_id)

    async def find_by_identifier(self, kind: str, identifier: str) -> User | None:
        for user in self.added:
            if (getattr(user, kind) or "").casefold() == identifier.casefold():
                return user
        found = await self._transaction.fetch(_BY_IDENTIFIER[kind], identifier)
        if not found:
            return None
        known = self._users.known(found[0]["id"])
        if known is None:
            known = rows.user(found[0])
            self._users.remember(known.id, known)
        return known

    async def find_many(self, user_ids: Sequence[UserId]) -> dict[UserId, User]:
        return await self._users.get_many(list(user_ids))

    async def settings_of(self, user_ids: Sequence[UserId]) -> dict[UserId, Settings]:
        return await self._settings.get_many(list(user_ids))

    async def _load(self, ids: list[UserId]) -> dict[UserId, User]:
        return {row["id"]: rows.user(row) for row in await self._transaction.fetch(_USERS, ids)}

    async def _load_settings(self, ids: list[UserId]) -> dict[UserId, Settings]:
        return {row["user_id"]: rows.settings(row) for row in await self._transaction.fetch(_SETTINGS, ids)}


class PostgresSessions:
    """Device sessions, locked while they are looked at."""

    def __init__(self, transaction: Transaction, saved: list[Any]) -> None:
        self._transaction = transaction
        self._saved = saved
        self._known: dict[SessionId, Session] = {}
        self.added: list[Session] = []
        self.changed: list[Session] = []

    def add(self, session: Session) -> None:
        self.added.append(session)
        self._known[session.id] = session
        self._saved.append(session)

    def save(self, session: Session) -> None:
        self.changed.append(session)
        self._saved.append(session)

    async def lock(self, session_id: SessionId) -> Session | None:
        if session_id in self._known:
            return self._known[session_id]
        found = await self._transaction.fetch(_LOCK_SESSION, session_id)
        return self._remember(found[0]) if found else None

    async def lock_all_live(self, user_id: UserId) -> list[Session]:
        # The person's row is locked first: two log-ins on one device take turns instead of colliding.
        await self._transaction.fetch(_LOCK_USER, user_id)
        found = [self._remember(row) for row in await self._transaction.fetch(_LOCK_LIVE, user_id)]
        added = [session for session in self.added if session.user_id == user_id]
        return [session for session in (*found, *added) if not session.is_revoked]

    def _remember(self, row: Any) -> Session:
        return self._known.setdefault(row["id"], rows.session(row))


class PostgresContacts:
    """Whom people saved or blocked."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._contacts: Batcher[tuple[UserId, UserId], Contact] = Batcher(self._load)
        self.changed: list[Contact] = []

    def save(self, contact: Contact) -> None:
        self.changed.append(contact)
        self._contacts.remember((contact.user_id, contact.contact_user_id), contact)

    async def find(self, user_id: UserId, contact_user_id: UserId) -> Contact | None:
        return await self._contacts.get((user_id, contact_user_id))

    async def touching(self, user_id: UserId, others: Sequence[UserId]) -> list[Contact]:
        pairs = [pair for other in others for pair in ((user_id, other), (other, user_id))]
        return list((await self._contacts.get_many(pairs)).values())

    async def _load(self, pairs: list[tuple[UserId, UserId]]) -> dict[tuple[UserId, UserId], Contact]:
        found = await self._transaction.fetch(_CONTACTS, [a for a, _ in pairs], [b for _, b in pairs])
        return {(row["user_id"], row["contact_user_id"]): rows.contact(row) for row in found}
