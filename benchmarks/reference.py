"""The reference of every send: pgbench with the seed's four statements a message, on the same schema and server."""

import re
import resource
import subprocess
from pathlib import Path

import asyncpg

from adapters.postgres.migrations import migrate
from benchmarks.population import place_of, populate, user_of
from benchmarks.support import Stage, spent
from entrypoints.embedded.locate import find_postgres

SCRIPT = r"""
\set n random(1, :conversations)
BEGIN;
SELECT 1 FROM participants p JOIN bench b ON b.id = p.conversation_id AND b.n = :n LIMIT 1;
INSERT INTO messages (conversation_id, sender_id, content) SELECT id, sender_id, 'some words to say' FROM bench WHERE n = :n;
UPDATE conversations SET updated_at = now() WHERE id = (SELECT id FROM bench WHERE n = :n);
INSERT INTO outbox_events (aggregate_type, aggregate_id, event_type, payload) SELECT 'conversation', id, 'message.created', '{"content": "some words to say"}' FROM bench WHERE n = :n;
COMMIT;
"""


MEMBERS = "SELECT place, person FROM generate_series(1, $1::int) AS place, generate_series(1, 10) AS person"


async def prepare(database_url: str, conversations: int) -> str:
    """A database of its own on the same server, with groups of ten; returns its address.

    Of its own, because our relay would publish what pgbench writes into the outbox.
    """
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE DATABASE reference")
    await connection.close()
    url = database_url.rpartition("/")[0] + "/reference"
    await migrate(url)
    connection = await asyncpg.connect(url)
    await populate(connection, 10, MEMBERS, conversations)
    await connection.execute("CREATE TABLE bench (n int PRIMARY KEY, id uuid, sender_id uuid)")
    rows = [(n, place_of(n), user_of(1)) for n in range(1, conversations + 1)]
    await connection.executemany("INSERT INTO bench VALUES ($1, $2, $3)", rows)
    await connection.execute("VACUUM ANALYZE bench")
    await connection.close()
    return url


def pgbench(url: str, script: Path, seconds: int, conversations: int) -> float:
    """Transactions a second on a database that was prepared, with eight clients."""
    script.write_text(SCRIPT)
    options = f"-n -c 8 -j 2 -M prepared -T {seconds} -D conversations={conversations} -f {script}".split()
    result = subprocess.run(  # noqa: S603 - our own program and script
        [find_postgres({}).program.with_name("pgbench"), *options, url],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(re.search(r"tps = ([0-9.]+)", result.stdout)[1])  # type: ignore[index]


def measured(stage: Stage, url: str, seconds: int, conversations: int) -> tuple[float, dict[str, float]]:
    """Transactions a second, and the CPU seconds that each took of PostgreSQL and of pgbench."""
    before, mine = stage.cpu(), resource.getrusage(resource.RUSAGE_CHILDREN)
    rate = pgbench(url, stage.directory / "reference.sql", seconds, conversations)
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = {
        "postgres": spent(before, stage.cpu())["postgres"],
        "pgbench": now.ru_utime + now.ru_stime - mine.ru_utime - mine.ru_stime,
    }
    return rate, {name: each / max(rate * seconds, 1) for name, each in took.items()}
