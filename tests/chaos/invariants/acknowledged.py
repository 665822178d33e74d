"""I2, I3, I4: what was acknowledged is there, once, and every acknowledgement of it says the same."""

from collections import Counter, defaultdict

from tests.chaos.history import Call, History, MessageRow
from tests.chaos.invariants.finding import Finding

SEND, EDIT, READ = "message.send", "message.edit", "conversation.history"


def acknowledged_is_there(history: History) -> list[Finding]:
    """Every acknowledged send is there with its number, every acknowledged edit is told, and every later read shows
    them; what was not acknowledged is there once or not at all.
    """
    found = []
    stored = {row.id: row for row in history.database.messages}
    told = {(event.conversation, event.revision) for event in history.database.events}
    for call in history.of(Call):
        if call.kind == SEND and call.done:
            row = stored.get(call.result["id"])
            if row is None:
                found.append(
                    _finding(call, f"message {call.result['seq_id']} was acknowledged and is not there")
                )
            elif row.seq != call.result["seq_id"]:
                found.append(_finding(call, f"acknowledged as {call.result['seq_id']}, stored as {row.seq}"))
        elif call.kind == EDIT and call.done and (call.conversation, call.result["revision"]) not in told:
            found.append(
                _finding(
                    call, f"an edit was acknowledged at revision {call.result['revision']}, which is nowhere"
                )
            )
    return found + _unread_writes(history)


def _unread_writes(history: History) -> list[Finding]:
    """What a read left out although it had been acknowledged before the read began."""
    sends: dict[str, list[Call]] = defaultdict(list)
    for call in history.of(Call):
        if call.kind == SEND and call.done:
            sends[call.conversation].append(call)
    return [
        _finding(read, f"message {send.result['seq_id']} was acknowledged before this read, which lacks it")
        for read in history.of(Call)
        if read.kind == READ and read.done and read.result
        for send in sends[read.conversation]
        if send.until < read.at
        and min(read.result) <= send.result["seq_id"]
        and send.result["seq_id"] not in read.result
    ]


def acknowledgements_agree(history: History) -> list[Finding]:
    """All acknowledgements of one client message id name the same message and the same number."""
    first: dict[tuple[str, str], Call] = {}
    found = []
    for call in history.of(Call):
        if call.kind != SEND or not call.done:
            continue
        known = first.setdefault((call.user, call.said["client_message_id"]), call)
        if _named(known) != _named(call):
            found.append(_finding(call, f"acknowledged as {_named(known)}, then as {_named(call)}"))
    return found


def sent_once(history: History) -> list[Finding]:
    """There is one message for each sender and client message id."""
    rows: dict[tuple[str, str], list[MessageRow]] = defaultdict(list)
    for row in history.database.messages:
        if row.client_id is not None:
            rows[row.sender, row.client_id].append(row)
    numbers = Counter((row.conversation, row.seq) for row in history.database.messages)
    return [
        Finding(
            text=f"one send is stored as {[row.seq for row in same]}",
            conversation=same[0].conversation,
            revisions=(same[0].revision, same[-1].revision),
        )
        for same in rows.values()
        if len(same) > 1
    ] + [
        Finding(text=f"{count} messages have number {seq}", conversation=conversation)
        for (conversation, seq), count in numbers.items()
        if count > 1
    ]


def _named(call: Call) -> tuple[str, int]:
    return call.result["id"], call.result["seq_id"]


def _finding(call: Call, text: str) -> Finding:
    at = call.result["revision"] if isinstance(call.result, dict) and "revision" in call.result else None
    return Finding(
        text=f"{text} (operation {call.op})",
        conversation=call.conversation,
        at=call.until,
        revisions=None if at is None else (at - 3, at + 3),
    )
