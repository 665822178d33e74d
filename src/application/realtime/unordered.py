"""What a conversation's channel carries beside its ordered events: receipts, the latest of each person, and typing.

Receipts of one person in one conversation are told at most four times a second. What comes in between waits, and the
furthest of it is told in the end, so nothing of where somebody stands is lost.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from application.ports.events import Delivery
from application.realtime.outgoing import Outgoing
from application.realtime.stream import Stream
from application.typing.whispers import STARTED, STOPPED, overheard
from domain.shared.ids import ConversationId, UserId

RECEIPTS_EVERY_SECONDS = 0.25

Key = tuple[ConversationId, UserId]


class Cursors(msgspec.Struct, frozen=True):
    """How far somebody has come, as ``receipt.updated`` says it."""

    user_id: UserId
    delivered_up_to: int
    read_up_to: int

    def covers(self, other: "Cursors") -> bool:
        return self.delivered_up_to >= other.delivered_up_to and self.read_up_to >= other.read_up_to


class _Receipt(msgspec.Struct, frozen=True):
    data: Cursors


class Unordered:
    """Works on the streams of one hub."""

    def __init__(self, streams: Mapping[ConversationId, Stream]) -> None:
        self._streams = streams
        self._waiting: dict[Key, tuple[Cursors, bytes] | None] = {}

    def hear(self, stream: Stream, delivery: Delivery) -> None:
        """Hand over an event that has no revision."""
        if delivery.event_type == "receipt.updated":
            self._receipt(stream, delivery.body)
        elif delivery.event_type in (STARTED, STOPPED):
            said = overheard(delivery.body)
            outgoing = Outgoing(bytes(said.frame))
            for connection in stream.listeners:
                if connection.user_id not in said.kept_from:
                    connection.deliver(outgoing)
        else:
            stream.emit([(0, delivery.body)])

    def _receipt(self, stream: Stream, body: bytes) -> None:
        cursors = msgspec.json.decode(body, type=_Receipt).data
        key = stream.conversation_id, cursors.user_id
        if key in self._waiting:
            self._waiting[key] = _further(self._waiting[key], cursors, body)
            return
        self._tell(key, body)

    def _tell(self, key: Key, body: bytes) -> None:
        if stream := self._streams.get(key[0]):
            stream.emit([(0, body)])
        self._waiting[key] = None
        asyncio.get_running_loop().call_later(RECEIPTS_EVERY_SECONDS, self._tell_what_waits, key)

    def _tell_what_waits(self, key: Key) -> None:
        waiting = self._waiting.pop(key)
        if waiting is not None:
            self._tell(key, waiting[1])


def _further(known: tuple[Cursors, bytes] | None, new: Cursors, body: bytes) -> tuple[Cursors, bytes]:
    """The receipt that says everything both of these say."""
    if known is None or new.covers(known[0]):
        return new, body
    old = known[0]
    if old.covers(new):
        return known
    both = Cursors(
        new.user_id,
        max(old.delivered_up_to, new.delivered_up_to),
        max(old.read_up_to, new.read_up_to),
    )
    frame: dict[str, Any] = msgspec.json.decode(body)
    frame["data"] |= {"delivered_up_to": both.delivered_up_to, "read_up_to": both.read_up_to}
    return both, msgspec.json.encode(frame)
