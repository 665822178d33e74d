"""How long ``sentinal dev``, which ``make run`` calls, takes until ``/readyz`` (P11): from nothing, and again.

Run: ``python -m benchmarks.cold_start [--quick]``. From nothing means an empty data directory: databases are made,
migrated, keys and demo people too.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.support import Figure, alone, cpu_of, free_port, median, wait_until_ready

NAMES = ("P11",)
GOAL = 3.0


def start(data: Path) -> tuple[float, float]:
    """Seconds until ready, and the CPU seconds spent by then by it and its children."""
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
    port, begun = free_port(), time.perf_counter()
    command = [sys.executable, "-m", "entrypoints.cli", "dev", "--data", str(data), "--port", str(port)]
    process = subprocess.Popen(  # noqa: S603 - our own program
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process)
        return time.perf_counter() - begun, cpu_of(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def figures(quick: bool = False, only: set[str] | None = None) -> list[Figure]:
    cold: list[tuple[float, float]] = []
    warm: list[tuple[float, float]] = []
    for _ in range(1 if quick else 3):
        with tempfile.TemporaryDirectory(prefix="sentinal-bench-") as name:
            data = Path(name) / "data"
            Path(name).chmod(0o711)
            cold.append(start(data))
            warm.append(start(data))
    return [
        _figure("first start of `sentinal dev` until /readyz", cold),
        _figure("start of `sentinal dev` with its data kept", warm),
    ]


def _figure(what: str, took: list[tuple[float, float]]) -> Figure:
    seconds = [each for each, _ in took]
    return Figure(
        name="P11",
        what=what,
        value=median(seconds),
        unit="s",
        goal=GOAL,
        at_least=False,
        notes=[f"CPU {median([cpu for _, cpu in took]):.1f} s"],
        rounds=seconds,
    )


if __name__ == "__main__":
    alone(figures)
