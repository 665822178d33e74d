"""Users, sessions and contacts of one unit of work."""

from collections.abc import Iterable, Sequence

from adapters.postgres import rows
from adapters.postgres.identities import Identities
from adapters.postgres.tables import Statement
from adapters.postgres.transaction import Transaction
from application.bus.account import Ledger
from domain.contacts.contact import Contact
from domain.identity.session import Session
from domain.identity.settings import Settings
from domain.identity.user import User
from domain.shared.ids import SessionId, UserId

Pair = tuple[UserId, UserId]

_USERS = f"SELECT {rows.USERS.names} FROM users WHERE id = ANY($1)"
_SETTINGS = f"SELECT {rows.SETTINGS.names} FROM user_settings WHERE user_id = ANY($1)"
_BY_IDENTIFIER = {
    kind: f"SELECT {rows.USERS.names} FROM users WHERE {kind} = $1::citext"
    for kind in ("username", "email", "phone_number")
}
_LOCK_SESSIONS = f"SELECT {rows.SESSIONS.names} FROM user_sessions WHERE id = ANY($1) ORDER BY id FOR UPDATE"
_LOCK_PERSON = "SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE"
_HOLD_PEOPLE = "SELECT 1 FROM users WHERE id = ANY($1) ORDER BY id FOR SHARE"
_LOCK_LIVE = f"""
SELECT {rows.SESSIONS.names} FROM user_sessions WHERE user_id = $1 AND NOT is_revoked ORDER BY id FOR UPDATE
"""
_LOCK_ALL = f"SELECT {rows.SESSIONS.names} FROM user_sessions WHERE user_id = $1 ORDER BY id FOR UPDATE"
_CONTACTS_OF = f"SELECT {rows.CONTACTS.names} FROM user_contacts WHERE user_id = $1 ORDER BY contact_user_id"
_CONTACTS = f"""
SELECT {rows.CONTACTS.names} FROM user_contacts
 WHERE (user_id, contact_user_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
"""
_REMOVE_CONTACTS = """
DELETE FROM user_contacts
 WHERE (user_id, contact_user_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
"""


class PostgresUsers:
    """Accounts with their settings."""

    def __init__(self, transaction: Transaction, saved: Ledger) -> None:
        self._transaction = transaction
        self._saved = saved
        self._users: Identities[UserId, User] = Identities(transaction, rows.USERS, self._load)
        self._settings: Identities[UserId, Settings] = Identities(
            transaction, rows.SETTINGS, self._load_settings
        )
        self._here: dict[UserId, User] = {}

    def add(self, user: User, settings: Settings) -> None:
        self._users.add(user.id, user)
        self._settings.add(user.id, settings)
        self._here[user.id] = user
        self._saved.append(user)

    def save(self, user: User) -> None:
        self._users.save(user.id, user)
        self._here[user.id] = user
        self._saved.append(user)

    async def find(self, user_id: UserId) -> User | None:
        return await self._users.get(user_id)

    async def lock(self, user_id: UserId) -> User | None:
        # A statement of its own: what is read in the one that waits is older than the lock.
        await self._transaction.fetch(_LOCK_PERSON, user_id)
        self._users.distrust([user_id])
        self._settings.distrust([user_id])
        return await self.find(user_id)

    async def hold(self, user_ids: Sequence[UserId]) -> dict[UserId, User]:
        # Shared: many may add one person at a time. Whoever changes the account waits, and makes these wait.
        await self._transaction.fetch(_HOLD_PEOPLE, list(user_ids))
        self._users.distrust(user_ids)
        self._settings.distrust(user_ids)
        return await self.find_many(user_ids)

    async def find_by_identifier(self, kind: str, identifier: str) -> User | None:
        wanted = identifier.lower()
        for user in self._here.values():
            if (getattr(user, kind) or "").lower() == wanted:
                return user
        found = await self._transaction.fetch(_BY_IDENTIFIER[kind], identifier)
        # One who was changed here has given up what the row still says.
        if not found or found[0]["id"] in self._here:
            return None
        return self._users.adopt(found[0]["id"], rows.user(found[0]))

    async def find_many(self, user_ids: Sequence[UserId]) -> dict[UserId, User]:
        return await self._users.get_many(user_ids)

    def save_settings(self, settings: Settings) -> None:
        self._settings.save(settings.user_id, settings)

    async def settings_of(self, user_ids: Sequence[UserId]) -> dict[UserId, Settings]:
        return await self._settings.get_many(user_ids)

    def statements(self) -> Iterable[Statement]:
        """What must be written."""
        yield from self._users.updating()
        yield from rows.USERS.inserting(self._users.added)
        yield from self._settings.updating()
        yield from rows.SETTINGS.inserting(self._settings.added)

    async def _load(self, ids: list[UserId]) -> dict[UserId, User]:
        found = await self._transaction.fetch_in_turn(_USERS, ids)
        return {row["id"]: rows.user(row) for row in found}

    async def _load_settings(self, ids: list[UserId]) -> dict[UserId, Settings]:
        found = await self._transaction.fetch_in_turn(_SETTINGS, ids)
        return {row["user_id"]: rows.settings(row) for row in found}


class PostgresSessions:
    """Device sessions, locked while they are looked at."""

    def __init__(self, transaction: Transaction, saved: Ledger) -> None:
        self._transaction = transaction
        self._saved = saved
        self._sessions: Identities[SessionId, Session] = Identities(transaction, rows.SESSIONS, self._lock)

    def add(self, session: Session) -> None:
        self._sessions.add(session.id, session)
        self._saved.append(session)

    def save(self, session: Session) -> None:
        self._sessions.save(session.id, session)
        self._saved.append(session)

    async def lock(self, session_id: SessionId) -> Session | None:
        return await self._sessions.get(session_id)

    async def lock_all_live(self, user_id: UserId) -> list[Session]:
        return await self._lock_all(_LOCK_LIVE, user_id)

    async def lock_all(self, user_id: UserId) -> list[Session]:
        return await self._lock_all(_LOCK_ALL, user_id, live=False)

    async def _lock_all(self, sql: str, user_id: UserId, *, live: bool = True) -> list[Session]:
        # The person's row first, in a statement of its own: two log-ins of one person take turns, and the
        # second sees the session that the first has opened.
        await self._transaction.fetch(_LOCK_PERSON, user_id)
        found = await self._transaction.fetch(sql, user_id)
        theirs = {row["id"]: self._sessions.adopt(row["id"], rows.session(row)) for row in found}
        theirs |= {session.id: session for session in self._sessions.added if session.user_id == user_id}
        return [theirs[id] for id in sorted(theirs) if not (live and theirs[id].is_revoked)]

    def statements(self) -> Iterable[Statement]:
        """What must be written: ended sessions first, for a device has one that lives."""
        yield from self._sessions.updating()
        yield from rows.SESSIONS.inserting(self._sessions.added)

    async def _lock(self, ids: list[SessionId]) -> dict[SessionId, Session]:
        found = await self._transaction.fetch_in_turn(_LOCK_SESSIONS, ids)
        return {row["id"]: rows.session(row) for row in found}


class PostgresContacts:
    """Whom people saved or blocked."""

    def __init__(self, transaction: Transaction, saved: Ledger) -> None:
        self._transaction = transaction
        self._saved = saved
        self._contacts: Identities[Pair, Contact] = Identities(transaction, rows.CONTACTS, self._load)

    def save(self, contact: Contact) -> None:
        self._contacts.save((contact.user_id, contact.contact_user_id), contact)
        self._saved.append(contact)

    async def lock(self, user_id: UserId, contact_user_id: UserId) -> Contact | None:
        # A row that is not there cannot be locked; the person who speaks can.
        await self._transaction.fetch(_LOCK_PERSON, user_id)
        self._contacts.distrust([(user_id, contact_user_id)])
        return await self.find(user_id, contact_user_id)

    async def find(self, user_id: UserId, contact_user_id: UserId) -> Contact | None:
        return await self._contacts.get((user_id, contact_user_id))

    async def of(self, user_id: UserId) -> list[Contact]:
        found = await self._transaction.fetch(_CONTACTS_OF, user_id)
        return [self._contacts.adopt((user_id, row["contact_user_id"]), rows.contact(row)) for row in found]

    async def touching(self, user_id: UserId, others: Sequence[UserId]) -> list[Contact]:
        pairs = [pair for other in others for pair in ((user_id, other), (other, user_id))]
        return list((await self._contacts.get_many(pairs)).values())

    def statements(self) -> Iterable[Statement]:
        """What must be written."""
        changed = self._contacts.changed
        yield from rows.CONTACTS.upserting([each for each in changed if not each.says_nothing])
        if gone := [each for each in changed if each.says_nothing]:
            pairs = [[c.user_id for c in gone], [c.contact_user_id for c in gone]]
            yield Statement(_REMOVE_CONTACTS, pairs, rows.CONTACTS.name)

    async def _load(self, pairs: list[Pair]) -> dict[Pair, Contact]:
        found = await self._transaction.fetch_in_turn(_CONTACTS, *zip(*pairs, strict=True))
        return {(row["user_id"], row["contact_user_id"]): rows.contact(row) for row in found}
