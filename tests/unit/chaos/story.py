"""A history in which nothing goes wrong: two people in a group, one of whom is removed and comes back."""

from collections.abc import Callable
from typing import Any

import msgspec

from tests.chaos.history import (
    Bubble,
    Call,
    Connected,
    Counted,
    Database,
    EventRow,
    Founded,
    Heard,
    History,
    Listening,
    Look,
    MessageRow,
    ParticipantRow,
    Published,
    Remains,
    Shown,
    Standing,
)

G, ANN, BEN = "group", "ann", "ben"
Record = Any


def message(id: str, sender: str, seq: int, revision: int, content: str | None = None) -> dict[str, Any]:
    """As it is broadcast."""
    kind = "TEXT" if content else "SYSTEM"
    return {
        "id": id,
        "sender_id": sender,
        "seq_id": seq,
        "revision": revision,
        "type": kind,
        "content": content,
        "deleted_at": None,
        "reactions": [],
    }


def _event(revision: int, type: str, data: Any) -> dict[str, Any]:
    return {"type": type, "conversation_id": G, "revision": revision, "data": data}


EVENTS = [
    _event(1, "message.created", message("m1", ANN, 1, 1)),
    _event(2, "message.created", message("m2", ANN, 2, 2, "hello")),
    _event(3, "message.updated", message("m2", ANN, 2, 3, "hello, rather")),
    _event(4, "reaction.added", {"message_id": "m2", "user_id": BEN, "reaction_code": "👍", "count": 1}),
    _event(5, "message.created", message("m3", ANN, 3, 5)),
    _event(6, "member.removed", {"user_id": BEN, "by": ANN, "reason": "removed"}),
    _event(7, "message.created", message("m4", ANN, 4, 7)),
    _event(8, "member.added", {"user_ids": [BEN], "role": "MEMBER", "by": ANN}),
    _event(9, "message.created", message("m5", BEN, 5, 9, "back")),
]
BUBBLES = {
    "m1": Bubble(seq=1, revision=1, sender=ANN, content=None),
    "m2": Bubble(seq=2, revision=4, sender=ANN, content="hello, rather", reactions={"👍": 1}),
    "m3": Bubble(seq=3, revision=5, sender=ANN, content=None),
    "m4": Bubble(seq=4, revision=7, sender=ANN, content=None),
    "m5": Bubble(seq=5, revision=9, sender=BEN, content="back"),
}
NOT_FOR_BEN = (7,)
SENT = {"m2": (ANN, "c2"), "m5": (BEN, "c5")}


def send(id: str, op: int, at: float, **more: Any) -> Call:
    """An acknowledged attempt at sending one of the story's messages."""
    sender, client_id = SENT[id]
    bubble = BUBBLES[id]
    fields = {
        "op": op,
        "user": sender,
        "server": 0,
        "kind": "message.send",
        "conversation": G,
        "at": at,
        "until": at + 0.5,
        "status": 201,
        "said": {"client_message_id": client_id},
        "result": {"id": id, "seq_id": bubble.seq, "revision": bubble.revision},
    }
    return Call(**fields | more)


def call(op: int, user: str, kind: str, at: float, result: Any, status: int = 200) -> Call:
    return Call(
        op=op,
        user=user,
        server=0,
        kind=kind,
        conversation=G,
        at=at,
        until=at + 0.5,
        status=status,
        result=result,
    )


def cursors(read: int, my_revision: int) -> dict[str, int]:
    return {
        "last_read_sequence": read,
        "last_delivered_sequence": read,
        "my_revision": my_revision,
    }


def clean() -> History:
    """The whole of it."""
    records: list[Record] = [
        Founded(conversation=G, members=[ANN, BEN]),
        Listening(at=0.0, up=True),
        Connected(at=0.0, user=ANN, connection=1, server=0, knows={G: 0}),
        Connected(at=0.0, user=BEN, connection=2, server=1, knows={G: 0}),
        send("m2", 1, 2.0, status=0, result=None),
        send("m2", 1, 2.6),
        send("m2", 1, 3.2, status=200),
        call(2, ANN, "message.edit", 4.0, {"id": "m2", "revision": 3}),
        call(3, ANN, "conversation.history", 5.0, [1, 2]),
        call(4, BEN, "receipt.read", 5.0, cursors(1, 1)),
        call(5, BEN, "receipt.read", 6.0, cursors(2, 2)),
        call(6, BEN, "message.delete", 7.0, None, status=503),
        send("m5", 7, 9.0),
        Look(
            at=5.0,
            standings={G: standing(2, 4)},
            cursors={f"{G}/{BEN}": (1, 1, 1)},
            pending=1,
            oldest_seconds=0.2,
        ),
        Look(at=9.9, standings={G: standing(5, 9)}, cursors={f"{G}/{BEN}": (5, 5, 3)}),
    ]
    for event in EVENTS:
        at = float(event["revision"])
        records.append(Published(at=at, conversation=G, revision=event["revision"]))
        records.append(Heard(at=at, user=ANN, connection=1, frame=event))
        if event["revision"] not in NOT_FOR_BEN:
            records.append(Heard(at=at, user=BEN, connection=2, frame=event))
    records += [
        Shown(user=user, conversation=G, revision=9, messages=dict(BUBBLES), members=[ANN, BEN])
        for user in (ANN, BEN)
    ]
    records += [Counted(user=ANN, conversation=G, unread=1), Counted(user=BEN, conversation=G, unread=0)]
    records += [database(), Remains(server=0, sockets=0, sockets_before=0, transactions=0)]
    return History(records)


def standing(messages: int, events: int, /, **more: int) -> Standing:
    fields = {
        "messages": messages,
        "first": 1,
        "last": messages,
        "events": events,
        "first_event": 1,
        "last_event": events,
        "sequence": messages,
        "revision": events,
    }
    return Standing(**fields | more)


def database() -> Database:
    """What is stored in the end."""
    return Database(
        messages=[
            MessageRow(
                id=id,
                conversation=G,
                sender=bubble.sender,
                seq=bubble.seq,
                revision=bubble.revision,
                type="TEXT" if bubble.content else "SYSTEM",
                content=bubble.content,
                client_id=SENT.get(id, ("", None))[1],
                deleted=False,
                reactions=bubble.reactions,
            )
            for id, bubble in BUBBLES.items()
        ],
        participants=[
            ParticipantRow(conversation=G, user=ANN, left=False, delivered=2, read=2, cleared=0),
            ParticipantRow(conversation=G, user=BEN, left=False, delivered=5, read=5, cleared=0),
        ],
        events=[
            EventRow(
                conversation=G,
                revision=event["revision"],
                type=event["type"],
                frame=event,
                created=event["revision"] - 0.1,
                processed=event["revision"] + 0.1,
            )
            for event in EVENTS
        ],
        revisions={G: 9},
        pending=0,
    )


def changed(kind: type[Any], change: Callable[[Any], dict[str, Any]], place: int = 0) -> History:
    """The same, but for one record: ``change`` says which fields of it are others."""
    history = clean()
    chosen = history.of(kind)[place]
    at = next(index for index, record in enumerate(history.records) if record is chosen)
    history.records[at] = msgspec.structs.replace(chosen, **change(chosen))
    return history


def with_more(*records: Record) -> History:
    """The same, and more that happened before anybody looked at the end."""
    history = clean()
    at = next(index for index, record in enumerate(history.records) if isinstance(record, Shown))
    history.records[at:at] = records
    return history


def stored(name: str, place: int, **fields: Any) -> History:
    """The same with another row in one of the lists of what is stored."""

    def change(kept: Database) -> dict[str, Any]:
        rows = list(getattr(kept, name))
        rows[place] = msgspec.structs.replace(rows[place], **fields)
        return {name: rows}

    return changed(Database, change)
