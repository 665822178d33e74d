"""The first page of a conversation list (P8), beside the query over messages that one would write first.

Run: ``python -m benchmarks.conversation_list [--quick]``. Somebody has 2,000 of 200,000 conversations with 1,000,000
messages; with ``--quick`` all of it a tenth.
"""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import asyncpg

from adapters.postgres.conversation_reader import _PAGE, PostgresConversationReader
from adapters.postgres.pool import open_pool
from benchmarks.population import populate, user_of
from benchmarks.support import Figure, alone, median, stage
from domain.shared.ids import UserId

NAMES = ("P8",)
PAGE = 51
GOAL = 10.0
# Person 1 is in each conversation up to $2 times a hundred whose number is a multiple of a hundred; two others are in
# every one, out of a thousand.
MEMBERS = """
SELECT place, 1 FROM generate_series(1, $1::int) AS place WHERE place % 100 = 0
 UNION ALL SELECT place, 2 + (place * 7 + k * 131) % 1000
             FROM generate_series(1, $1::int) AS place, generate_series(0, 1) AS k
"""
MESSAGES = """
INSERT INTO messages (conversation_id, sender_id, seq_id, revision, content, created_at)
SELECT md5('place' || place)::uuid, md5('user' || 2 + (place * 7) % 1000)::uuid, n, n, 'message ' || n,
       now() - interval '30 days' + (place * 7919 % 100003 + n * 100003) * interval '1 second'
  FROM generate_series(1, $1::int) AS place, generate_series(1, 5) AS n
"""
HEADS = "UPDATE conversation_sequences SET last_sequence = 5, revision = 5"
SUMMARIES = """
UPDATE conversation_summaries AS s
   SET message_id = m.id, seq_id = m.seq_id, sender_id = m.sender_id, type = m.type, preview = left(m.content, 140),
       created_at = m.created_at, last_activity_at = m.created_at
  FROM messages m WHERE m.conversation_id = s.conversation_id AND m.seq_id = 5
"""
NAIVE = """
SELECT c.*, newest.*, (SELECT count(*) FROM messages u
                        WHERE u.conversation_id = c.id AND u.seq_id > p.last_read_sequence AND u.sender_id <> $1) AS unread
  FROM participants p JOIN conversations c ON c.id = p.conversation_id
 CROSS JOIN LATERAL (SELECT m.id AS message_id, m.content, m.created_at AS at FROM messages m
                      WHERE m.conversation_id = c.id AND m.deleted_at IS NULL ORDER BY m.created_at DESC LIMIT 1) AS newest
 WHERE p.user_id = $1 AND p.left_at IS NULL
 ORDER BY newest.at DESC LIMIT $2
"""


async def measure(url: str, conversations: int, rounds: int) -> list[Figure]:
    """Both queries in turn, prepared, for the same person."""
    connection = await asyncpg.connect(url)
    await populate(connection, 1001, MEMBERS, conversations)
    await connection.execute("SET session_replication_role = replica")
    await connection.execute(MESSAGES, conversations)
    await connection.execute(HEADS)
    await connection.execute(SUMMARIES)
    await connection.execute("SET session_replication_role = origin")
    await connection.execute("VACUUM ANALYZE")
    pool = await open_pool(url, 1)
    reader, who = PostgresConversationReader(pool), UserId(user_of(1))
    ours: list[float] = []
    theirs: list[float] = []

    async def our_page() -> int:
        now = datetime.now(UTC)
        page = await reader.page(who, archived=False, left=False, after=None, limit=PAGE, now=now)
        return len(page)

    async def their_page() -> int:
        return len(await connection.fetch(NAIVE, who, PAGE))

    for n in range(rounds + 3):
        for page, times in ((our_page, ours), (their_page, theirs)):
            begun = time.perf_counter()
            if await page() != PAGE:
                raise RuntimeError("the page is not full")
            if n >= 3:
                times.append(1000 * (time.perf_counter() - begun))
    await pool.close()
    plan = await _plan(connection, who)
    await connection.close()
    return [
        Figure(
            name="P8",
            what=f"first page, {conversations // 100:,} of {conversations:,} conversations, beside the query over messages",
            value=median(theirs) / median(ours),
            unit="×",
            goal=GOAL,
            notes=[f"{median(ours):.1f} ms beside {median(theirs):.1f} ms (median of {rounds})"],
            plan=plan,
            rounds=[their / our for our, their in zip(ours, theirs, strict=True)],
        )
    ]


async def _plan(connection: Any, who: UserId) -> list[str]:
    """Our plan, its node lines only."""
    now = datetime.now(UTC)
    arguments = (who, now, False, False, False, None, None, None, PAGE)
    rows = await connection.fetch(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {_PAGE}", *arguments)
    lines = [str(row[0]) for row in rows]
    return [line for line in lines if "->" in line or "Execution" in line]


def figures(quick: bool = False, only: set[str] | None = None) -> list[Figure]:
    with stage(server=False) as made:
        conversations, rounds = (20_000, 15) if quick else (200_000, 40)
        return asyncio.run(measure(made.database_url, conversations, rounds))


if __name__ == "__main__":
    alone(figures)
