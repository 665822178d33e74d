"""How a command becomes a row of the log, and an idempotency key an answer that is given again."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from application.bus.messages import Actor, Command, secret_fields
from application.ports.command_log import LogEntry
from domain.shared.ids import CommandId

_encoder = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A client's idempotency key with what it is scoped to: ``place`` is the method and path, or frame type."""

    value: str
    place: str

    def of(self, actor: Actor) -> str:
        """The key as stored: a digest, so that its length and content do not matter."""
        text = f"{actor.user_id}\n{self.place}\n{self.value}"
        return hashlib.sha256(text.encode()).hexdigest()


def payload_of(command: Command[Any], *, without: Iterable[str] = ()) -> bytes:
    """The command as JSON, each secret, and each field of ``without``, replaced by null."""
    secrets = frozenset((*secret_fields(type(command)), *without))
    if not secrets:
        return _encoder.encode(command)
    fields = msgspec.structs.asdict(command)
    return _encoder.encode(
        {
            name: None if name in secrets else value
            for name, value in fields.items()
            if value is not msgspec.UNSET
        }
    )


def entry_of(
    command: Command[Any],
    actor: Actor,
    id: CommandId,
    at: datetime,
    *,
    refused: str | None = None,
    key: str | None = None,
    result: Any = None,
    subject_id: UUID | None = None,
    as_done: Command[Any] | None = None,
) -> LogEntry:
    """The row that records ``command``, or it ``as_done``; with ``key``, also its ``result`` for whoever repeats it.

    Of what was refused it keeps nothing personal, for a mistyped identifier may be a password, and no words: nobody could
    take them back.
    """
    payload = payload_of(as_done or command, without=_untold(type(command)) if refused else ())
    return LogEntry(
        id=id,
        actor_id=actor.user_id,
        session_id=actor.session_id,
        name=type(command).__name__,
        payload=payload,
        at=at,
        subject_id=subject_id or getattr(command, "message_id", None),
        refused=refused,
        idempotency_key=key,
        fingerprint=hashlib.sha256(payload_of(command)).digest() if key else None,
        result=_encoder.encode(result) if key else None,
    )


def _untold(kind: type[Command[Any]]) -> tuple[str, ...]:
    return (*kind.personal, *kind.words)
