"""50 log-ins at once beside live traffic (P12): how long the server's event loop is held up.

Run: ``python -m benchmarks.logins [--quick]``. A client in a process of its own pings over a socket all the time, at
100 sends a second or so; what a ping waits longer than in the round without log-ins is what they cost the others.
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg

from benchmarks.population import place_of, populate
from benchmarks.support import Figure, Stage, alone, make_load, median, percentile, stage

NAMES = ("P12",)
PEOPLE, GOAL_MS, SECONDS = 50, 50.0, 4.0
MEMBERS = "SELECT place, person FROM generate_series(1, 4) AS place, generate_series(1, 10) AS person"
PASSWORD = "correct horse battery"  # noqa: S105 - of people who exist for a measurement


async def _populate(stage: Stage) -> None:
    connection = await asyncpg.connect(stage.database_url)
    await populate(connection, 10, MEMBERS)
    await connection.close()


def _job(kind: str, stage: Stage, clients: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"kind": kind, "url": stage.url, "clients": clients, **more}


def _register(stage: Stage) -> None:
    people = [
        {"username": f"late{n}", "display_name": "Late", "password": PASSWORD, "device_id": "bench"}
        for n in range(PEOPLE)
    ]
    job = _job("log_ins", stage, [{"body": each} for each in people], path="/v1/auth/register")
    if set(make_load(job)[0]["statuses"]) != {201}:
        raise RuntimeError("not everybody could register")


def one_round(stage: Stage, *, with_logins: bool) -> tuple[list[float], list[float]]:
    """How long pings took, and log-ins, in milliseconds."""
    tokens = stage.tokens([1, 2])
    traffic = [{"token": tokens[1], "places": [str(place_of(n)) for n in range(1, 5)]}]
    bodies = [
        {"body": {"identifier": f"late{n}", "password": PASSWORD, "device_id": "bench"}}
        for n in range(PEOPLE)
    ]
    logging_in = _job("log_ins", stage, bodies, path="/v1/auth/login")
    with ThreadPoolExecutor(3) as side_by_side:
        talking = side_by_side.submit(make_load, _job("frames", stage, traffic, seconds=SECONDS, in_flight=1))
        pinging = side_by_side.submit(
            make_load, _job("pings", stage, [{"token": tokens[0]}], seconds=SECONDS)
        )
        time.sleep(1)
        took: list[float] = []
        if with_logins:
            (told,) = make_load(logging_in)
            if set(told["statuses"]) != {200}:
                raise RuntimeError("not everybody could log in")
            took = told["took"]
        talking.result()
        return [1000 * each for each in pinging.result()[0]["took"]], [1000 * each for each in took]


def figures(quick: bool = False, only: set[str] | None = None) -> list[Figure]:
    with stage() as made:
        asyncio.run(_populate(made))
        _register(made)
        quiet: list[list[float]] = []
        busy: list[list[float]] = []
        logins: list[float] = []
        for _ in range(1 if quick else 3):
            quiet.append(one_round(made, with_logins=False)[0])
            pings, took = one_round(made, with_logins=True)
            busy.append(pings)
            logins += took
    lags = [percentile(each, 0.99) for each in busy]
    return [
        Figure(
            name="P12",
            what=f"99th percentile of a ping's wait beside {PEOPLE} log-ins and live traffic",
            value=median(lags),
            unit="ms",
            goal=GOAL_MS,
            at_least=False,
            notes=[
                f"without log-ins {median([percentile(each, 0.99) for each in quiet]):.1f} ms; p50 "
                f"{median([median(each) for each in busy]):.1f} beside {median([median(each) for each in quiet]):.1f} ms; "
                f"longest {max(map(max, busy)):.0f} beside {max(map(max, quiet)):.0f} ms",
                f"a log-in took {median(logins):.0f} ms (median), the last {max(logins):.0f} ms",
            ],
            rounds=lags,
        )
    ]


if __name__ == "__main__":
    alone(figures)
