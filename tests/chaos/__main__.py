"""``python -m tests.chaos``: runs with seeds, the bugs that must be caught, and a report of a run that was kept.

Exit status 1 when an invariant is broken, or when a fault was felt by nobody, or was never over.
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path

import uvloop

from tests.chaos.bugs import BUGS, LOSSES, show
from tests.chaos.history import History, load
from tests.chaos.plan import FAULTS, SHORT, in_some_order
from tests.chaos.report import details, summary
from tests.chaos.run import Script, play


def main() -> int:
    """Do what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    modes = parser.add_subparsers(dest="mode", required=True)
    running = modes.add_parser("run", help="one run, or several with consecutive seeds")
    running.add_argument("--seed", type=int, default=None)
    running.add_argument("--seeds", type=int, default=1)
    running.add_argument("--servers", type=int, default=2)
    running.add_argument("--short", action="store_true", help="three faults only")
    bugs = modes.add_parser(
        "bugs", help="planted bugs, each of which must break its invariant, and losses that must break none"
    )
    bugs.add_argument("names", nargs="*", metavar="BUG")
    replaying = modes.add_parser("replay", help="what happened around each contradiction of a kept history")
    replaying.add_argument("file", type=Path)
    asked = parser.parse_args()
    if asked.mode == "replay":
        return _show(load(asked.file))
    if asked.mode == "bugs":
        return show(asked.names or [*BUGS, *LOSSES])
    first = random.randrange(10_000) if asked.seed is None else asked.seed
    faults = SHORT if asked.short else FAULTS
    outcomes = [_run(seed, asked.servers, faults) for seed in range(first, first + asked.seeds)]
    print(f"\n{outcomes.count(True)} of {len(outcomes)} runs passed")
    return 0 if all(outcomes) else 1


def _run(seed: int, servers: int, faults: tuple[object, ...]) -> bool:
    print(f"\nseed {seed} (again: make chaos SEED={seed})\n", flush=True)
    order = in_some_order(faults, random.Random(seed))  # type: ignore[arg-type]
    history = uvloop.run(play(Script(seed=seed, faults=order, servers=servers, settings={})))
    text, passed = summary(history)
    print(text, flush=True)
    if not passed:
        kept = Path(tempfile.gettempdir()) / f"sentinal-chaos-{seed}.jsonl"
        history.save(kept)
        print(f"\nkept: {kept} (python -m tests.chaos replay {kept})")
    return passed


def _show(history: History) -> int:
    text, passed = summary(history)
    print(text)
    print(details(history))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
