"""uvicorn's WebSocket protocol with a way past it: finished frames go straight to the transport.

Reading, handshakes, pings and limits stay uvicorn's. Its own frames are written when they are made, so they and ours
come out in the order in which they were written, each of them whole.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request

KERNEL_HOLDS_BYTES = 128 * 1024
"""For each socket. Left to itself the kernel takes megabytes for a peer that reads nothing, and nobody notices."""
EXTENSION = "sentinal.direct"
CUT_OFF_AFTER_SECONDS = 8.0
"""From a close, or the end of the application, until a peer that does not read is cut off."""


class DirectWire:
    """A ``Wire`` of finished frames. Once the connection is closing it is full for good.

    Small, and ``write`` is the transport's own: of a thousand sockets that hear an event, each costs mostly the memory
    that is touched.
    """

    __slots__ = ("_protocol", "drained", "is_full", "write")

    def __init__(self, protocol: "DirectProtocol") -> None:
        self.is_full = False
        self.drained: Callable[[], None] | None = None
        self.write: Callable[[bytes], None] = protocol.transport.write
        self._protocol = protocol

    @property
    def unsent(self) -> int:
        return self._protocol.transport.get_write_buffer_size()

    def write_all(self, frames: list[bytes]) -> None:
        if not self._protocol.transport.is_closing():
            self.write(b"".join(frames))

    async def close(self, code: int, reason: str) -> None:
        self.end()
        await self._protocol.send({"type": "websocket.close", "code": code, "reason": reason})

    def end(self) -> None:
        """Nothing comes after the closing frame."""
        self.is_full, self.drained = True, None


class Mailbox:
    """An ``asyncio.Queue`` for one reader, at a fraction of its memory."""

    __slots__ = ("_messages", "_waiter")

    def __init__(self) -> None:
        self._messages: list[Any] = []
        self._waiter: asyncio.Future[None] | None = None

    def put_nowait(self, message: Any) -> None:
        self._messages.append(message)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def get(self) -> Any:
        while not self._messages:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        self._waiter = None
        return self._messages.pop(0)

    def empty(self) -> bool:
        return not self._messages


class DirectProtocol(WebSocketsSansIOProtocol):
    """Offers a ``DirectWire`` to the application, as the extension ``sentinal.direct`` of its scope."""

    _wire: DirectWire | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.queue = Mailbox()  # type: ignore[assignment]

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            self.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_HOLDS_BYTES
            )
            # The task of the application exists and has not begun.
            self._wire = DirectWire(self)
            self.scope["extensions"][EXTENSION] = self._wire  # type: ignore[assignment]

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._wire is not None:
            self._wire.is_full = True

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._wire is not None and self._wire.drained is not None:
            self._wire.is_full = False
            self._wire.drained()

    def handle_close(self, event: Frame) -> None:
        self._end()
        super().handle_close(event)

    def handle_parser_exception(self) -> None:
        self._end()
        super().handle_parser_exception()

    def shutdown(self) -> None:
        self._end()
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        super().connection_lost(exc)

    async def send(self, message: Any) -> None:
        if message["type"] != "websocket.close":
            await super().send(message)
            if message["type"] == "websocket.accept":
                del self.request, self.response  # nobody asks for the handshake again
            return
        self.writable.set()  # a close does not wait for a peer that does not read
        await super().send(message)
        self._cut_off_later()

    async def run_asgi(self) -> None:
        await super().run_asgi()
        self._cut_off_later()

    def keepalive_timeout(self) -> None:
        self._end()
        super().keepalive_timeout()
        self._cut_off_later()

    def _end(self) -> None:
        if self._wire is not None:
            self._wire.end()

    def _cut_off_later(self) -> None:
        """Closing a transport waits for what is unsent. This does not."""
        if self.close_timer is not None:
            self.close_timer.cancel()
            self.close_timer = None
        if not self.disconnected:
            self.close_timer = self.loop.call_later(CUT_OFF_AFTER_SECONDS, self.transport.abort)
