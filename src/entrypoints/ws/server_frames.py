"""What the server says on a socket besides events, as types: they are encoded from these, and documented from these."""

from typing import Any

import msgspec

from application.views import Moment
from domain.shared.ids import SessionId, UserId
from entrypoints.http.errors import Problem


class Said(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """A frame of the server's own; ``type`` is the tag."""

    def encoded(self) -> bytes:
        return msgspec.json.encode(self)


class Welcome(Said, frozen=True, kw_only=True, tag="welcome"):
    """From here on, everything committed reaches this connection."""

    connection_id: str
    user_id: UserId
    session_id: SessionId
    epoch: str
    heartbeat_seconds: int
    server_time: Moment


class Ack(Said, frozen=True, kw_only=True, tag="ack"):
    """A frame was done. ``result`` is what it results in."""

    ref: str | None
    result: Any


class Error(Said, frozen=True, kw_only=True, tag="error"):
    """A frame was refused: the problem that HTTP would answer, its ``instance`` the connection's id."""

    ref: str | None
    problem: Problem


class Pong(Said, frozen=True, kw_only=True, tag="pong"):
    """The answer to ``ping``."""

    server_time: Moment
    ref: str | msgspec.UnsetType = msgspec.UNSET


class Resumed(Said, frozen=True, kw_only=True, tag="resumed"):
    """Everything asked for by ``resume`` has been said: of how many conversations, and how many events."""

    conversations: int
    events: int
    ref: str | msgspec.UnsetType = msgspec.UNSET


class Reconnect(Said, frozen=True, kw_only=True, tag="reconnect"):
    """The server is leaving; come back, to any other, after a while."""

    after_ms: int
