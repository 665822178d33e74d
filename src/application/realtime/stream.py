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

from application.ports.events import Frame
from application.realtime.channels import Connection, reset
from application.realtime.ordering import Order
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


@dataclass(slots=True)
class Stream:
    """``people`` and ``heard`` are the hub's own: everybody connected here, and what each connection hears."""

    conversation_id: ConversationId
    people: Mapping[UserId, set[Connection]]
    heard: Heard
    order: Order = field(default_factory=Order)
    listeners: set[Connection] = field(default_factory=set)
    catching_up: dict[Connection, list[tuple[int, bytes]]] = field(default_factory=dict)
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

    def emit(self, events: Events) -> None:
        """Hand events that are in order to everybody who hears them by then."""
        for revision, body in events:
            change = change_in(body)
            for user_id in change.added if change else ():
                for connection in self.people.get(user_id, ()):
                    if connection not in self.catching_up:
                        self.listen(connection)
            for connection in self.listeners:
                connection.deliver(body)
            if change:
                self._let_go(self._leaving(change), revision)
        for waiting in self.catching_up.values():
            waiting.extend(events)

    def caught_up(self, connection: Connection, revision: int, frames: Sequence[Frame]) -> None:
        """Give a connection everything above ``revision``: what is kept, then what arrived meanwhile. From then on
        it hears what comes out, unless something of that has removed it.
        """
        arrived = self.catching_up.pop(connection, None)
        if arrived is None:
            return
        live_at = self.order.delivered or 0
        kept = [(frame.revision, frame.body) for frame in frames if revision < frame.revision <= live_at]
        begins_at = arrived[0][0] - 1 if arrived and arrived[0][0] else live_at
        if [at for at, _ in kept if at <= begins_at] != list(range(revision + 1, begins_at + 1)):
            kept = [(begins_at, reset(self.conversation_id, begins_at))] if begins_at > revision else []
        reached = max(revision, begins_at)
        hears, left_at = True, 0
        for at, body in [
            *(e for e in kept if e[0] <= reached),
            *(e for e in arrived if not 0 < e[0] <= reached),
        ]:
            change = change_in(body)
            hears = hears or (change is not None and connection.user_id in change.added)
            if hears:
                connection.deliver(body)
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
