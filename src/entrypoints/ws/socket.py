"""The sending side of one socket: a bounded queue, one writer, and a close that happens once."""

import asyncio
from collections import deque
from typing import Any

from litestar import WebSocket
from litestar.exceptions import WebSocketException

from domain.shared.ids import SessionId, UserId
from entrypoints.ws import protocol
from entrypoints.ws.metrics import SLOW_CONSUMERS

GONE = (RuntimeError, OSError, WebSocketException)
"""What sending raises once the other side is not there."""


class Socket:
    """A ``Connection`` of the hub. What is delivered before ``begin`` waits behind the welcome.

    A reader slower than its queue is cut off with ``slow_consumer``; it costs only itself.
    """

    def __init__(self, socket: WebSocket[Any, Any, Any], connection_id: str) -> None:
        self.connection_id = connection_id
        self.ended = asyncio.Event()
        self._socket = socket
        self._queue: deque[bytes] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()
        self._has_room = asyncio.Event()
        self._welcomed = False
        self._close: tuple[int, str] | None = None
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

    def begin(self, welcome: bytes) -> None:
        """Let the queue go, the welcome first."""
        self._queue.appendleft(welcome)
        self._bytes += len(welcome)
        self._welcomed = True
        self._wake.set()

    def deliver(self, body: bytes) -> None:
        """Queue a frame."""
        if self._close is not None:
            return
        self._queue.append(body)
        self._bytes += len(body)
        if len(self._queue) > protocol.QUEUED_FRAMES_AT_MOST or self._bytes > protocol.QUEUED_BYTES_AT_MOST:
            self._queue.clear()
            SLOW_CONSUMERS.inc()
            self.end(*protocol.SLOW_CONSUMER)
            return
        if self._welcomed:
            self._wake.set()

    async def ready(self) -> None:
        """Wait until less than half of what may be queued is."""
        while self._is_half_full and not self.ended.is_set():
            self._has_room.clear()
            await self._has_room.wait()

    @property
    def _is_half_full(self) -> bool:
        return (
            len(self._queue) * 2 > protocol.QUEUED_FRAMES_AT_MOST
            or self._bytes * 2 > protocol.QUEUED_BYTES_AT_MOST
        )

    def end(self, code: int, reason: str) -> None:
        """Close after what is queued; the first reason counts."""
        if self._close is None:
            self._close = (code, reason)
            self._wake.set()
            self._has_room.set()
            self.ended.set()

    async def write(self) -> None:
        """Send until ended; returns when the socket is closed or the client has gone."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._queue and (self._welcomed or self._close is not None):
                    body = self._queue.popleft()
                    self._bytes -= len(body)
                    if not self._is_half_full:
                        self._has_room.set()
                    await self._socket.send_data(body.decode(), mode="text")
                if self._close is not None:
                    await self._socket.close(code=self._close[0], reason=self._close[1])
                    return
        except GONE:
            self._close = self._close or protocol.INTERNAL
            self.ended.set()
            self._has_room.set()
