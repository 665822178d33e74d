"""As much of an HTTP client as the load generator needs: JSON both ways, over kept-alive connections.

It stands on httptools, which the server parses with, so that nothing more has to be installed.
"""

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httptools
import msgspec

WITHIN_SECONDS = 30.0


class ServerUnreachable(Exception):
    """Nobody answers there, or what answers is no Sentinal Chat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: the problem, where ``status`` is 400 or more."""

    status: int
    body: Any

    @property
    def code(self) -> str:
        """The problem's code, or the status where there is none."""
        return str(self.body.get("code", self.status)) if isinstance(self.body, dict) else str(self.status)


@dataclass(slots=True)
class _Reading:
    """What httptools calls while it reads a response."""

    parts: list[bytes] = field(default_factory=list)
    is_done: bool = False

    def on_body(self, body: bytes) -> None:
        self.parts.append(body)

    def on_message_complete(self) -> None:
        self.is_done = True


class Requests:
    """Asks one server; as many connections as there are requests under way, each used again."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ServerUnreachable(f"{url} is no http:// or https:// address.")
        self.url = url.rstrip("/")
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._host = parts.hostname
        self._port = parts.port or (443 if self._tls else 80)
        self._prefix = parts.path.rstrip("/")
        self._head = f" HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, path: str, body: Any, token: str | None = None) -> Answer:
        """Raises ``ServerUnreachable``; refusals are answers."""
        return await self._ask("POST", path, msgspec.json.encode(body), token)

    async def get(self, path: str, token: str | None = None) -> Answer:
        return await self._ask("GET", path, b"", token)

    async def close(self) -> None:
        while self._idle:
            self._idle.pop()[1].close()

    async def _ask(self, method: str, path: str, body: bytes, token: str | None) -> Answer:
        authorization = f"Authorization: Bearer {token}\r\n" if token else ""
        head = f"{method} {self._prefix}{path}{self._head}{authorization}Content-Length: {len(body)}\r\n\r\n"
        try:
            async with asyncio.timeout(WITHIN_SECONDS):
                return await self._exchange(head.encode() + body)
        except (OSError, EOFError, httptools.HttpParserError) as error:
            raise ServerUnreachable(f"{self.url} cannot be reached: {error or 'no answer'}.") from error

    async def _exchange(self, request: bytes) -> Answer:
        reader, writer = self._idle.pop() if self._idle else await self._connect()
        reading = _Reading()
        parser = httptools.HttpResponseParser(reading)
        try:
            writer.write(request)
            while not reading.is_done:
                data = await reader.read(64 * 1024)
                if not data:
                    raise EOFError("the connection was closed")
                parser.feed_data(data)
        except BaseException:
            writer.close()
            raise
        if parser.should_keep_alive():
            self._idle.append((reader, writer))
        else:
            writer.close()
        return Answer(status=parser.get_status_code(), body=_decoded(b"".join(reading.parts)))

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._host, self._port, ssl=self._tls)


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body) if body else None
    except msgspec.DecodeError:
        return None
