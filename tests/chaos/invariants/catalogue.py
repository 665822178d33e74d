"""All of them, with the sentence that each stands for."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.history import History
from tests.chaos.invariants.acknowledged import acknowledged_is_there, acknowledgements_agree, sent_once
from tests.chaos.invariants.belonging import nobody_outside_hears_or_speaks
from tests.chaos.invariants.cursors import cursors_move_forward, unread_is_what_is_unread
from tests.chaos.invariants.finding import Finding
from tests.chaos.invariants.health import servers_stay_well
from tests.chaos.invariants.numbers import numbers_have_no_hole
from tests.chaos.invariants.order import acknowledged_before_is_numbered_before
from tests.chaos.invariants.outbox import everything_is_said_in_order, nothing_stays_unsaid
from tests.chaos.invariants.showing import shows_only_more, shows_what_is_stored
from tests.chaos.invariants.telling import events_tell_everything


@dataclass(frozen=True, slots=True)
class Invariant:
    """``check`` returns what contradicts ``sentence``."""

    name: str
    check: Callable[[History], list[Finding]]

    @property
    def sentence(self) -> str:
        return " ".join((self.check.__doc__ or "").split())


INVARIANTS = [
    Invariant(f"I{number}", check)
    for number, check in enumerate(
        (
            numbers_have_no_hole,
            acknowledged_is_there,
            acknowledgements_agree,
            sent_once,
            acknowledged_before_is_numbered_before,
            shows_only_more,
            shows_what_is_stored,
            cursors_move_forward,
            unread_is_what_is_unread,
            nothing_stays_unsaid,
            everything_is_said_in_order,
            nobody_outside_hears_or_speaks,
            events_tell_everything,
            servers_stay_well,
        ),
        1,
    )
]


def verdicts(history: History) -> dict[str, list[Finding]]:
    """Every invariant's findings, by name."""
    return {each.name: each.check(history) for each in INVARIANTS}
