"""Where a socket's frames go: straight to the server's transport where it lets us, else through ASGI; and when."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from litestar import WebSocket
from litestar.exceptions import WebSocketException

from entrypoints.ws.direct import CUT_OFF_AFTER_SECONDS, EXTENSION, DirectWire
from entrypoints.ws.subprotocols import Subprotocol

GONE = (RuntimeError, OSError, WebSocketException)
"""What sending raises once the other side is not there."""


class Wire(Protocol):
    """Takes frames in order and without waiting. While it ``is_full`` the peer is behind or leaving, and what can wait
    should until ``drained`` is called. ``unsent`` counts bytes that were taken. ``close`` closes after what was written and
    never waits longer than ten seconds for a peer that does not read.
    """

    is_full: bool
    drained: Callable[[], None] | None

    @property
    def unsent(self) -> int: ...

    def write(self, frame: bytes) -> None: ...

    def write_all(self, frames: list[bytes]) -> None: ...

    async def close(self, code: int, reason: str) -> None: ...


class AsgiWire:
    """Payloads, one ``send`` after the other, for any server. Full while one is on its way."""

    def __init__(self, socket: WebSocket[Any, Any, Any], *, binary: bool) -> None:
        self.is_full = False
        self.drained: Callable[[], None] | None = None
        self.unsent = 0
        self._socket = socket
        self._binary = binary
        self._pending: list[bytes] = []
        self._sending: asyncio.Task[None] | None = None

    def write(self, frame: bytes) -> None:
        self.write_all([frame])

    def write_all(self, frames: list[bytes]) -> None:
        self._pending.extend(frames)
        self.unsent += sum(map(len, frames))
        if self._sending is None:
            self.is_full = True
            self._sending = asyncio.create_task(self._send())

    async def close(self, code: int, reason: str) -> None:
        self.drained = None
        with suppress(TimeoutError):
            async with asyncio.timeout(CUT_OFF_AFTER_SECONDS):
                if self._sending is not None:
                    await self._sending
                await self._socket.close(code=code, reason=reason)

    async def _send(self) -> None:
        with suppress(*GONE):
            while self._pending:
                payload = self._pending.pop(0)
                if self._binary:
                    await self._socket.send_data(payload, mode="binary")
                else:
                    await self._socket.send_data(payload.decode(), mode="text")
                self.unsent -= len(payload)
        self._pending.clear()
        self.unsent = 0
        self._sending = None
        self.is_full = False
        if self.drained is not None:
            self.drained()


def wire_of(
    socket: WebSocket[Any, Any, Any], subprotocol: Subprotocol
) -> tuple[Wire, Callable[[bytes], bytes]]:
    """The fastest wire there is, and what it takes: finished frames, or the payloads of messages."""
    direct: Any = (socket.scope.get("extensions") or {}).get(EXTENSION)
    if isinstance(direct, DirectWire):
        return direct, subprotocol.frame
    return AsgiWire(socket, binary=subprotocol.is_binary), subprotocol.payload


class Flushed(Protocol):
    """Has something to write."""

    def flush(self) -> None: ...


class Tick:
    """What falls into one tick of the event loop is written at its end, in one write for each socket."""

    __slots__ = ("due",)

    def __init__(self) -> None:
        self.due: list[Flushed] = []

    def at_its_end(self, socket: Flushed) -> None:
        """Have a socket flushed when the tick ends."""
        if not self.due:
            asyncio.get_running_loop().call_soon(self._flush)
        self.due.append(socket)

    def _flush(self) -> None:
        due, self.due = self.due, []
        for socket in due:
            socket.flush()
