"""I12: nobody hears or says anything where they do not take part."""

from tests.chaos.history import Heard, History
from tests.chaos.invariants.finding import Finding
from tests.chaos.memberships import Memberships, memberships

OF_NO_CONVERSATION = ("reset", "participation.updated", "message.hidden", "conversation.created")


def nobody_outside_hears_or_speaks(history: History) -> list[Finding]:
    """Nobody hears anything of a conversation from outside their membership, and nobody says anything from there."""
    stays, creations = memberships(history), _creations(history)
    return _heard(history, stays) + [
        Finding(
            text=f"{row.sender} said {row.seq} without taking part",
            conversation=row.conversation,
            revisions=(row.revision - 5, row.revision + 1),
        )
        for row in history.database.messages
        if not stays.takes_part(row.conversation, row.sender, creations.get(row.id, row.revision))
    ]


def _heard(history: History, stays: Memberships) -> list[Finding]:
    gone: set[tuple[int, str]] = set()
    found = []
    for record in history.records:
        if not isinstance(record, Heard) or "conversation_id" not in record.frame:
            continue
        frame = record.frame
        id, kind, revision = frame["conversation_id"], frame["type"], frame.get("revision")
        key = record.connection, id
        if kind == "reset":
            # It may stand for one's own return.
            gone.discard(key)
        if kind in OF_NO_CONVERSATION:
            continue
        if kind == "member.added" and record.user in frame["data"]["user_ids"]:
            gone.discard(key)
        outside = key in gone if revision is None else not stays.takes_part(id, record.user, revision)
        if outside or (revision is None and (id, record.user) not in stays.stays):
            text = f"{record.user} heard {kind} {revision or ''} without taking part"
            around = (revision - 5, revision + 1) if revision else None
            found.append(Finding(text=text, conversation=id, at=record.at, revisions=around))
        if kind == "member.removed" and record.user == frame["data"]["user_id"]:
            gone.add(key)
    return found


def _creations(history: History) -> dict[str, int]:
    """The revision at which each message was made: its later ones are of what became of it."""
    return {
        event.frame["data"]["id"]: event.revision
        for event in history.database.events
        if event.type == "message.created"
    }
