"""Histories in which one thing went wrong, and the invariant that must say so."""

from typing import Any

import msgspec

from tests.chaos.history import (
    Bubble,
    Call,
    Counted,
    Database,
    Heard,
    History,
    Listening,
    Look,
    Published,
    Remains,
    Shown,
)
from tests.unit.chaos import story
from tests.unit.chaos.story import ANN, BEN, BUBBLES, EVENTS, G, changed, clean, stored, with_more

RECEIPT = {"type": "receipt.updated", "conversation_id": G, "data": {"user_id": ANN}}


def _hears(user: str, connection: int, frame: dict[str, Any], at: float = 9.5) -> History:
    return with_more(Heard(at=at, user=user, connection=connection, frame=frame))


def _numbers(**fields: int) -> History:
    return changed(Look, lambda _: {"standings": {G: story.standing(2, 4, **fields)}})


def _database(name: str, keep: Any) -> History:
    return changed(Database, lambda kept: {name: [row for row in getattr(kept, name) if keep(row)]})


def _stored_twice() -> History:
    again = msgspec.structs.replace(clean().database.messages[1], id="m6", seq=6, revision=10)
    return changed(Database, lambda kept: {"messages": [*kept.messages, again]})


def _not_published(**fields: Any) -> History:
    return changed(Published, lambda _: fields, 4)


def _shows(**changes: Any) -> History:
    messages = BUBBLES | {"m2": msgspec.structs.replace(BUBBLES["m2"], **changes)}
    return changed(Shown, lambda _: {"messages": messages}, 1)


def _one_server_out_of_order() -> History:
    """Both messages by one attempt each, and the later one published first."""
    history = changed(Published, lambda _: {"at": 9.5}, 1)
    history.records = [each for each in history.records if not (isinstance(each, Call) and each.op == 1)]
    history.records.append(story.send("m2", 1, 2.0))
    return history


VIOLATIONS: dict[str, tuple[str, History]] = {
    "a message is missing": ("I1", _numbers(last=3)),
    "sequences do not begin at 1": ("I1", _numbers(first=2)),
    "an event is missing": ("I1", _numbers(events=3)),
    "the counter is ahead": ("I1", _numbers(revision=5)),
    "what was acknowledged is gone": ("I2", _database("messages", lambda row: row.id != "m5")),
    "what was acknowledged has another number": ("I2", stored("messages", 4, seq=6)),
    "an acknowledged edit is nowhere": (
        "I2",
        with_more(story.call(9, ANN, "message.edit", 9.0, {"id": "m2", "revision": 10})),
    ),
    "a read lacks what was acknowledged": (
        "I2",
        with_more(story.call(9, ANN, "conversation.history", 9.8, [1, 2, 3, 4])),
    ),
    "two acknowledgements differ": (
        "I3",
        with_more(story.send("m2", 1, 9.0, result={"id": "m2", "seq_id": 3, "revision": 2})),
    ),
    "one send is stored twice": ("I4", _stored_twice()),
    "two messages have one number": ("I4", stored("messages", 3, seq=5)),
    "what is sent later comes before": (
        "I5",
        with_more(
            story.send(
                "m5",
                8,
                9.9,
                said={"client_message_id": "c8"},
                result={"id": "m1", "seq_id": 1, "revision": 1},
            )
        ),
    ),
    "a connection hears an event again": ("I6", _hears(ANN, 1, EVENTS[8])),
    "a connection misses an event": ("I6", _hears(ANN, 1, EVENTS[8] | {"revision": 11})),
    "a connection goes back": ("I6", _hears(ANN, 1, EVENTS[1])),
    "somebody who stayed hears a hole before going": (
        "I6",
        _hears(BEN, 2, EVENTS[5] | {"revision": 11}),
    ),
    "an edit is not seen": ("I7", _shows(content="hello")),
    "a deletion is not seen": ("I7", _shows(deleted=True)),
    "a reaction is not seen": ("I7", _shows(reactions={})),
    "a message is not seen": (
        "I7",
        changed(Shown, lambda shown: {"messages": {"m1": shown.messages["m1"]}}, 1),
    ),
    "a message is seen that is not there": (
        "I7",
        changed(
            Shown,
            lambda shown: {
                "messages": shown.messages | {"m9": Bubble(seq=9, revision=9, sender=ANN, content="?")}
            },
        ),
    ),
    "a member is not seen": ("I7", changed(Shown, lambda _: {"members": [ANN]})),
    "a conversation is not seen": ("I7", changed(Shown, lambda _: {"conversation": "another"}, 1)),
    "a cursor goes back": ("I8", changed(Look, lambda _: {"cursors": {f"{G}/{BEN}": (5, 0, 3)}}, 1)),
    "a person's own number goes back": (
        "I8",
        changed(Look, lambda _: {"cursors": {f"{G}/{BEN}": (5, 5, 0)}}, 1),
    ),
    "something is read and was not received": (
        "I8",
        changed(Look, lambda _: {"cursors": {f"{G}/{BEN}": (4, 5, 3)}}, 1),
    ),
    "an answer goes back": ("I8", with_more(story.call(9, BEN, "receipt.read", 9.0, story.cursors(1, 3)))),
    "too much is unread": ("I9", changed(Counted, lambda _: {"unread": 2})),
    "too little is unread": ("I9", changed(Counted, lambda _: {"unread": 0})),
    "something is still to be published": ("I10", changed(Database, lambda _: {"pending": 1})),
    "something waits although nothing is broken": (
        "I10",
        changed(Look, lambda _: {"oldest_seconds": 9.0}),
    ),
    "something is marked and was not published": ("I11", _not_published(revision=4)),
    "one server publishes out of order": ("I11", _one_server_out_of_order()),
    "somebody hears what was said while they were away": ("I12", _hears(BEN, 2, EVENTS[6], at=7.0)),
    "a stranger hears something": ("I12", _hears("eve", 3, EVENTS[1], at=2.0)),
    "a stranger hears what has no number": ("I12", _hears("eve", 3, RECEIPT)),
    "somebody hears a receipt after they have gone": (
        "I12",
        with_more(
            Heard(at=9.5, user=BEN, connection=4, frame=EVENTS[5]),
            Heard(at=9.6, user=BEN, connection=4, frame=RECEIPT),
        ),
    ),
    "somebody says something while they are away": ("I12", stored("messages", 3, sender=BEN)),
    "an edit is told and not kept": ("I13", stored("messages", 1, content="hello")),
    "a reaction is kept and not told": ("I13", stored("messages", 2, reactions={"👍": 1})),
    "a member is told of who is none": ("I13", stored("participants", 1, left=True)),
    "events end before the counter": ("I13", changed(Database, lambda _: {"revisions": {G: 10}})),
    "a server makes a mistake": ("I14", changed(Call, lambda _: {"status": 500, "result": None})),
    "a socket is left": ("I14", changed(Remains, lambda _: {"sockets": 1})),
    "a transaction is left": ("I14", changed(Remains, lambda _: {"transactions": 1})),
    "a server complains": ("I14", changed(Remains, lambda _: {"complaints": ["Task was destroyed"]})),
}
DEAF = Listening(at=4.0, up=False)
