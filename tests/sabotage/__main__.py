"""``python -m tests.sabotage``: breaks the memory adapters in every known way and shows which test noticed.

Exit status 1 when a break is noticed by nothing, or when the adapters that nobody broke do not pass.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.sabotage.breaks import STORE_BREAKS
from tests.sabotage.cache_breaks import CACHE_BREAKS
from tests.sabotage.convergence_breaks import CONVERGENCE_BREAKS
from tests.sabotage.presence_breaks import PRESENCE_BREAKS
from tests.sabotage.realtime_breaks import (
    BROKER_BREAKS,
    CLOCK_BREAKS,
    IDS_BREAKS,
    LIMITS_BREAKS,
    PASSWORDS_BREAKS,
)
from tests.sabotage.seat_breaks import SEAT_BREAKS

ROOT = Path(__file__).parents[2]
CONTRACTS = "tests/sabotage/contracts.py"
CONVERGING = "tests/sabotage/converging.py"
PLUGINS = ("pytest_asyncio.plugin", "pytest_timeout", "no:cacheprovider")
OPTIONS = (
    *("-x", "-q", "--tb=short", "--assert=plain", "--timeout=20", "--confcutdir=tests/sabotage"),
    *(f"-p{plugin}" for plugin in PLUGINS),
)
WITHIN_SECONDS = 50
UNBROKEN = ""
PASSED, FAILED = 0, 1
KINDS = (
    STORE_BREAKS,
    CACHE_BREAKS,
    BROKER_BREAKS,
    LIMITS_BREAKS,
    CLOCK_BREAKS,
    IDS_BREAKS,
    PASSWORDS_BREAKS,
    PRESENCE_BREAKS,
    SEAT_BREAKS,
    CONVERGENCE_BREAKS,
)
NAMES = [name for kind in KINDS for name in kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How the contracts ended on one broken adapter: pytest's exit status, and the test that failed."""

    status: int
    test: str
    output: str


def run(name: str) -> Verdict:
    """Run the contracts with one break, up to the first failure. What catching up must notice by itself is kept from them."""
    asked = [] if name in CONVERGENCE_BREAKS else [CONTRACTS]
    asked += [] if asked and name else [CONVERGING]
    command = [sys.executable, "-m", "pytest", *OPTIONS, *asked]
    environment = {**os.environ, "SENTINAL_SABOTAGE": name, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=WITHIN_SECONDS
        )
    except subprocess.TimeoutExpired:
        return Verdict(status=-1, test="", output="It did not end.")
    failed = re.search(r"^FAILED \S+::(\w+::\w+)", done.stdout, re.MULTILINE)
    return Verdict(status=done.returncode, test=failed.group(1) if failed else "", output=done.stdout)


def main() -> int:
    """Print a line per break; the status says whether all were caught."""
    if len(NAMES) != len(set(NAMES)):
        raise ValueError("two breaks have one name")
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        verdicts = dict(zip([UNBROKEN, *NAMES], workers.map(run, [UNBROKEN, *NAMES]), strict=True))
    unbroken = verdicts.pop(UNBROKEN)
    width = max(map(len, NAMES))
    survivors = []
    for name, verdict in verdicts.items():
        is_caught = verdict.status == FAILED and verdict.test != ""
        if not is_caught:
            survivors.append(name)
        print(f"{name:{width}} → {'caught by ' + verdict.test if is_caught else 'SURVIVED'}")
    outcome = "passes" if unbroken.status == PASSED else f"FAILS {unbroken.test}"
    print(f"{'nothing broken':{width}} → {outcome}")
    print(f"{len(NAMES) - len(survivors)} of {len(NAMES)} breaks caught")
    for name in survivors:
        print(f"\n{name}:\n{verdicts[name].output[-2000:]}")
    if unbroken.status != PASSED:
        print(unbroken.output[-4000:])
    return 1 if survivors or unbroken.status != PASSED else 0


if __name__ == "__main__":
    sys.exit(main())
