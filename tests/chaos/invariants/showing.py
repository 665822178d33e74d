"""I6, I7: what a client shows only grows, and after quiet it is what is stored."""

from collections import defaultdict

from tests.chaos.history import Bubble, Connected, Database, Heard, History, Shown
from tests.chaos.invariants.finding import Finding


def shows_only_more(history: History) -> list[Finding]:
    """A connection hears each event of a conversation once, in order and without a hole, or is told to fetch: what a
    client shows only grows.
    """
    expected: dict[tuple[int, str], int] = {}
    created: dict[int, set[str]] = defaultdict(set)
    away: set[tuple[int, str]] = set()
    found = []
    for record in history.records:
        if isinstance(record, Connected):
            known = {(record.connection, id): revision + 1 for id, revision in record.knows.items()}
            expected |= known
            away |= known.keys()
        if not isinstance(record, Heard):
            continue
        frame, revision = record.frame, record.frame.get("revision")
        if revision is None or "conversation_id" not in frame:
            continue
        key = record.connection, frame["conversation_id"]
        wanted = expected.get(key)
        returns = frame["type"] == "member.added" and record.user in frame["data"]["user_ids"]
        leaves = frame["type"] == "member.removed" and record.user == frame["data"]["user_id"]
        # Who is away, as one may find to be who comes back, hears nothing, and goes on with their return.
        goes_on = key in away and (returns or leaves)
        if frame["type"] != "reset" and wanted is not None and revision != wanted and not goes_on:
            text = f"connection {record.connection} of {record.user} heard {revision} instead of {wanted}"
            around = (min(wanted, revision) - 2, max(wanted, revision) + 2)
            found.append(Finding(text=text, conversation=key[1], at=record.at, revisions=around))
        if frame["type"] == "message.created":
            if frame["data"]["id"] in created[record.connection] and revision != wanted:
                text = f"connection {record.connection} of {record.user} was shown {frame['data']['seq_id']} twice"
                found.append(Finding(text=text, conversation=key[1], at=record.at))
            created[record.connection].add(frame["data"]["id"])
        # A reset may stand for one's own going.
        if leaves or frame["type"] == "reset":
            away.add(key)
        else:
            away.discard(key)
        expected[key] = revision + 1
    return found


def shows_what_is_stored(history: History) -> list[Finding]:
    """After quiet everybody sees what the database has: messages, edits, deletions, reactions and members alike."""
    database = history.database
    stored, members = bubbles(database), present(database)
    shown = {(each.user, each.conversation): each for each in history.of(Shown)}
    watchers = {each.user for each in history.of(Shown)}
    found = []
    for conversation, users in members.items():
        for user in sorted(users & watchers):
            screen = shown.get((user, conversation))
            if screen is None:
                found.append(Finding(text=f"{user} sees nothing of it", conversation=conversation))
                continue
            found += [
                Finding(text=f"{user} {text}", conversation=conversation, revisions=_around(text_revision))
                for text, text_revision in _differences(screen, stored.get(conversation, {}), users)
            ]
    return found


def bubbles(database: Database) -> dict[str, dict[str, Bubble]]:
    """Messages as they are to be seen, by conversation and id."""
    found: dict[str, dict[str, Bubble]] = defaultdict(dict)
    for row in database.messages:
        found[row.conversation][row.id] = Bubble(
            seq=row.seq,
            revision=row.revision,
            sender=row.sender,
            content=row.content,
            deleted=row.deleted,
            reactions=row.reactions,
        )
    return found


def present(database: Database) -> dict[str, set[str]]:
    """Who takes part, by conversation."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in database.participants:
        if not row.left:
            found[row.conversation].add(row.user)
    return found


def _differences(shown: Shown, stored: dict[str, Bubble], members: set[str]) -> list[tuple[str, int]]:
    found = [
        (
            f"sees {shown.messages.get(id)} where {stored.get(id)} is stored",
            (stored.get(id) or shown.messages[id]).revision,
        )
        for id in sorted(shown.messages.keys() | stored.keys())
        if shown.messages.get(id) != stored.get(id)
    ][:3]
    if set(shown.members) != members:
        found.append(
            (f"sees members {sorted(shown.members)} where they are {sorted(members)}", shown.revision)
        )
    return found


def _around(revision: int) -> tuple[int, int]:
    return revision - 3, revision + 3
