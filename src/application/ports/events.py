"""How committed events leave: the broker between servers, and the outbox they are kept in."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.shared.ids import CommandId, ConversationId, EventId


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One committed event as it travels: ``body`` is the JSON frame that clients receive, byte for byte.

    ``revision`` is 0 for what no conversation orders. ``channels`` are ``conversation:{id}`` or ``user:{id}``.
    """

    id: EventId
    aggregate_type: str
    aggregate_id: UUID
    event_type: str
    revision: int
    channels: tuple[str, ...]
    body: bytes
    at: datetime
    command_id: CommandId | None = None
    subject_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a broker hands over: a frame's body on one channel."""

    channel: str
    event_type: str
    revision: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The broker lost its line and has it again: anything may have been missed in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What an outbox still has to send: how many, since when the oldest of them, and how many were parked."""

    pending: int
    oldest: datetime | None
    parked: int


class Subscription(Protocol):
    """Promise: when ``add`` returns, everything published to those channels afterwards is handed over by
    ``deliveries``, on each channel in the order of publication, until ``remove``; a lost connection shows as
    ``Interrupted``.
    """

    async def add(self, channels: Sequence[str]) -> None: ...

    async def remove(self, channels: Sequence[str]) -> None: ...

    def deliveries(self) -> AsyncIterator[Delivery | Interrupted]: ...

    async def close(self) -> None: ...


class Broker(Protocol):
    """Promise: ``publish`` hands every frame to each of its channels, on each in the order given, at most once.

    A failure raises ``Unavailable``; the frames may or may not have gone out.
    """

    async def publish(self, frames: Sequence[Frame]) -> None: ...

    async def subscribe(self) -> Subscription: ...

    async def ping(self) -> None: ...


class Outbox(Protocol):
    """Promise: ``pending`` yields frames nobody marked, of each conversation in revision order, only those
    older than ``older_than``; what is marked never comes back; ``since`` yields a conversation's frames above a
    revision in order, as long as they are kept; ``since_each`` the same of several, at most ``limit`` of each. What is
    parked, with what was wrong with it, waits until ``retry`` makes it pending again. ``claim`` is true for one caller at a
    time, until it releases or has not claimed again for some seconds.
    """

    async def pending(self, older_than: datetime, limit: int) -> list[Frame]: ...

    async def mark(self, ids: Sequence[EventId], at: datetime) -> None: ...

    async def since(self, conversation_id: ConversationId, revision: int, limit: int) -> list[Frame]: ...

    async def since_each(
        self, positions: Mapping[ConversationId, int], limit: int
    ) -> dict[ConversationId, list[Frame]]: ...

    async def park(self, id: EventId, reason: str) -> None: ...

    async def retry(self) -> int: ...

    async def backlog(self) -> Backlog: ...

    async def prune(self, before: datetime) -> int: ...

    async def claim(self) -> bool: ...

    async def release(self) -> None: ...
