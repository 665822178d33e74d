"""People go on talking while a server, Redis and a connection to PostgreSQL are killed; nothing that must hold is broken.

The long form, with every fault and other seeds, is ``make chaos``.
"""

import asyncio
import random
from collections.abc import Callable

import pytest

from tests.chaos.history import Call, Fault
from tests.chaos.plan import SHORT, in_some_order
from tests.chaos.report import details, summary
from tests.chaos.run import Script, play

SEED = 20


@pytest.mark.timeout(240)
def test_what_must_hold_holds_while_things_are_killed(
    record_property: Callable[[str, object], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever comes back within a second while Redis is away: the long form, and what is not as it should be yet.
    monkeypatch.setattr("tests.chaos.work.FLAP_SECONDS", (2.0, 4.0))
    faults = in_some_order(SHORT, random.Random(SEED))
    history = asyncio.run(play(Script(seed=SEED, faults=faults, settings={})))
    text, passed = summary(history)
    assert passed, f"{text}\n{details(history)}"
    sent = {call.op for call in history.of(Call) if call.kind == "message.send" and call.done}
    felt = {fault.name: fault.bites for fault in history.of(Fault)}
    record_property("counted", f"{len(sent)} sends acknowledged; felt: {felt}")
