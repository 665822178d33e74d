"""I8, I9: cursors go forward, and what is unread is what they leave."""

from collections import defaultdict
from itertools import pairwise

from tests.chaos.history import Call, Counted, History, Look
from tests.chaos.invariants.finding import Finding

UNREAD_AT_MOST = 100
CURSORS = ("last_delivered_sequence", "last_read_sequence", "my_revision")


def cursors_move_forward(history: History) -> list[Finding]:
    """Receipts, read cursors and the numbers of one's own state never go back, in the database and in answers."""
    known: dict[str, tuple[int, int, int]] = {}
    found = []
    for look in history.of(Look):
        for key, now in look.cursors.items():
            before = known.get(key, (0, 0, 0))
            if any(later < earlier for earlier, later in zip(before, now, strict=True)):
                text = f"cursors of {key.partition('/')[2]} went from {before} to {now}"
                found.append(Finding(text=text, conversation=key.partition("/")[0], at=look.at))
            if now[1] > now[0]:
                text = f"{key.partition('/')[2]} has read {now[1]} and received {now[0]}"
                found.append(Finding(text=text, conversation=key.partition("/")[0], at=look.at))
            known[key] = now
    return found + _answers(history)


def _answers(history: History) -> list[Finding]:
    """Of one person's acknowledgements each later one says at least what those before it said."""
    calls = [call for call in history.of(Call) if call.kind == "receipt.read" and call.done]
    by_place: dict[tuple[str, str], list[Call]] = defaultdict(list)
    for call in calls:
        by_place[call.user, call.conversation].append(call)
    return [
        Finding(
            text=f"{user} was answered {name} {later.result[name]} after {earlier.result[name]}",
            conversation=conversation,
            at=later.until,
        )
        for (user, conversation), answered in by_place.items()
        for earlier, later in pairwise(answered)
        for name in CURSORS
        if earlier.until <= later.at and later.result[name] < earlier.result[name]
    ]


def unread_is_what_is_unread(history: History) -> list[Finding]:
    """What is said to be unread is exactly the messages of others after the read cursor that are still there."""
    database = history.database
    cursors = {(row.conversation, row.user): max(row.read, row.cleared) for row in database.participants}
    found = []
    for counted in history.of(Counted):
        after = cursors[counted.conversation, counted.user]
        expected = sum(
            row.conversation == counted.conversation
            and row.seq > after
            and row.sender != counted.user
            and row.type != "SYSTEM"
            and not row.deleted
            for row in database.messages
        )
        if counted.unread != min(UNREAD_AT_MOST, expected):
            text = f"{counted.user} is told {counted.unread} unread, and there are {expected} after {after}"
            found.append(Finding(text=text, conversation=counted.conversation))
    return found
