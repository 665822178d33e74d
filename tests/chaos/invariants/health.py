"""I14: no answer that means a mistake of ours, and nothing left behind."""

from tests.chaos.history import Call, History, Remains
from tests.chaos.invariants.finding import Finding

UNAVAILABLE = 503


def servers_stay_well(history: History) -> list[Finding]:
    """No answer is a server error but 503; when the clients have gone no socket, transaction or complaint is left."""
    found = [
        Finding(
            text=f"{call.kind} was answered {call.status} {call.code} (operation {call.op}, server {call.server})",
            conversation=call.conversation,
            at=call.until,
        )
        for call in history.of(Call)
        if call.status >= 500 and call.status != UNAVAILABLE
    ]
    for left in history.of(Remains):
        if left.sockets > left.sockets_before:
            text = f"server {left.server} holds {left.sockets} sockets, and began with {left.sockets_before}"
            found.append(Finding(text=text))
        if left.transactions:
            found.append(Finding(text=f"server {left.server} left {left.transactions} transactions open"))
        found += [Finding(text=f"server {left.server}: {each}") for each in left.complaints]
    return found
