"""Reading people: profiles, relations, sessions, the directory, and the database's epoch."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from adapters.postgres import rows
from adapters.postgres.pool import Reading
from application.ports.readers import Credential, Profile
from domain.contacts.contact import Contact, relations
from domain.identity.session import Session
from domain.identity.settings import Relation
from domain.identity.user import User
from domain.shared.ids import SessionId, UserId

_PROFILES = " ".join(
    (
        "SELECT",
        rows.USERS.of("u"),
        ", u.last_seen_at,",
        rows.SETTINGS.of("s", prefix="s_"),
    )
    + ("FROM users u JOIN user_settings s ON s.user_id = u.id WHERE u.id = ANY($1)",)
)
_RELATIONS = f"""
SELECT {rows.CONTACTS.names} FROM user_contacts
 WHERE (user_id = $1 AND contact_user_id = ANY($2)) OR (contact_user_id = $1 AND user_id = ANY($2))
"""
_SESSION = " ".join(("SELECT", rows.SESSIONS.names, "FROM user_sessions WHERE id = $1"))
# Both names are compared as indexed: in lower case, by code point, so that a beginning is a range.
BY_PREFIX = f"""
SELECT {rows.USERS.names} FROM users
 WHERE is_active
   AND ((lower(username::text) COLLATE "C" >= lower($1) COLLATE "C"
         AND lower(username::text) COLLATE "C" < (lower($1) || U&'\\+10FFFF') COLLATE "C")
     OR (lower(display_name) COLLATE "C" >= lower($1) COLLATE "C"
         AND lower(display_name) COLLATE "C" < (lower($1) || U&'\\+10FFFF') COLLATE "C"))
   AND (coalesce(username::text, '') COLLATE "C", id) > ($2::text, $3::uuid)
 ORDER BY coalesce(username::text, '') COLLATE "C", id LIMIT $4
"""
_BY_CONTACT = {
    kind: " ".join(("SELECT", rows.USERS.names, "FROM users WHERE is_active AND", kind, "= $1::citext"))
    for kind in ("email", "phone_number")
}
_LIVE = f"""
SELECT {rows.SESSIONS.names} FROM user_sessions
 WHERE user_id = $1 AND NOT is_revoked AND expires_at > $2 ORDER BY last_used_at DESC, id DESC
"""
_CREDENTIAL = "SELECT id, password_hash, deactivated_at FROM users WHERE id = $1 AND erased_at IS NULL"
_CREDENTIAL_BY = {
    kind: f"SELECT id, password_hash, deactivated_at FROM users WHERE {kind} = $1::citext"
    for kind in ("username", "email", "phone_number")
}
_PAGE = f"""
SELECT {rows.CONTACTS.names} FROM user_contacts
 WHERE user_id = $1
   AND CASE WHEN $2::boolean THEN is_blocked ELSE saved AND ($2 IS NULL OR NOT is_blocked) END
   AND ($3::timestamptz IS NULL OR (created_at, contact_user_id) > ($3, $4::uuid))
 ORDER BY created_at, contact_user_id LIMIT $5
"""
_FIRST = UserId(UUID(int=0))


class PostgresProfiles(Reading):
    """Accounts with their settings, raw."""

    async def of(self, user_ids: Sequence[UserId]) -> dict[UserId, Profile]:
        found = await self.fetch(_PROFILES, list(user_ids))
        return {
            row["id"]: Profile(
                user=replace(rows.user(row), password_hash=""),
                settings=rows.settings({name: row[f"s_{name}"] for name in rows.SETTINGS.columns}),
                last_seen_at=row["last_seen_at"],
            )
            for row in found
        }


class PostgresRelations(Reading):
    """Who saved and who blocked whom."""

    async def between(self, viewer: UserId, others: Sequence[UserId]) -> dict[UserId, Relation]:
        found = await self.fetch(_RELATIONS, viewer, list(others))
        return relations(viewer, others, map(rows.contact, found))


class PostgresSessionReader(Reading):
    """Sessions by id."""

    async def find(self, session_id: SessionId) -> Session | None:
        row = await self.fetchrow(_SESSION, session_id)
        return None if row is None else rows.session(row)

    async def live_of(self, user_id: UserId, now: datetime) -> list[Session]:
        return [rows.session(row) for row in await self.fetch(_LIVE, user_id, now)]


class PostgresCredentials(Reading):
    """Accounts to log in to."""

    async def by_identifier(self, kind: str, identifier: str) -> Credential | None:
        return _credential(await self.fetchrow(_CREDENTIAL_BY[kind], identifier))

    async def of(self, user_id: UserId) -> Credential | None:
        return _credential(await self.fetchrow(_CREDENTIAL, user_id))


class PostgresContactReader(Reading):
    """Whom somebody saved or blocks."""

    async def page(
        self, user_id: UserId, *, blocked: bool | None, after: tuple[datetime, UserId] | None, limit: int
    ) -> list[Contact]:
        at, other = after or (None, None)
        return [rows.contact(row) for row in await self.fetch(_PAGE, user_id, blocked, at, other, limit)]


class PostgresDirectory(Reading):
    """People by the beginning of a name, or by an exact address."""

    async def by_prefix(self, prefix: str, *, after: tuple[str, UserId] | None, limit: int) -> list[User]:
        name, id = after or ("", _FIRST)
        return [rows.user(row) for row in await self.fetch(BY_PREFIX, prefix, name, id, limit)]

    async def by_contact(self, kind: str, value: str) -> User | None:
        row = await self.fetchrow(_BY_CONTACT[kind], value)
        return None if row is None else rows.user(row)


class PostgresEpochs(Reading):
    """Which history this database is."""

    async def current(self) -> str:
        return str((await self.fetchrow("SELECT epoch FROM database_epoch"))["epoch"])


def _credential(row: Any) -> Credential | None:
    if row is None:
        return None
    return Credential(
        user_id=row["id"], password_hash=row["password_hash"], deactivated_at=row["deactivated_at"]
    )
