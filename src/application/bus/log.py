"""How a command becomes a row of the log, and an idempotency key an answer that is given again."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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


def payload_of(command: Command[Any]) -> bytes:
    """The command as JSON, each secret replaced by null."""
    secrets = frozenset(secret_fields(type(command)))
    if not secrets:
        return _encoder.encode(command)
    fields = msgspec.structs.asdict(command)
    return _encoder.encode({name: None if name in secrets else value for name, value in fields.items()})


def entry_of(
    command: Command[Any],
    actor: Actor,
    id: CommandId,
    at: datetime,
    *,
    refused: str | None = None,
    key: str | None = None,
    result: Any = None,
) -> LogEntry:
    """The row that records ``command``; with ``key``, also its ``result`` for whoever repeats it."""
    payload = payload_of(command)
    return LogEntry(
        id=id,
        actor_id=actor.user_id,
        session_id=actor.session_id,
        name=type(command).__name__,
        payload=payload,
        at=at,
        subject_id=getattr(command, "message_id", None),
        refused=refused,
        idempotency_key=key,
        fingerprint=hashlib.sha256(payload).digest() if key else None,
        result=_encoder.encode(result) if key else None,
    )
