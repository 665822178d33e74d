"""Names of channels, and what a conversation's listeners are."""

import asyncio
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

import msgspec

from application.realtime.ordering import Order
from domain.shared.ids import ConversationId, SessionId, UserId


class Connection(Protocol):
    """One client's socket, as the hub sees it. Neither method waits or raises."""

    @property
    def user_id(self) -> UserId: ...

    @property
    def session_id(self) -> SessionId: ...

    def deliver(self, body: bytes) -> None: ...

    def end(self, code: int, reason: str) -> None: ...


def reset(id: ConversationId, revision: int) -> bytes:
    """Tells a client that events up to ``revision`` will not come: fetch the conversation's state."""
    return msgspec.json.encode({"type": "reset", "conversation_id": id, "revision": revision})


def of_conversation(id: ConversationId) -> str:
    return f"conversation:{id}"


def of_user(id: UserId) -> str:
    return f"user:{id}"


def parse(channel: str) -> tuple[str, UUID]:
    """Kind and id of a channel."""
    kind, _, id = channel.partition(":")
    return kind, UUID(id)


@dataclass(slots=True)
class Stream:
    """A conversation on this server: its order, who listens, and who is still catching up."""

    conversation_id: ConversationId
    order: Order = field(default_factory=Order)
    listeners: set[Connection] = field(default_factory=set)
    catching_up: dict[Connection, list[tuple[int, bytes]]] = field(default_factory=dict)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    repairing: bool = False

    @property
    def is_deserted(self) -> bool:
        return not self.listeners and not self.catching_up

    def drop(self, connection: Connection) -> None:
        self.listeners.discard(connection)
        self.catching_up.pop(connection, None)

    def emit(self, events: list[tuple[int, bytes]]) -> None:
        """Hand events that are in order to everybody who listens."""
        for _, body in events:
            for connection in self.listeners:
                connection.deliver(body)
        for waiting in self.catching_up.values():
            waiting.extend(events)
