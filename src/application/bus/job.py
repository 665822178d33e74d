"""One command on its way through the bus, and what it comes to."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from application.bus.messages import Actor, Command, Outcome
from application.ports.command_log import LogEntry
from application.ports.events import Frame
from domain.shared.events import Event
from domain.shared.ids import CommandId, ConversationId


@dataclass(slots=True, kw_only=True)
class Job:
    """``key`` is the stored idempotency key; ``recorded`` the log's entry, in a replay."""

    command: Command[Any]
    registration: Any
    actor: Actor
    now: datetime
    id: CommandId
    key: str | None = None
    recorded: LogEntry | None = None
    outcome: "asyncio.Future[Outcome[Any]] | None" = None

    @property
    def place(self) -> ConversationId:
        """The conversation it is about; commands of one are done one after the other."""
        place: ConversationId = self.command.conversation_id  # type: ignore[attr-defined]
        return place

    @property
    def once(self) -> object | None:
        """Two with the same cannot be done together: the second is a repeat of the first."""
        client_id = getattr(self.command, "client_message_id", None)
        if client_id is not None:
            return self.actor.user_id, client_id
        return self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a handler came to before the commit: the result, and what becomes durable with it."""

    job: Job
    result: Any
    entry: LogEntry
    events: list[Event]
    frames: list[Frame]
