"""Clients that cost next to nothing, so that a load maker measures the server: WebSocket and HTTP/1.1 by hand.

A client must mask its frames; the mask is four zeros, which leaves them as they are.
"""

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

HANDSHAKE = (
    "GET /v1/realtime HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: YmVuY2htYXJrcyBvZiB1cw==\r\n"
    "Sec-WebSocket-Protocol: sentinal.v1.json\r\nAuthorization: Bearer {token}\r\n\r\n"
)
UNMASKED = b"\0\0\0\0"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Wire(asyncio.Protocol):
    """One WebSocket. ``heard`` gets each text frame; ``closed`` is done, with the close code, when it is over."""

    def __init__(self, host: str, token: str, heard: Callable[[bytes], None]) -> None:
        self.closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._greeting = HANDSHAKE.format(host=host, token=token).encode()
        self._heard = heard
        self._rest = b""
        self._open = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self._greeting)

    def send(self, frame: bytes, kind: int = TEXT) -> None:
        size = len(frame)
        head = bytes([128 | kind, 128 | size]) if size < 126 else bytes([128 | kind, 254]) + size.to_bytes(2)
        self.transport.write(head + UNMASKED + frame)

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        at = 0
        if not self._open:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._rest = data
                return
            if not data.startswith(b"HTTP/1.1 101"):
                raise ConnectionError(data[:200].decode(errors="replace"))
            self._open, at = True, end + 4
        total = len(data)
        while total - at >= 2:
            size, start = data[at + 1], at + 2
            if size == 126:
                start, size = at + 4, int.from_bytes(data[at + 2 : at + 4])
            elif size == 127:
                start, size = at + 10, int.from_bytes(data[at + 2 : at + 10])
            if total < start + size:
                break
            self._take(data[at] & 15, data[start : start + size])
            at = start + size
        self._rest = data[at:]

    def _take(self, kind: int, body: bytes) -> None:
        if kind == TEXT:
            self._heard(body)
        elif kind == PING:
            self.send(body, PONG)
        elif kind == CLOSE:
            if not self.closed.done():
                self.closed.set_result(int.from_bytes(body[:2]))
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(1006)


class Requests(asyncio.Protocol):
    """One kept-alive HTTP connection; ``answered`` gets the status of each answer, in order."""

    def __init__(self, answered: Callable[[int], None]) -> None:
        self._answered = answered
        self._rest = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        while (end := data.find(b"\r\n\r\n")) >= 0:
            head = data[:end].lower()
            mark = head.find(b"content-length: ")
            size = int(head[mark + 16 :].split(b"\r", 1)[0]) if mark >= 0 else 0
            if len(data) < end + 4 + size:
                break
            data = data[end + 4 + size :]
            self._answered(int(head[9:12]))
        self._rest = data


def host_of(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 80


async def open_wire(url: str, token: str, heard: Callable[[bytes], None]) -> Wire:
    """A socket whose upgrade is on its way; the first frame heard is the welcome."""
    host, port = host_of(url)
    loop = asyncio.get_running_loop()
    _, wire = await loop.create_connection(lambda: Wire(f"{host}:{port}", token, heard), host, port)
    return wire
