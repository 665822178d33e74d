"""People and groups made by plain SQL in a moment, with ids that follow from their numbers."""

import hashlib
from typing import Any
from uuid import UUID

PEOPLE = """
INSERT INTO users (id, username, display_name, password_hash)
SELECT md5('user' || n)::uuid, 'bench' || n, 'Bench ' || n, '' FROM generate_series($1::int, $2::int) AS n
"""
SETTINGS = """
INSERT INTO user_settings (user_id) SELECT md5('user' || n)::uuid FROM generate_series($1::int, $2::int) AS n
"""
SESSIONS = """
INSERT INTO user_sessions (id, user_id, device_id, refresh_token_hash, expires_at)
SELECT md5('session' || n)::uuid, md5('user' || n)::uuid, 'bench', md5(n::text), now() + interval '1 day'
  FROM generate_series($1::int, $2::int) AS n
"""
GROUPS = """
INSERT INTO conversations (id, type, subject, member_count, created_by)
SELECT md5('place' || place)::uuid, 'GROUP', 'Bench ' || place, count(*), md5('user' || min(person))::uuid
  FROM bench_members GROUP BY place
"""
HEADS = """
INSERT INTO conversation_sequences (conversation_id) SELECT md5('place' || place)::uuid FROM bench_members GROUP BY place
"""
SUMMARIES = """
INSERT INTO conversation_summaries (conversation_id, last_activity_at)
SELECT md5('place' || place)::uuid, now() FROM bench_members GROUP BY place
"""
MEMBERS = """
INSERT INTO participants (conversation_id, user_id, role, arrival)
SELECT md5('place' || place)::uuid, md5('user' || person)::uuid,
       (CASE WHEN row_number() OVER (PARTITION BY place ORDER BY person) = 1 THEN 'OWNER' ELSE 'MEMBER' END)::participant_role,
       row_number() OVER (PARTITION BY person ORDER BY place)
  FROM bench_members
"""
ARRIVALS = """
INSERT INTO user_arrivals (user_id, last) SELECT md5('user' || person)::uuid, count(*) FROM bench_members GROUP BY person
"""


def user_of(n: int) -> UUID:
    """The id of person number ``n``; their session is ``session_of(n)``."""
    return _id("user", n)


def session_of(n: int) -> UUID:
    return _id("session", n)


def place_of(n: int) -> UUID:
    """The id of group number ``n``."""
    return _id("place", n)


def _id(kind: str, n: int) -> UUID:
    return UUID(hashlib.md5(f"{kind}{n}".encode(), usedforsecurity=False).hexdigest())


async def populate(connection: Any, people: int, members: str, *arguments: Any) -> None:
    """People 1 to ``people``, each with a session, and the groups that ``members`` selects: place, person.

    What the rows refer to is there, so nothing is checked while they are written.
    """
    await connection.execute("SET session_replication_role = replica")
    for statement in (PEOPLE, SETTINGS, SESSIONS):
        await connection.execute(statement, 1, people)
    await connection.execute("CREATE TEMP TABLE bench_members (place int, person int)")
    await connection.execute(f"INSERT INTO bench_members {members}", *arguments)
    for statement in (GROUPS, HEADS, SUMMARIES, MEMBERS, ARRIVALS):
        await connection.execute(statement)
    await connection.execute("DROP TABLE bench_members; SET session_replication_role = origin")
    await connection.execute("VACUUM ANALYZE")
