"""I5: what came before is numbered before."""

from collections import defaultdict

from tests.chaos.history import Call, History
from tests.chaos.invariants.acknowledged import SEND
from tests.chaos.invariants.finding import Finding


def acknowledged_before_is_numbered_before(history: History) -> list[Finding]:
    """Whatever is sent after an acknowledgement in the same conversation has a higher number."""
    attempts: dict[tuple[str, str], list[Call]] = defaultdict(list)
    for call in history.of(Call):
        if call.kind == SEND:
            attempts[call.user, call.said["client_message_id"]].append(call)
    moments: dict[str, list[tuple[float, int, int]]] = defaultdict(list)
    for calls in attempts.values():
        answers = [call for call in calls if call.done]
        if answers:
            seq = int(answers[0].result["seq_id"])
            place = moments[calls[0].conversation]
            # At one moment beginnings come first: neither precedes the other.
            place.append((min(call.at for call in calls), 0, seq))
            place.append((min(call.until for call in answers), 1, seq))
    found = []
    for conversation, happened in moments.items():
        highest = 0
        for at, is_answer, seq in sorted(happened):
            if is_answer:
                highest = max(highest, seq)
            elif seq < highest:
                text = f"{seq} was sent after {highest} had been acknowledged"
                found.append(Finding(text=text, conversation=conversation, at=at))
    return found
