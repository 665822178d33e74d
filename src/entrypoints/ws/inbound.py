"""What comes in on a socket: the payloads of frames of the right kind and size, and no more of them than allowed."""

import asyncio
from typing import Any

from litestar import WebSocket

from entrypoints.ws import protocol
from entrypoints.ws.subprotocols import Subprotocol


class Ended(Exception):
    """The connection is over, for the reason given; None when the client has gone."""

    def __init__(self, close: tuple[int, str] | None) -> None:
        super().__init__(close)
        self.close = close


def header_of(socket: WebSocket[Any, Any, Any], name: bytes) -> str | None:
    """A header of the upgrade, without keeping a parsed copy of them all for the life of the socket."""
    return next((value.decode("latin-1") for key, value in socket.scope["headers"] if key == name), None)


async def payload_from(socket: WebSocket[Any, Any, Any], subprotocol: Subprotocol) -> bytes:
    """What the next frame carries. Raises ``Ended`` when the client has gone or sent what it must not."""
    message: Any = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise Ended(None)
    sent = message.get("bytes" if subprotocol.is_binary else "text")
    if sent is None:
        raise Ended(protocol.UNSUPPORTED)
    payload = sent.encode() if isinstance(sent, str) else bytes(sent)
    if len(payload) > protocol.FRAME_AT_MOST:
        raise Ended(protocol.TOO_BIG)
    return payload


class Pace:
    """How many frames a client sent lately."""

    __slots__ = ("_excess", "_window")

    def __init__(self) -> None:
        self._window: list[float] = []
        self._excess = 0

    def is_too_high(self) -> bool:
        """Count a frame against its window. Raises ``Ended`` when the client does not heed the warnings."""
        now = asyncio.get_running_loop().time()
        self._window = [at for at in self._window if now - at < protocol.WINDOW_SECONDS]
        if len(self._window) < protocol.FRAMES_PER_WINDOW:
            self._window.append(now)
            self._excess = 0
            return False
        self._excess += 1
        if self._excess > protocol.WARNINGS_AT_MOST:
            raise Ended(protocol.RATE_LIMITED)
        return True
