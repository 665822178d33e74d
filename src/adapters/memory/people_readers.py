"""Reading people in memory: what is committed, raw, before privacy."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from adapters.memory.copies import copied
from adapters.memory.store import MemoryStore, folded
from application.ports.readers import Credential, Profile
from domain.contacts.contact import Contact, relations
from domain.identity.session import Session
from domain.identity.settings import Relation
from domain.identity.user import User
from domain.shared.ids import SessionId, UserId


class _Reading:
    """What every reader is: looks at one store, and hands out copies."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store


class MemoryProfiles(_Reading):
    """Accounts with their settings, raw."""

    async def of(self, user_ids: Sequence[UserId]) -> dict[UserId, Profile]:
        users, settings = self._store.users, self._store.settings
        known = [id for id in user_ids if id in users]
        seen = {id: self._store.mirror.get(id, (False, None))[1] for id in known}
        return {
            id: Profile(
                user=replace(copied(users[id]), password_hash=""),
                settings=copied(settings[id]),
                last_seen_at=seen[id],
            )
            for id in known
        }


class MemoryRelations(_Reading):
    """Who saved and who blocked whom."""

    async def between(self, viewer: UserId, others: Sequence[UserId]) -> dict[UserId, Relation]:
        kept = self._store.contacts
        pairs = (pair for other in others for pair in ((viewer, other), (other, viewer)))
        return relations(viewer, others, [kept[pair] for pair in pairs if pair in kept])


class MemoryDirectory(_Reading):
    """People by the beginning of a name, or by an exact address."""

    async def by_prefix(self, prefix: str, *, after: tuple[str, UserId] | None, limit: int) -> list[User]:
        wanted = folded(prefix)
        found = [
            user
            for user in self._store.users.values()
            if user.is_active
            and any(folded(name).startswith(wanted) for name in (user.username or "", user.display_name))
        ]
        ordered = sorted(found, key=lambda user: (user.username or "", user.id))
        beyond = [user for user in ordered if after is None or (user.username or "", user.id) > after]
        return [copied(user) for user in beyond[:limit]]

    async def by_contact(self, kind: str, value: str) -> User | None:
        holder = self._store.identifiers.get((kind, folded(value)))
        user = None if holder is None else self._store.users[holder]
        return copied(user) if user is not None and user.is_active else None


class MemorySessionReader(_Reading):
    """Sessions by id."""

    async def find(self, session_id: SessionId) -> Session | None:
        found = self._store.sessions.get(session_id)
        return None if found is None else copied(found)

    async def live_of(self, user_id: UserId, now: datetime) -> list[Session]:
        theirs = [self._store.sessions[id] for id in self._store.sessions_of.get(user_id, ())]
        live = [copied(session) for session in theirs if session.is_live(now)]
        return sorted(live, key=lambda session: (session.last_used_at, session.id), reverse=True)


class MemoryCredentials(_Reading):
    """Accounts to log in to."""

    async def by_identifier(self, kind: str, identifier: str) -> Credential | None:
        holder = self._store.identifiers.get((kind, folded(identifier)))
        return None if holder is None else await self.of(holder)

    async def of(self, user_id: UserId) -> Credential | None:
        user = self._store.users.get(user_id)
        if user is None or user.erased_at is not None:
            return None
        return Credential(
            user_id=user.id, password_hash=user.password_hash, deactivated_at=user.deactivated_at
        )


class MemoryContactReader(_Reading):
    """Whom somebody saved or blocks."""

    async def page(
        self, user_id: UserId, *, blocked: bool | None, after: tuple[datetime, UserId] | None, limit: int
    ) -> list[Contact]:
        theirs = [contact for contact in self._store.contacts.values() if contact.user_id == user_id]
        wanted = [
            contact
            for contact in theirs
            if (contact.is_blocked if blocked else contact.saved)
            and (blocked is not False or not contact.is_blocked)
        ]
        ordered = sorted(wanted, key=_place)
        beyond = [contact for contact in ordered if after is None or _place(contact) > after]
        return [copied(contact) for contact in beyond[:limit]]


def _place(contact: Contact) -> tuple[datetime, UserId]:
    return contact.created_at, contact.contact_user_id
