"""One conversation on this server: who hears it, from which event to which.

The invariant: a person's connections hear exactly the events from the one that adds them to the one that removes
them, both included. It holds because membership changes where the events that change it come out, in order, and not
where they arrive.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from application.failpoints import fails
from application.ports.events import Frame
from application.realtime.channels import Connection, reset
from application.realtime.ordering import Order
from application.realtime.outgoing import Outgoing
from domain.shared.ids import ConversationId, UserId

Events = Sequence[tuple[int, bytes]]
Heard = dict[Connection, dict[ConversationId, int]]
"""Of each connection, the conversations it hears (0), or heard up to a revision and no further."""

_CHANGES = (b'{"type":"member.', b'{"type":"conversation.deleted"')


@dataclass(frozen=True, slots=True)
class Change:
    """Whom an event adds and removes; ``everybody`` when the conversation is closed."""

    added: tuple[UserId, ...] = ()
    removed: tuple[UserId, ...] = ()
    everybody: bool = False

    def concerns(self, user_id: UserId) -> bool:
        return self.everybody or user_id in self.added or user_id in self.removed


def change_in(body: bytes) -> Change | None:
    """What an event does to membership; None for nearly all of them, at the price of a comparison."""
    if not body.startswith(_CHANGES):
        return None
    frame: dict[str, Any] = msgspec.json.decode(body)
    match frame["type"]:
        case "member.added":
            return Change(added=tuple(UserId(UUID(id)) for id in frame["data"]["user_ids"]))
        case "member.removed":
            return Change(removed=(UserId(UUID(frame["data"]["user_id"])),))
        case "conversation.deleted":
            return Change(everybody=True)
    return None


def _above(revision: int, events: Events) -> list[tuple[int, bytes]]:
    """Those beyond a revision, and those that have none."""
    return [(at, body) for at, body in events if not 0 < at <= revision]


@dataclass(slots=True)
class Stream:
    """``people`` and ``heard`` are the hub's own: everybody connected here, and what each connection hears. Who is
    ``ahead`` knows events that have not come out here yet, and waits for the next.
    """

    conversation_id: ConversationId
    people: Mapping[UserId, set[Connection]]
    heard: Heard
    order: Order = field(default_factory=Order)
    listeners: set[Connection] = field(default_factory=set)
    catching_up: dict[Connection, list[tuple[int, bytes]]] = field(default_factory=dict)
    ahead: dict[Connection, int] = field(default_factory=dict)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    repairing: bool = False

    @property
    def is_deserted(self) -> bool:
        return not self.listeners and not self.catching_up

    def hears(self, connection: Connection) -> bool:
        return connection in self.listeners or connection in self.catching_up

    def listen(self, connection: Connection) -> None:
        """Let a connection hear what comes out from now on."""
        self.heard[connection][self.conversation_id] = 0
        self.listeners.add(connection)

    def drop(self, connection: Connection) -> None:
        self.listeners.discard(connection)
        self.catching_up.pop(connection, None)
        self.ahead.pop(connection, None)

    def emit(self, events: Events) -> None:
        """Hand events that are in order to everybody who hears them by then."""
        if events and fails("stream.again"):
            events = [*events, *events]
        for revision, body in events:
            change = change_in(body)
            for user_id in change.added if change else ():
                for connection in self.people.get(user_id, ()):
                    if connection not in self.catching_up:
                        self.listen(connection)
            outgoing = Outgoing(body)
            for connection in self.listeners:
                connection.deliver(outgoing)
            if change:
                self._let_go(self._leaving(change), revision)
        for waiting in self.catching_up.values():
            waiting.extend(events)
        if self.ahead:
            self._draw_level()

    def _draw_level(self) -> None:
        """Let those hear on who knew more than had come out here, once that has."""
        at = self.order.delivered or 0
        for connection, known in [each for each in self.ahead.items() if each[1] <= at]:
            del self.ahead[connection]
            self._tell(connection, _above(known, self.catching_up.pop(connection)))

    def hold(self, connection: Connection) -> None:
        """Say nothing to a connection until it is caught up, settled, or told to start afresh."""
        self.ahead.pop(connection, None)
        if connection in self.listeners:
            self.listeners.discard(connection)
            self.catching_up[connection] = []

    def settle(self, connection: Connection, since: int = 0) -> None:
        """Tell a connection what was held back, and nothing that was committed before it came: ``since`` is the head of
        that moment, and events may lag behind it here.
        """
        arrived = self.catching_up.pop(connection, None)
        if arrived is None:
            return
        if since > (self.order.delivered or 0):
            self.ahead[connection], self.catching_up[connection] = since, arrived
        else:
            self._tell(connection, _above(since, arrived))

    def start_afresh(self, connection: Connection) -> None:
        """Tell a connection to fetch the conversation's state, and what goes on from there."""
        arrived = self.catching_up.pop(connection, None)
        if arrived is not None:
            begins_at = self._begins_at(arrived)
            connection.deliver(Outgoing(reset(self.conversation_id, begins_at)))
            self._tell(connection, _above(begins_at, arrived))

    def caught_up(self, connection: Connection, revision: int, frames: Sequence[Frame]) -> int:
        """Give a connection everything above ``revision``: what is kept, then what arrived meanwhile; or a reset where
        something of it is not kept. From then on it hears what comes out, unless something of that has removed it.
        Returns how many events were kept for it.
        """
        arrived = self.catching_up.pop(connection, None)
        if arrived is None:
            return 0
        if revision > (self.order.delivered or 0):
            # Events lag behind here: it is not told again what it knows.
            self.ahead[connection], self.catching_up[connection] = revision, arrived
            return 0
        begins_at = self._begins_at(arrived)
        kept = [(frame.revision, frame.body) for frame in frames if revision < frame.revision <= begins_at]
        if [at for at, _ in kept] != list(range(revision + 1, begins_at + 1)):
            connection.deliver(Outgoing(reset(self.conversation_id, begins_at)))
            kept = []
        self._tell(connection, [*kept, *_above(max(revision, begins_at), arrived)])
        return len(kept)

    def _begins_at(self, arrived: Events) -> int:
        """The revision up to which nothing has arrived while a connection was held."""
        ordered = [revision for revision, _ in arrived if revision]
        return ordered[0] - 1 if ordered else self.order.delivered or 0

    def _tell(self, connection: Connection, events: Events) -> None:
        """Events in order, those within the person's membership; then live, if they are still in it."""
        changes = [(at, body, change_in(body)) for at, body in events]
        concerning = [change for _, _, change in changes if change and change.concerns(connection.user_id)]
        hears, left_at = not concerning or connection.user_id not in concerning[0].added, 0
        for at, body, change in changes:
            hears = hears or (change is not None and connection.user_id in change.added)
            if hears:
                connection.deliver(Outgoing(body))
            if hears and change and (change.everybody or connection.user_id in change.removed):
                hears, left_at = False, at
        if hears:
            self.listen(connection)
        else:
            self.heard[connection][self.conversation_id] = left_at

    def keep_only(self, present: set[UserId], revision: int) -> None:
        """After events were lost for good, some of which may have removed people: let the others go."""
        self._let_go([each for each in self.listeners if each.user_id not in present], revision)

    def _leaving(self, change: Change) -> list[Connection]:
        return [each for each in self.listeners if change.everybody or each.user_id in change.removed]

    def _let_go(self, connections: Iterable[Connection], revision: int) -> None:
        for connection in connections:
            self.listeners.discard(connection)
            self.heard[connection][self.conversation_id] = revision
