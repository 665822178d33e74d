"""Bugs planted in the servers, and which invariant each must break: whoever checks is checked as well. And losses that
must break nothing, because something else makes up for them.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

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


LOSSES = {
    "nothing is published at once: the relay does it all": "courier.drop=1",
    "the broker loses two of five events": "hub.drop=0.4",
    "the broker loses everything: the database tells": "hub.drop=1",
}
"""What is switched off, so that one way of repairing is all there is."""


def _with(failpoints: str) -> History:
    """What becomes of servers that go wrong like this."""
    script = Script(
        seed=SEED,
        faults=[],
        calm=CALM_SECONDS,
        quiet_within=QUIET_SECONDS,
        settings={"SENTINAL_FAILPOINTS": failpoints},
    )
    return uvloop.run(play(script))


def show(names: list[str]) -> int:
    """Print a line per bug and loss; the status says whether all bugs were caught, and no loss was noticed."""
    sentences = {each.name: each.sentence for each in INVARIANTS}
    wrong = 0
    for name in names:
        bug, failpoints = BUGS.get(name), LOSSES.get(name, "")
        history = _with(bug.failpoints if bug else failpoints)
        red = [invariant for invariant, findings in verdicts(history).items() if findings]
        as_it_should = bug.breaks in red if bug else not red
        wrong += not as_it_should
        verdict = f"breaks {', '.join(red)}" if red else "breaks nothing"
        if not as_it_should:
            verdict += f", BUT SHOULD {bug.breaks}: {sentences[bug.breaks]}" if bug else ", BUT SHOULD NOT"
            kept = Path(tempfile.gettempdir()) / f"sentinal-chaos-{'-'.join(name.split()[:3])}.jsonl"
            history.save(kept)
            verdict += f" (kept: {kept})"
        print(f"{name:<53}{bug.failpoints if bug else failpoints:<32}{verdict}", flush=True)
    print(f"{len(names) - wrong} of {len(names)} as they should be")
    return 1 if wrong else 0
