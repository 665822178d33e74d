"""I10, I11: nothing stays unsaid, and nothing counts as said before it was."""

from collections import defaultdict
from itertools import pairwise

from tests.chaos.history import Call, EventRow, Fault, History, Listening, Look, Published
from tests.chaos.invariants.acknowledged import SEND
from tests.chaos.invariants.finding import Finding

SETTLED_AFTER_SECONDS = 5.0
PENDING_AT_MOST_SECONDS = 5.0
HEARD_WITHIN_SECONDS = 1.0


def nothing_stays_unsaid(history: History) -> list[Finding]:
    """The outbox is empty in the end, and while nothing is broken nothing waits in it for long."""
    found = []
    if pending := history.database.pending:
        found.append(Finding(text=f"{pending} events are still to be published"))
    for look in history.of(Look):
        if look.oldest_seconds > PENDING_AT_MOST_SECONDS and not disturbed(history, look.at, look.at):
            text = f"{look.pending} events wait, the oldest for {look.oldest_seconds:.1f} s, and nothing is broken"
            found.append(Finding(text=text, at=look.at))
    return found


def everything_is_said_in_order(history: History) -> list[Finding]:
    """Every committed event is published before it counts as published; one undisturbed server publishes those of a
    conversation in the order of their revisions.
    """
    first: dict[tuple[str, int], float] = {}
    for said in history.of(Published):
        first.setdefault((said.conversation, said.revision), said.at)
    deaf = _deaf(history)
    found = []
    for event in history.database.events:
        if event.processed is None or (event.conversation, event.revision) in first:
            continue
        if not any(
            start < event.processed + HEARD_WITHIN_SECONDS and event.created < end for start, end in deaf
        ):
            found.append(_finding(event, f"{event.type} {event.revision} is marked and was never published"))
    return found + _disorder(history, first)


def disturbed(history: History, start: float, end: float) -> bool:
    """Whether a fault lay in this time, or had ended only just before."""
    return any(
        fault.at <= end and start <= fault.until + SETTLED_AFTER_SECONDS for fault in history.of(Fault)
    )


def _deaf(history: History) -> list[tuple[float, float]]:
    """When nobody listened to the broker for us."""
    heard = [Listening(at=0.0, up=False), *history.of(Listening), Listening(at=float("inf"), up=True)]
    return [(now.at, then.at) for now, then in pairwise(heard) if not now.up]


def _disorder(history: History, first: dict[tuple[str, int], float]) -> list[Finding]:
    attempts: dict[tuple[str, str], list[Call]] = defaultdict(list)
    for call in history.of(Call):
        if call.kind == SEND:
            attempts[call.user, call.said["client_message_id"]].append(call)
    servers = {
        calls[0].result["id"]: calls[0].server
        for calls in attempts.values()
        if len(calls) == 1 and calls[0].done
    }
    lanes: dict[tuple[str, int], list[EventRow]] = defaultdict(list)
    for event in sorted(history.database.events, key=lambda event: event.revision):
        server = servers.get((event.frame.get("data") or {}).get("id"))
        if event.type == "message.created" and server is not None:
            lanes[event.conversation, server].append(event)
    return [
        _finding(later, f"{later.revision} was published before {earlier.revision}, by one server")
        for events in lanes.values()
        for earlier, later in pairwise(events)
        if _at(first, later) < _at(first, earlier) < float("inf")
        and not disturbed(history, earlier.created, later.processed or float("inf"))
    ]


def _at(first: dict[tuple[str, int], float], event: EventRow) -> float:
    return first.get((event.conversation, event.revision), float("inf"))


def _finding(event: EventRow, text: str) -> Finding:
    around = event.revision - 3, event.revision + 3
    return Finding(text=text, conversation=event.conversation, at=event.created, revisions=around)
