"""The database's copy of who is online: two columns of ``users``, written for many people at once."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from adapters.postgres.pool import ACQUIRE_TIMEOUT_SECONDS, Reading, translating
from application.ports.presence import Presence
from domain.shared.ids import UserId

# Rows are locked in the order of ids, so that two servers do not wait for each other. A row that says it
# already is left alone. greatest() passes over nulls.
_WRITE = """
WITH v AS (
    SELECT * FROM unnest($1::uuid[], $2::boolean[], $3::timestamptz[]) AS v(id, is_online, last_seen_at)
), locked AS MATERIALIZED (
    SELECT u.id, v.is_online, greatest(u.last_seen_at, v.last_seen_at) AS last_seen_at
      FROM users u JOIN v ON v.id = u.id
     WHERE u.erased_at IS NULL
       AND (u.is_online IS DISTINCT FROM v.is_online OR v.last_seen_at > u.last_seen_at
            OR (u.last_seen_at IS NULL AND v.last_seen_at IS NOT NULL))
     ORDER BY u.id FOR NO KEY UPDATE OF u
)
UPDATE users AS u SET is_online = locked.is_online, last_seen_at = locked.last_seen_at
  FROM locked WHERE u.id = locked.id
"""
_ONLINE = "SELECT id FROM users WHERE is_online AND id > $1 ORDER BY id LIMIT $2"
_FIRST = UserId(UUID(int=0))
PEOPLE_A_WRITE = 500


class PostgresMirror(Reading):
    """The promise of ``Mirror``. ``updated_at`` stays: being there changes nothing of an account."""

    async def write(self, presences: Mapping[UserId, Presence]) -> None:
        people = list(presences)
        for start in range(0, len(people), PEOPLE_A_WRITE):
            await self._write([(id, presences[id]) for id in people[start : start + PEOPLE_A_WRITE]])

    async def online(self, *, after: UserId | None, limit: int) -> list[UserId]:
        return [row["id"] for row in await self.fetch(_ONLINE, after or _FIRST, limit)]

    async def _write(self, some: Sequence[tuple[UserId, Presence]]) -> None:
        arguments = (
            [id for id, _ in some],
            [presence.online for _, presence in some],
            [presence.last_seen_at for _, presence in some],
        )
        with translating():
            async with (
                self._pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS) as connection,
                connection.transaction(),
            ):
                await connection.execute("SET LOCAL sentinal.clock = 'application'")
                await connection.execute(_WRITE, *arguments)
