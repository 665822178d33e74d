"""Page cursors: opaque to clients, and worthless when tampered with."""

import base64
import binascii
import hmac
from typing import Any, Protocol, TypeVar

import msgspec

from domain.shared.errors import Refusal

T = TypeVar("T")


class InvalidCursor(Refusal):
    """A cursor this server did not make, or made for another list."""

    code = "invalid_cursor"
    title = "The cursor is not one that this list gave out."


class Keyed(Protocol):
    """Anything that can hash with a key of the server's."""

    def of(self, body: bytes) -> bytes: ...


class Cursors:
    """Seals and opens the place where a page ended. ``list_name`` keeps one list's cursors out of another."""

    def __init__(self, hashes: Keyed) -> None:
        self._hashes = hashes

    def seal(self, list_name: str, place: Any) -> str:
        body = msgspec.json.encode(place)
        return base64.urlsafe_b64encode(self._mark(list_name, body) + body).decode().rstrip("=")

    def open(self, list_name: str, cursor: str | None, kind: type[T]) -> T | None:
        """The place, or None where there is no cursor. Raises ``InvalidCursor``."""
        if cursor is None:
            return None
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise InvalidCursor(pointer="/cursor") from None
        mark, body = raw[:16], raw[16:]
        if not hmac.compare_digest(mark, self._mark(list_name, body)):
            raise InvalidCursor(pointer="/cursor")
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.ValidationError:
            # Of an earlier version of the program, which ended its pages elsewhere.
            raise InvalidCursor(pointer="/cursor") from None

    def _mark(self, list_name: str, body: bytes) -> bytes:
        return self._hashes.of(b"cursor\0" + list_name.encode() + b"\0" + body)[:16]
