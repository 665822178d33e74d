"""Finding people by the beginning of a name among 100,000: its plan, and its time beside a scan of the table.

Run: ``python -m benchmarks.people_search [--people 100000]``. Starts its own PostgreSQL in a temporary directory.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import asyncpg

from adapters.postgres.migrations import migrate
from adapters.postgres.people_readers import BY_PREFIX
from entrypoints.embedded.servers import start_servers

FILL = """
WITH made AS (
    INSERT INTO users (username, display_name, password_hash)
    SELECT 'a' || md5(n::text)::varchar(12), initcap(md5((n * 7)::text)::varchar(6)) || ' ' || md5(n::text)::varchar(8), ''
      FROM generate_series(1, $1) AS n RETURNING id)
INSERT INTO user_settings (user_id) SELECT id FROM made
"""
FIRST = ("", "00000000-0000-0000-0000-000000000000")
ROUNDS = 200


async def measure(url: str, people: int) -> None:
    """Fill, then print the plan and the median times of interleaved runs."""
    await migrate(url)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(FILL, people)
        await connection.execute("VACUUM ANALYZE users")
        prefix = "ab"
        # As a server runs it: prepared, and with a plan for any prefix.
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        plan = await connection.fetch(
            f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {BY_PREFIX}", prefix, *FIRST, 51
        )
        print(f"{people:,} people, prefix {prefix!r}:\n")
        print("\n".join(row[0] for row in plan))
        indexed: list[float] = []
        scanned: list[float] = []
        for n in range(ROUNDS):
            wanted = f"{n % 256:02x}"
            for setting, times in (("on", indexed), ("off", scanned)):
                if setting == "off" and n % 10:
                    continue
                await connection.execute(
                    f"SET enable_bitmapscan = {setting}; SET enable_indexscan = {setting}; DISCARD PLANS"
                )
                await _time(connection, wanted)
                times.append(await _time(connection, wanted))
        fast, slow = statistics.median(indexed), statistics.median(scanned)
        print(f"\nmedian by index {fast:.2f} ms, by scan {slow:.2f} ms: {slow / fast:.0f} times as fast")
    finally:
        await connection.close()


async def _time(connection: Any, prefix: str) -> float:
    start = time.perf_counter()
    await connection.fetch(BY_PREFIX, prefix, *FIRST, 51)
    return (time.perf_counter() - start) * 1000


def main() -> None:
    """Start a database, measure, stop it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    people = parser.parse_args().people
    with tempfile.TemporaryDirectory(prefix="sentinal-bench-") as directory:
        path = Path(directory)
        path.chmod(0o711)
        with start_servers(path, environment={}) as stores:
            asyncio.run(measure(stores.database_url, people))


if __name__ == "__main__":
    main()
