"""What the server says on a socket, and the codes it closes with."""

from typing import Any

import msgspec

from domain.shared.errors import Refusal
from entrypoints.http.errors import problem_of
from entrypoints.ws.server_frames import Ack, Error, Pong, Reconnect, Resumed, Welcome

HEARTBEAT_SECONDS = 25
FRAME_AT_MOST = 64 * 1024
AUTHENTICATE_WITHIN_SECONDS = 10.0
TOKEN_GRACE_SECONDS = 60.0
HELD_BACK_SECONDS = 1.0
MALFORMED_AT_MOST = 10
FRAMES_PER_WINDOW = 120
WINDOW_SECONDS = 10.0
WARNINGS_AT_MOST = 120
QUEUED_FRAMES_AT_MOST = 1000
QUEUED_BYTES_AT_MOST = 1024 * 1024

SLOW_CONSUMER = (4008, "slow_consumer")
MALFORMED = (4400, "malformed_frame")
UNAUTHENTICATED = (4401, "unauthenticated")
ORIGIN = (4403, "origin_not_allowed")
NO_SUBPROTOCOL = (4406, "subprotocol")
TOO_MANY = (4409, "too_many_connections")
RATE_LIMITED = (4429, "rate_limited")
UNSUPPORTED = (1003, "unsupported_data")
TOO_BIG = (1009, "too_big")
INTERNAL = (1011, "internal_error")
RESTART = (1012, "service_restart")


def ack(ref: str | None, result: Any) -> bytes:
    """The answer to a frame that was done."""
    return Ack(ref=ref, result=result).encoded()


def error(ref: str | None, refusal: Refusal, connection_id: str) -> bytes:
    """The answer to a frame that was refused: the same problem HTTP would give."""
    return Error(ref=ref, problem=problem_of(refusal, connection_id)).encoded()


def welcome(*, connection_id: str, user_id: Any, session_id: Any, epoch: str, server_time: str) -> bytes:
    """From here on, everything committed reaches this connection."""
    return Welcome(
        connection_id=connection_id,
        user_id=user_id,
        session_id=session_id,
        epoch=epoch,
        heartbeat_seconds=HEARTBEAT_SECONDS,
        server_time=server_time,
    ).encoded()


def pong(ref: str | None, server_time: str) -> bytes:
    return Pong(server_time=server_time, ref=ref or msgspec.UNSET).encoded()


def resumed(ref: str | None, conversations: int, events: int) -> bytes:
    """Everything asked for by ``resume`` has been said."""
    return Resumed(conversations=conversations, events=events, ref=ref or msgspec.UNSET).encoded()


def reconnect(after_ms: int) -> bytes:
    """The server is leaving; come back, to any other, after a while."""
    return Reconnect(after_ms=after_ms).encoded()
