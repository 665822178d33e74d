"""What it costs to look at a group in which much was said: never a reading of all of it."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import asyncpg

from adapters.postgres.pool import open_pool
from adapters.postgres.sync_reader import CHANGED_AFTER_LEAVING, PostgresSyncReader
from application.ports.syncing import Known
from domain.shared.ids import ConversationId, UserId

SAID = 200_000
LEFT_AFTER = 100_000
PAGES_AT_MOST = 400
"""Of 8 KiB; all of it is some thousands."""

PEOPLE = "INSERT INTO users (id, username, password_hash, display_name) VALUES ($1, $2, 'x', 'x')"
GROUP = "INSERT INTO conversations (id, type, subject, member_count) VALUES ($1, 'GROUP', 'x', 1)"
HEAD = "INSERT INTO conversation_sequences (conversation_id, last_sequence, revision) VALUES ($1, $2, $3)"
MEMBER = """
INSERT INTO participants (conversation_id, user_id, role, left_at, left_sequence, revision) VALUES ($1, $2, $3, $4, $5, $6)
"""
MESSAGES = """
INSERT INTO messages (conversation_id, sender_id, seq_id, revision, content)
SELECT $1, $2, n, CASE WHEN n <= $4::bigint THEN n ELSE n + 1 END, 'words' FROM generate_series(1, $3::bigint) AS n
"""
EDIT = "UPDATE messages SET content = 'x', edited_at = now(), revision = $3 WHERE conversation_id = $1 AND seq_id = $2"


async def _fill(connection: Any, place: uuid.UUID, ann: uuid.UUID, ben: uuid.UUID) -> None:
    """Ann says all of it; Ben leaves in the middle. Afterwards some of both halves is edited."""
    for who in (ann, ben):
        await connection.execute(PEOPLE, who, f"u{who.hex[:12]}")
    await connection.execute(GROUP, place)
    edits = (3, 5000, LEFT_AFTER, LEFT_AFTER + 1, *range(LEFT_AFTER + 2, LEFT_AFTER + 3000))
    await connection.execute(HEAD, place, SAID, SAID + 1 + len(edits))
    await connection.execute(MEMBER, place, ann, "OWNER", None, None, 0)
    await connection.execute(MEMBER, place, ben, "MEMBER", datetime.now(UTC), LEFT_AFTER, LEFT_AFTER + 1)
    await connection.execute(MESSAGES, place, ann, SAID, LEFT_AFTER)
    await connection.executemany(EDIT, [(place, seq, SAID + 2 + n) for n, seq in enumerate(edits)])
    await connection.execute("ANALYZE messages")


async def test_whoever_left_a_large_group_reads_what_became_since_without_what_was_said_since(
    fresh_database: str,
) -> None:
    place, ann, ben = [uuid.uuid4() for _ in range(3)]
    connection = await asyncpg.connect(fresh_database)
    await _fill(connection, place, ann, ben)
    pool = await open_pool(fresh_database, 2)
    reader, now = PostgresSyncReader(pool), datetime.now(UTC)
    whose = (UserId(ben), ConversationId(place))
    found = await reader.changes(*whose, Known(LEFT_AFTER + 1, 0), limit=50, now=now)
    assert found is not None
    assert [message.seq_id for message in found.messages] == [3, 5000, LEFT_AFTER]
    assert (found.until.revision, found.has_more) == (SAID + 4, False)
    again = await reader.changes(*whose, found.until, limit=50, now=now)
    assert again is not None
    assert (again.messages, again.until) == ([], found.until)
    await pool.close()
    arguments = (place, ben, 0, LEFT_AFTER, now, LEFT_AFTER + 1, 51)
    plan = await connection.fetchval(
        f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {CHANGED_AFTER_LEAVING}", *arguments
    )
    await connection.close()
    root = json.loads(plan)[0]["Plan"]
    assert root["Shared Hit Blocks"] + root["Shared Read Blocks"] < PAGES_AT_MOST, plan
