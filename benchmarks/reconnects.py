"""1,000 clients with 50 conversations each come back and resume, all at once (P10).

Run: ``python -m benchmarks.reconnects [--quick]``. First nobody has missed anything, then everybody fifty events, one
in each of their conversations. PostgreSQL's statements are counted by pg_stat_statements; what the server asks anyway
(heads, relay) was counted before, in peace, and is taken off.
"""

import asyncio
import time
from typing import Any

import asyncpg

from benchmarks.population import place_of, populate
from benchmarks.support import Figure, Stage, alone, make_load, share_of, spent, stage

NAMES = ("P10",)
CLIENTS, CONVERSATIONS_EACH, PROCESSES = 1000, 50, 2
WITHIN_SECONDS = 10.0
# Person p is in fifty conversations, evenly round the circle from p; so each has fifty members.
MEMBERS = """
SELECT 1 + (person - 1 + $1::int / 50 * k) % $1::int, person
  FROM generate_series(1, $1::int) AS person, generate_series(0, 49) AS k
"""
SEEN = """
SELECT left(regexp_replace(query, '\\s+', ' ', 'g'), 90) AS query, sum(calls)::int AS calls
  FROM pg_stat_statements WHERE query !~* '^(begin|commit|rollback|reset|set|select pg_stat|deallocate|unlisten|close)'
 GROUP BY 1 ORDER BY 2 DESC
"""


async def statements(connection: Any) -> dict[str, int]:
    """How often each statement has run since the last look."""
    seen = {row["query"]: row["calls"] for row in await connection.fetch(SEEN)}
    await connection.execute("SELECT pg_stat_statements_reset()")
    return seen


def clients(stage: Stage, count: int, revision: int) -> list[dict[str, Any]]:
    """Everybody, with the revision they know of each of their conversations."""
    return [
        {
            "token": token,
            "revisions": {
                str(place_of(1 + (n + count // 50 * k) % count)): revision for k in range(CONVERSATIONS_EACH)
            },
        }
        for n, token in enumerate(stage.tokens(range(1, count + 1)))
    ]


async def everybody_speaks(stage: Stage, count: int) -> None:
    """One message in each conversation, by the person of the same number."""
    speakers = [
        {"token": token, "places": [str(place_of(n))]}
        for n, token in enumerate(stage.tokens(range(1, count + 1)), 1)
    ]
    job = {"kind": "requests", "url": stage.url, "seconds": 0.0, "in_flight": 1, "once": True}
    for start in range(0, count, 250):
        (told,) = await asyncio.to_thread(make_load, {**job, "clients": speakers[start : start + 250]})
        if told["errors"] or told["sent"] != len(speakers[start : start + 250]):
            raise RuntimeError("not everybody could speak")


async def come_back(stage: Stage, connection: Any, count: int, revision: int) -> dict[str, Any]:
    """All at once; what it took."""
    await asyncio.sleep(1)
    await statements(connection)
    begun = time.perf_counter()
    await asyncio.sleep(3)
    idle = sum((await statements(connection)).values()) / (time.perf_counter() - begun)
    before, begun = stage.cpu(), time.perf_counter()
    job = {"kind": "resume", "url": stage.url, "clients": clients(stage, count, revision)}
    told = await asyncio.to_thread(make_load, job, PROCESSES)
    seen = await statements(connection)
    asked = sum(seen.values()) - idle * (time.perf_counter() - begun)
    return {
        "seconds": max(max(each["took"]) for each in told),
        "events": sum(each["events"] for each in told),
        "resets": sum(each["resets"] for each in told),
        "again": sum(each["again"] for each in told),
        "asked": max(0.0, asked) / count,
        "most": [f"{calls} × {query}" for query, calls in list(seen.items())[:3]],
        "cpu": {**spent(before, stage.cpu()), "clients": sum(each["cpu"] for each in told)},
    }


async def measure(stage: Stage, count: int) -> list[Figure]:
    connection = await asyncpg.connect(stage.database_url)
    await populate(connection, count, MEMBERS, count)
    await connection.execute("CREATE EXTENSION pg_stat_statements")
    # Everybody was here before: the server, and what it remembers, are warm.
    await asyncio.to_thread(
        make_load, {"kind": "resume", "url": stage.url, "clients": clients(stage, count, 0)}
    )
    nothing = await come_back(stage, connection, count, 0)
    await everybody_speaks(stage, count)
    everything = await come_back(stage, connection, count, 0)
    await connection.close()
    expected = count * CONVERSATIONS_EACH
    if nothing["events"] or (everything["events"] < expected and not everything["resets"]):
        raise RuntimeError(
            f"told {nothing['events']} and {everything['events']} events, not 0 and {expected}"
        )
    back = f"{count:,} clients with {CONVERSATIONS_EACH} conversations each are back"
    return [
        _seconds(f"{back}, who missed nothing", nothing, count),
        Figure(
            name="P10",
            what="statements of PostgreSQL per client that missed nothing",
            value=round(nothing["asked"], 2),
            unit="",
            goal=0.05,
            at_least=False,
            notes=nothing["most"],
        ),
        _seconds(f"{back}, who missed {CONVERSATIONS_EACH} events each", everything, count),
    ]


def _seconds(what: str, told: dict[str, Any], count: int) -> Figure:
    return Figure(
        name="P10",
        what=what,
        value=told["seconds"],
        unit="s",
        goal=WITHIN_SECONDS,
        at_least=False,
        notes=[
            f"{told['events']:,} events and {told['resets']} resets told, {told['asked']:.2f} statements a client; "
            f"{told['again']} had to come twice",
            f"CPU a client: {share_of(told['cpu'], count)}",
        ],
    )


def figures(quick: bool = False, only: set[str] | None = None) -> list[Figure]:
    with stage(statements=True) as made:
        return asyncio.run(measure(made, 500 if quick else CLIENTS))


if __name__ == "__main__":
    alone(figures)
