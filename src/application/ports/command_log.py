"""The record of every command: who asked what, when, and how it ended."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.shared.ids import CommandId, SessionId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """``payload`` is the command as JSON without its secrets; ``refused`` the code of the refusal, if any;
    ``result`` the kept answer of a command that came with an idempotency key; ``subject_id`` the message or account
    it is about.
    """

    id: CommandId
    actor_id: UserId | None
    session_id: SessionId | None
    name: str
    payload: bytes
    at: datetime
    subject_id: UUID | None = None
    refused: str | None = None
    idempotency_key: str | None = None
    fingerprint: bytes | None = None
    result: bytes | None = None


class CommandLog(Protocol):
    """Promise: ``accepted`` yields the entries of units of work that committed, in the order in which they took
    effect; ``answer`` finds the one kept under a key, no older than ``not_before``; ``note`` keeps a refusal in a
    transaction of its own. Committing two entries with one key raises ``Collision``.
    """

    async def answer(self, idempotency_key: str, not_before: datetime) -> LogEntry | None: ...

    async def note(self, entry: LogEntry) -> None: ...

    def accepted(self) -> AsyncIterator[LogEntry]: ...

    async def forget_answers(self, before: datetime) -> int: ...
