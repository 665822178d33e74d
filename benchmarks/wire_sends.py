"""Durable sends over WebSocket frames (P2) and over HTTP (P3), end to end, beside pgbench with four statements a message.

Run: ``python -m benchmarks.wire_sends [--quick]``. 100 groups of ten, 256 sends in flight; an acknowledgement is a
commit. Over sockets also with all ten members connected, so that each send is delivered ten times.
"""

import asyncio
from typing import Any

import asyncpg

from benchmarks import reference
from benchmarks.population import place_of, populate
from benchmarks.support import (
    Figure,
    Stage,
    alone,
    make_load,
    median,
    percentile,
    share_of,
    spent,
    stage,
)

NAMES = ("P2", "P3")
CONVERSATIONS, SOCKETS, IN_FLIGHT = 100, 64, 256
# Group n: one of the first 64 people, who are connected, and nine of the next 64, who are not. Group 100 + n: ten of
# the first 64.
MEMBERS = """
SELECT place, 1 + (place - 1) % 64 FROM generate_series(1, 100) AS place
 UNION ALL SELECT place, 65 + (place + 7 * k) % 64 FROM generate_series(1, 100) AS place, generate_series(1, 9) AS k
 UNION ALL SELECT 100 + place, 1 + (place - 1 + 7 * k) % 64
             FROM generate_series(1, 100) AS place, generate_series(0, 9) AS k
"""
OTHERS = 0.70
"""What plain Socket.IO with Redis and PostgreSQL reached under this load, beside the same reference."""


async def _populate(stage: Stage) -> None:
    connection = await asyncpg.connect(stage.database_url)
    await populate(connection, 128, MEMBERS)
    await connection.close()


def _clients(stage: Stage, count: int, *, first: int) -> list[dict[str, Any]]:
    """Each with the conversations that are theirs to speak in: every one has a single speaker."""
    tokens = stage.tokens(range(1, SOCKETS + 1))
    places: list[list[str]] = [[] for _ in range(SOCKETS)]
    for n in range(CONVERSATIONS):
        places[n % SOCKETS].append(str(place_of(first + n)))
    return [{"token": tokens[n % SOCKETS], "places": places[n % SOCKETS]} for n in range(count)]


def figures(quick: bool = False, only: set[str] | None = None) -> list[Figure]:
    """Rounds of reference and ours in turn; medians of the ratios."""
    rounds, seconds = (2, 2) if quick else (3, 4)
    wanted = only or set(NAMES)
    with stage() as made:
        asyncio.run(_populate(made))
        url = asyncio.run(reference.prepare(made.database_url, CONVERSATIONS))
        jobs: dict[str, dict[str, Any]] = {}
        if "P2" in wanted:
            frames = {"kind": "frames", "in_flight": IN_FLIGHT // SOCKETS}
            jobs["P2"] = {**frames, "clients": _clients(made, SOCKETS, first=1)}
            jobs["P2, ten listen"] = {**frames, "clients": _clients(made, SOCKETS, first=101)}
        if "P3" in wanted:
            clients = _clients(made, IN_FLIGHT, first=1)
            jobs["P3"] = {"kind": "requests", "in_flight": 1, "clients": clients}
        sides = {name: Side(made, {**job, "url": made.url, "seconds": seconds}) for name, job in jobs.items()}
        for side in sides.values():
            side.warm_up()
        theirs: list[tuple[float, dict[str, float]]] = []
        for _ in range(rounds):
            theirs.append(reference.measured(made, url, seconds, CONVERSATIONS))
            for side in sides.values():
                side.measure(theirs[-1][0])
        return [side.figure(name, theirs) for name, side in sides.items()]


class Side:
    """One way of sending, measured again and again."""

    def __init__(self, stage: Stage, job: dict[str, Any]) -> None:
        self._stage = stage
        self._job = job
        self._ratios: list[float] = []
        self._rates: list[float] = []
        self._took: list[float] = []
        self._cpu: dict[str, float] = {}
        self._sent = self._events = 0

    def warm_up(self) -> None:
        make_load({**self._job, "seconds": 1})

    def measure(self, reference: float) -> None:
        before = self._stage.cpu()
        (told,) = make_load(self._job)
        if told["errors"]:
            raise RuntimeError(f"{told['errors']} sends were refused")
        for name, each in {**spent(before, self._stage.cpu()), "client": told["cpu"]}.items():
            self._cpu[name] = self._cpu.get(name, 0) + each
        rate = told["sent"] / told["seconds"]
        self._rates.append(rate)
        self._ratios.append(rate / reference)
        self._took += told["took"]
        self._sent += told["sent"]
        self._events += told["events"]

    def figure(self, name: str, theirs: list[tuple[float, dict[str, float]]]) -> Figure:
        over = "HTTP" if name == "P3" else "WebSocket"
        listeners = ", ten listen" if "listen" in name else ""
        p50, p99 = (1000 * percentile(self._took, part) for part in (0.5, 0.99))
        reference_cpu = {key: median([cpu[key] for _, cpu in theirs]) for key in theirs[0][1]}
        notes = [
            f"{median(self._rates):.0f}/s beside pgbench {median([rate for rate, _ in theirs]):.0f}/s, "
            f"{self._events / max(self._sent, 1):.1f} deliveries a send; ack p50 {p50:.0f} ms, p99 {p99:.0f} ms",
            f"CPU a send: {share_of(self._cpu, self._sent)}; pgbench {share_of(reference_cpu, 1)}",
        ]
        return Figure(
            name=name.partition(",")[0],
            what=f"sends over {over}{listeners}, beside pgbench",
            value=median(self._ratios),
            unit="×",
            goal={"P2": 2.0, "P3": 1.0}.get(name, OTHERS),
            notes=notes,
            rounds=self._ratios,
        )


if __name__ == "__main__":
    alone(figures)
