"""The two subprotocols: the same frames as JSON texts, or as MessagePack in binary frames."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from domain.shared.errors import Invalid, Refusal
from entrypoints.http.decoding import inspect, object_in
from entrypoints.http.errors import MalformedJson

_TEXT, _BINARY = 0x81, 0x82


class MalformedFrame(Refusal):
    """Counted: ten of them close the connection."""

    code = "malformed_frame"
    title = "A frame is an object with a known type."


@dataclass(frozen=True, slots=True)
class Subprotocol:
    """``open`` reads a client's frame, or raises ``MalformedFrame``. Of the JSON body of an answer or event,
    ``payload`` makes what a WebSocket message carries and ``frame`` the whole unmasked WebSocket frame.
    """

    name: str
    is_binary: bool
    open: Callable[[bytes], dict[str, Any]]
    payload: Callable[[bytes], bytes]
    frame: Callable[[bytes], bytes]


def _open_json(payload: bytes) -> dict[str, Any]:
    try:
        return object_in(payload)
    except (MalformedJson, Invalid) as error:
        raise MalformedFrame(error.detail) from None


def _open_msgpack(payload: bytes) -> dict[str, Any]:
    try:
        value = msgspec.msgpack.decode(payload)
        inspect(value)
    except MalformedJson as error:
        raise MalformedFrame(error.detail) from None
    except (ValueError, RecursionError):
        raise MalformedFrame("The frame is not MessagePack, or nested too deep.") from None
    if not isinstance(value, dict):
        raise MalformedFrame("The frame must be an object.")
    return value


def _json_payload(body: bytes) -> bytes:
    return body


def _msgpack_payload(body: bytes) -> bytes:
    # By way of JSON, so that ids and times are the same texts in both.
    return msgspec.msgpack.encode(msgspec.json.decode(body))


def _json_frame(body: bytes) -> bytes:
    return _header(_TEXT, len(body)) + body


def _msgpack_frame(body: bytes) -> bytes:
    payload = _msgpack_payload(body)
    return _header(_BINARY, len(payload)) + payload


def _header(first: int, length: int) -> bytes:
    """RFC 6455, 5.2: one final frame, unmasked as a server's are."""
    if length < 126:
        return bytes((first, length))
    if length < 1 << 16:
        return struct.pack("!BBH", first, 126, length)
    return struct.pack("!BBQ", first, 127, length)


JSON = Subprotocol("sentinal.v1.json", False, _open_json, _json_payload, _json_frame)
MSGPACK = Subprotocol("sentinal.v1.msgpack", True, _open_msgpack, _msgpack_payload, _msgpack_frame)
SUBPROTOCOLS = {each.name: each for each in (JSON, MSGPACK)}


def chosen_of(offered: Sequence[str]) -> Subprotocol | None:
    """The first of a client's offers that is known."""
    return next((SUBPROTOCOLS[name] for name in offered if name in SUBPROTOCOLS), None)
