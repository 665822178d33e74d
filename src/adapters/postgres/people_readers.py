"""Reading people: profiles, relations, sessions, the directory, and the database's epoch."""

from collections.abc import Sequence
from uuid import UUID

from adapters.postgres import rows
from adapters.postgres.pool import Reading
from application.ports.readers import Profile
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
_RELATIONS = """
SELECT user_id, contact_user_id, saved, is_blocked FROM user_contacts
 WHERE (user_id = $1 AND contact_user_id = ANY($2)) OR (contact_user_id = $1 AND user_id = ANY($2))
"""
_SESSION = " ".join(("SELECT", rows.SESSIONS.names, "FROM user_sessions WHERE id = $1"))
_BY_PREFIX = " ".join(
    ("SELECT", rows.USERS.names, "FROM users WHERE is_active AND")
    + ("(starts_with(lower(username::text), lower($1)) OR starts_with(lower(display_name), lower($1)))",)
    + ("AND (coalesce(username::text, ''), id) > ($2::text, $3::uuid)",)
    + ("ORDER BY coalesce(username::text, '') COLLATE \"C\", id LIMIT $4",)
).replace("(coalesce(username::text, ''), id)", "(coalesce(username::text, '') COLLATE \"C\", id)")
_BY_CONTACT = {
    kind: " ".join(("SELECT", rows.USERS.names, "FROM users WHERE is_active AND", kind, "= $1::citext"))
    for kind in ("email", "phone_number")
}
_FIRST = UserId(UUID(int=0))


class PostgresProfiles(Reading):
    """Accounts with their settings, raw."""

    async def of(self, user_ids: Sequence[UserId]) -> dict[UserId, Profile]:
        found = await self.fetch(_PROFILES, list(user_ids))
        return {
            row["id"]: Profile(
                user=rows.user(row),
                settings=rows.settings({name: row[f"s_{name}"] for name in rows.SETTINGS.columns}),
                last_seen_at=row["last_seen_at"],
            )
            for row in found
        }


class PostgresRelations(Reading):
    """Who saved and who blocked whom."""

    async def between(self, viewer: UserId, others: Sequence[UserId]) -> dict[UserId, Relation]:
        found = await self.fetch(_RELATIONS, viewer, list(others))
        mine = {row["contact_user_id"]: row for row in found if row["user_id"] == viewer}
        theirs = {row["user_id"]: row for row in found if row["contact_user_id"] == viewer}
        return {
            other: Relation(
                is_self=other == viewer,
                saved_by_viewer=other in mine and mine[other]["saved"],
                saved_by_target=other in theirs and theirs[other]["saved"],
                blocked_by_viewer=other in mine and mine[other]["is_blocked"],
                blocked_by_target=other in theirs and theirs[other]["is_blocked"],
            )
            for other in others
        }


class PostgresSessionReader(Reading):
    """Sessions by id."""

    async def find(self, session_id: SessionId) -> Session | None:
        row = await self.fetchrow(_SESSION, session_id)
        return None if row is None else rows.session(row)


class PostgresDirectory(Reading):
    """People by the beginning of a name, or by an exact address."""

    async def by_prefix(self, prefix: str, *, after: tuple[str, UserId] | None, limit: int) -> list[User]:
        name, id = after or ("", _FIRST)
        return [rows.user(row) for row in await self.fetch(_BY_PREFIX, prefix, name, id, limit)]

    async def by_contact(self, kind: str, value: str) -> User | None:
        row = await self.fetchrow(_BY_CONTACT[kind], value)
        return None if row is None else rows.user(row)


class PostgresEpochs(Reading):
    """Which history this database is."""

    async def current(self) -> str:
        return str((await self.fetchrow("SELECT epoch FROM database_epoch"))["epoch"])
