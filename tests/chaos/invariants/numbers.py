"""I1: numbers without a hole, whenever one looks."""

from tests.chaos.history import History, Look, Standing
from tests.chaos.invariants.finding import Finding


def numbers_have_no_hole(history: History) -> list[Finding]:
    """Sequences and revisions are exactly 1 … n in every conversation, at every look."""
    return [
        Finding(
            text=wrong, conversation=id, at=look.at, revisions=(standing.revision - 5, standing.revision + 1)
        )
        for look in history.of(Look)
        for id, standing in look.standings.items()
        if (wrong := _wrong(standing))
    ]


def _wrong(standing: Standing) -> str:
    sequences = (standing.messages, standing.last, standing.sequence)
    if len(set(sequences)) > 1 or standing.first > 1:
        return f"{standing.messages} messages from {standing.first} to {standing.last}, and the counter says {standing.sequence}"
    revisions = (standing.events, standing.last_event, standing.revision)
    if len(set(revisions)) > 1 or standing.first_event > 1:
        return f"{standing.events} events from {standing.first_event} to {standing.last_event}, and the counter says {standing.revision}"
    return ""
