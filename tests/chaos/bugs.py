"""Bugs planted in the servers, and which invariant each must break: whoever checks is checked as well."""

from dataclasses import dataclass

import uvloop

from tests.chaos.history import History
from tests.chaos.invariants.catalogue import INVARIANTS, verdicts
from tests.chaos.run import Script, play

SEED = 7
CALM_SECONDS = 6.0
QUIET_SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class Bug:
    """``failpoints`` are what switches it on."""

    failpoints: str
    breaks: str


BUGS = {
    "acknowledged before the commit": Bug("bus.before_commit=0.02", "I2"),
    "the hub drops events and mends nothing": Bug("hub.drop=0.2,hub.mend=1", "I7"),
    "told twice": Bug("stream.again=0.05", "I6"),
    "permission as it was": Bug("access.has_left=1", "I12"),
    "an edit is told and not kept": Bug("edit.save=0.3", "I13"),
    "marked and not published": Bug("courier.publish=0.1", "I11"),
    "nobody sweeps what was not published": Bug("courier.drop=0.1,relay.sweep=1", "I10"),
}


def caught(bug: Bug) -> tuple[bool, History]:
    """Whether a short run with this bug breaks its invariant."""
    script = Script(
        seed=SEED,
        faults=[],
        calm=CALM_SECONDS,
        quiet_within=QUIET_SECONDS,
        settings={"SENTINAL_FAILPOINTS": bug.failpoints},
    )
    history = uvloop.run(play(script))
    return bool(verdicts(history)[bug.breaks]), history


def show(names: list[str]) -> int:
    """Print a line per bug; the status says whether all were caught."""
    sentences = {each.name: each.sentence for each in INVARIANTS}
    survivors = []
    for name in names:
        bug = BUGS[name]
        is_caught, history = caught(bug)
        red = [invariant for invariant, findings in verdicts(history).items() if findings]
        if not is_caught:
            survivors.append(name)
        verdict = (
            f"breaks {', '.join(red)}" if is_caught else f"SURVIVED {bug.breaks}: {sentences[bug.breaks]}"
        )
        print(f"{name:<42}{bug.failpoints:<32}{verdict}", flush=True)
    print(f"{len(names) - len(survivors)} of {len(names)} bugs caught")
    return 1 if survivors else 0
