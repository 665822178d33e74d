"""The sending side of one socket: frames of a tick together, a bound on what waits, and a close that happens once."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from application.realtime.outgoing import Outgoing
from domain.shared.ids import SessionId, UserId
from entrypoints.ws import protocol
from entrypoints.ws.metrics import SLOW_CONSUMERS
from entrypoints.ws.wires import GONE, Tick, Wire

WRITTEN_AT_ONCE = 64


class Socket:
    """A ``Connection`` of the hub. What is delivered before ``begin`` waits behind the welcome.

    Behind a reader that is too slow ephemeral events are dropped first; then it is cut off with ``slow_consumer``. It
    costs only itself. ``make`` makes what the wire takes. ``on_end`` is called once, when the end was decided.
    """

    __slots__ = (
        "_bytes",
        "_close",
        "_closing",
        "_first",
        "_has_room",
        "_holds",
        "_make",
        "_queue",
        "_session_id",
        "_tick",
        "_user_id",
        "_wire",
        "_write",
        "connection_id",
        "on_end",
    )

    def __init__(self, wire: Wire, make: Callable[[bytes], bytes], connection_id: str, tick: Tick) -> None:
        self.connection_id = connection_id
        self.on_end: Callable[[], None] | None = None
        self._wire = wire
        self._make = make
        self._tick = tick
        self._write = wire.write
        self._first: Outgoing | None = None
        """What comes before the queue: nearly always it is all there is in a tick."""
        self._queue: list[Outgoing] = []
        self._bytes = 0
        """Counted while the queue is held back."""
        self._holds = True
        self._has_room: asyncio.Event | None = None
        self._close: tuple[int, str] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._user_id: UserId | None = None
        self._session_id: SessionId | None = None

    def belongs_to(self, user_id: UserId, session_id: SessionId) -> None:
        """Say whose it is, once that is known."""
        self._user_id = user_id
        self._session_id = session_id

    @property
    def user_id(self) -> UserId:
        if self._user_id is None:
            raise LookupError("nobody has authenticated on this socket")
        return self._user_id

    @property
    def session_id(self) -> SessionId:
        if self._session_id is None:
            raise LookupError("nobody has authenticated on this socket")
        return self._session_id

    @property
    def has_ended(self) -> bool:
        return self._close is not None

    def begin(self, welcome: bytes) -> None:
        """Let the queue go, the welcome first."""
        self._queue.insert(0, Outgoing(welcome))
        self._wire.drained = self._go_on
        self._go_on()

    def say(self, body: bytes) -> None:
        """Deliver what only this client hears."""
        self.deliver(Outgoing(body))

    def deliver(self, outgoing: Outgoing) -> None:
        if self._holds:
            self._hold(outgoing)
        elif self._first is None:
            self._first = outgoing
            if due := self._tick.due:
                due.append(self)  # as ``at_its_end`` does, without the call for each of a thousand
            else:
                self._tick.at_its_end(self)
        else:
            self._queue.append(outgoing)
            if len(self._queue) == WRITTEN_AT_ONCE:
                self.flush()

    async def ready(self) -> None:
        """Wait until less than half of what may be queued is."""
        while self._is_half_full and self._close is None:
            self._has_room = self._has_room or asyncio.Event()
            await self._has_room.wait()

    @property
    def _is_half_full(self) -> bool:
        return (
            len(self._queue) * 2 > protocol.QUEUED_FRAMES_AT_MOST
            or (self._bytes + self._wire.unsent) * 2 > protocol.QUEUED_BYTES_AT_MOST
        )

    def _let_go_on(self) -> None:
        if self._has_room is not None:
            self._has_room.set()
            self._has_room = None

    def end(self, code: int, reason: str) -> None:
        """Close after what is queued; the first reason counts."""
        if self._close is None:
            self._close = (code, reason)
            self._holds = True
            self._let_go_on()
            self._closing = asyncio.create_task(self._finish(code, reason))
            if self.on_end is not None:
                self.on_end()

    async def closed(self) -> None:
        """Wait until it is, after ``end``."""
        if self._closing is not None:
            await self._closing

    def flush(self) -> None:
        """Write what is queued, as far as the peer keeps up."""
        first = self._first
        if first is None or self._queue or self._wire.is_full:
            self._flush_many()
            return
        self._first = None
        try:
            self._write(first.form(self._make))
        except GONE:
            return  # the news of it has not come yet

    def _flush_many(self) -> None:
        make, wire, queue = self._make, self._wire, self._queue_all()
        while queue and not wire.is_full:
            wire.write_all([outgoing.form(make) for outgoing in queue[:WRITTEN_AT_ONCE]])
            del queue[:WRITTEN_AT_ONCE]
        if self._close is None:
            self._holds = bool(queue)
            self._bytes = sum(len(outgoing.form(make)) for outgoing in queue)
            if not self._is_half_full:
                self._let_go_on()

    def _queue_all(self) -> list[Outgoing]:
        if self._first is not None:
            self._queue.insert(0, self._first)
            self._first = None
        return self._queue

    def _go_on(self) -> None:
        """Until then, what is delivered still queues up behind what waits."""
        self._tick.at_its_end(self)

    def _hold(self, newest: Outgoing) -> None:
        """Queue behind what waits, within bounds."""
        if self._close is not None:
            return
        self._queue.append(newest)
        self._bytes += len(newest.form(self._make))
        if not self._is_too_much:
            return
        if newest.is_ephemeral:
            self._queue.pop()
            self._bytes -= len(newest.form(self._make))
            return
        self._queue = [outgoing for outgoing in self._queue if not outgoing.is_ephemeral]
        self._bytes = sum(len(outgoing.form(self._make)) for outgoing in self._queue)
        if self._is_too_much:
            self._queue.clear()
            SLOW_CONSUMERS.inc()
            self.end(*protocol.SLOW_CONSUMER)

    @property
    def _is_too_much(self) -> bool:
        return (
            len(self._queue) > protocol.QUEUED_FRAMES_AT_MOST
            or self._bytes + self._wire.unsent > protocol.QUEUED_BYTES_AT_MOST
        )

    async def _finish(self, code: int, reason: str) -> None:
        queue, self._queue = self._queue_all(), []
        with suppress(*GONE):
            if queue:
                self._wire.write_all([outgoing.form(self._make) for outgoing in queue])
            await self._wire.close(code, reason)
