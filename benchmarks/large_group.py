"""What a send and a read acknowledgement cost in a group of 10,000, beside a conversation of two (P9, and P8's writes).

Run: ``python -m benchmarks.large_group [--quick]``. One at a time over a socket, in blocks of each kind in turn; the
statements, rows and WAL bytes of a send are counted by pg_stat_statements.
"""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from benchmarks.population import place_of, populate
from benchmarks.support import Figure, Stage, alone, median, share_of, spent, stage
from benchmarks.wire import Wire, open_wire

NAMES = ("P9",)
GOAL = 1.2
SIZES = {1: 2, 2: 100, 3: 10_000}
"""Members by group number. The first two people are in all of them, and the only ones connected."""
SMALL, LARGE = 1, 3
MEMBERS = """
SELECT 1, person FROM generate_series(1, 2) AS person
 UNION ALL SELECT 2, person FROM generate_series(1, 100) AS person
 UNION ALL SELECT 3, person FROM generate_series(1, 10000) AS person
"""
COUNTED_WITHIN = 1.5
"""Seconds until PostgreSQL's counters of rows are up to date."""
WRITES = """
SELECT coalesce(sum(calls), 0)::float AS statements, coalesce(sum(wal_bytes), 0)::float AS wal,
       (SELECT sum(n_tup_ins + n_tup_upd) FROM pg_stat_user_tables)::float AS rows
  FROM pg_stat_statements WHERE query ~* '(insert|update|delete) ' AND query !~ 'processed_at'
"""


class Voice:
    """Somebody connected, who asks one thing at a time."""

    wire: Wire

    def __init__(self) -> None:
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def _heard(self, body: bytes) -> None:
        frame = json.loads(body)
        if frame["type"] in ("welcome", "ack", "error"):
            self._answers.put_nowait(frame)

    async def ask(self, frame: dict[str, Any]) -> dict[str, Any]:
        self.wire.send(json.dumps(frame).encode())
        answer = await self._answers.get()
        if answer["type"] != "ack":
            raise RuntimeError(f"refused: {answer}")
        return answer

    async def open(self, url: str, token: str) -> None:
        self.wire = await open_wire(url, token, self._heard)
        await self._answers.get()


@asynccontextmanager
async def voices(stage: Stage, *people: int) -> AsyncIterator[list[Voice]]:
    """Their sockets, open."""
    made = [Voice() for _ in people]
    for voice, token in zip(made, stage.tokens(people), strict=True):
        await voice.open(stage.url, token)
    yield made
    for voice in made:
        voice.wire.transport.close()


@dataclass(slots=True)
class Tally:
    """What doing something in one group took."""

    sends: list[float] = field(default_factory=list)
    reads: list[float] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=dict)
    per_block: list[tuple[float, float]] = field(default_factory=list)


async def block(stage: Stage, tally: Tally, place: int, speaker: Voice, reader: Voice, count: int) -> None:
    """So many sends, each read by the other."""
    where, before, first = str(place_of(place)), stage.cpu(), len(tally.sends)
    for _ in range(count):
        frame = {"type": "message.send", "conversation_id": where, "client_message_id": str(uuid.uuid4())}
        begun = time.perf_counter()
        answer = await speaker.ask({**frame, "content": "some words to say"})
        tally.sends.append(1000 * (time.perf_counter() - begun))
        read = {
            "type": "receipt.read",
            "conversation_id": where,
            "up_to_sequence": answer["result"]["seq_id"],
        }
        begun = time.perf_counter()
        await reader.ask(read)
        tally.reads.append(1000 * (time.perf_counter() - begun))
    for name, each in spent(before, stage.cpu()).items():
        tally.cpu[name] = tally.cpu.get(name, 0) + each
    tally.per_block.append((median(tally.sends[first:]), median(tally.reads[first:])))


async def writes(connection: Any, place: int, speaker: Voice, count: int) -> dict[str, float]:
    """Writing statements, rows and WAL bytes of one send there."""
    await connection.execute("CHECKPOINT")
    frame = {"type": "message.send", "conversation_id": str(place_of(place)), "content": "some words to say"}
    # The first change of a page after a checkpoint writes the whole page: let that be over.
    for _ in range(count):
        await speaker.ask({**frame, "client_message_id": str(uuid.uuid4())})
    await asyncio.sleep(COUNTED_WITHIN)
    rows = (await connection.fetchrow(WRITES))["rows"]
    await connection.execute("SELECT pg_stat_statements_reset()")
    for _ in range(count):
        await speaker.ask({**frame, "client_message_id": str(uuid.uuid4())})
    await asyncio.sleep(COUNTED_WITHIN)
    seen = dict(await connection.fetchrow(WRITES))
    return {name: value / count for name, value in {**seen, "rows": seen["rows"] - rows}.items()}


async def measure(stage: Stage, blocks: int) -> list[Figure]:
    connection = await asyncpg.connect(stage.database_url)
    await populate(connection, max(SIZES.values()), MEMBERS)
    await connection.execute("CREATE EXTENSION pg_stat_statements")
    tallies = {SMALL: Tally(), LARGE: Tally()}
    async with voices(stage, 1, 2) as (speaker, reader):
        for place in (SMALL, LARGE):
            await block(stage, Tally(), place, speaker, reader, 30)
        for _ in range(blocks):
            for place, tally in tallies.items():
                await block(stage, tally, place, speaker, reader, 25)
        cost = {place: await writes(connection, place, speaker, 100) for place in SIZES}
    await connection.close()
    small, large = tallies[SMALL], tallies[LARGE]
    pairs = list(zip(small.per_block, large.per_block, strict=True))
    cpu = [
        f"CPU of a send and a read: {SIZES[place]:,} members {share_of(tally.cpu, len(tally.sends))}"
        for place, tally in tallies.items()
    ]
    told = [
        f"{SIZES[place]:,} members: {each['statements']:.1f} writing statements, {each['rows']:.1f} rows, "
        f"{each['wal']:,.0f} WAL bytes a send"
        for place, each in cost.items()
    ]
    among = "in a group of 10,000, beside a conversation of two"
    return [
        _figure(f"send {among}", small.sends, large.sends, [two[0] / one[0] for one, two in pairs], cpu),
        _figure(
            f"read acknowledgement {among}",
            small.reads,
            large.reads,
            [two[1] / one[1] for one, two in pairs],
            [],
        ),
        Figure(
            name="P8",
            what=f"WAL bytes of a send {among}",
            value=cost[LARGE]["wal"] / cost[SMALL]["wal"],
            unit="×",
            goal=GOAL,
            at_least=False,
            notes=told,
        ),
    ]


def _figure(
    what: str, small: list[float], large: list[float], rounds: list[float], notes: list[str]
) -> Figure:
    beside = f"{median(large):.2f} ms beside {median(small):.2f} ms (medians of {len(large)})"
    return Figure(
        name="P9",
        what=what,
        value=median(rounds),
        unit="×",
        goal=GOAL,
        at_least=False,
        notes=[beside, *notes],
        rounds=rounds,
    )


def figures(quick: bool = False, only: set[str] | None = None) -> list[Figure]:
    with stage(statements=True) as made:
        return asyncio.run(measure(made, 8 if quick else 20))


if __name__ == "__main__":
    alone(figures)
