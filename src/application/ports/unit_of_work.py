"""One transaction, in the application's words."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from application.ports.command_log import LogEntry
from application.ports.events import Frame
from application.ports.repositories import (
    Attachments,
    Contacts,
    Conversations,
    Messages,
    Participants,
    Reactions,
    Sessions,
    Users,
)
from domain.shared.events import Event
from domain.shared.ids import UserId


class UnitOfWork(Protocol):
    """Promise: everything added, saved, appended and told becomes durable together by ``commit``, or not at all.

    ``events`` drains what the saved aggregates recorded, in the order in which they were saved; of several handlers
    that share the unit of work, each with an ``account``, what that one saved. Handlers find,
    change and save; the bus alone commits. ``forget_person`` takes, at commit, what is personal of somebody from the log
    (commands they gave or that were about their account, and kept answers) and from events for their devices.
    """

    @property
    def users(self) -> Users: ...

    @property
    def sessions(self) -> Sessions: ...

    @property
    def contacts(self) -> Contacts: ...

    @property
    def conversations(self) -> Conversations: ...

    @property
    def participants(self) -> Participants: ...

    @property
    def messages(self) -> Messages: ...

    @property
    def attachments(self) -> Attachments: ...

    @property
    def reactions(self) -> Reactions: ...

    def forget_person(self, user_id: UserId) -> None: ...

    def events(self) -> list[Event]: ...

    async def commit(self, entries: Sequence[LogEntry], frames: Sequence[Frame]) -> None: ...


class UnitsOfWork(Protocol):
    """Promise: leaving the context without ``commit`` leaves nothing behind."""

    def open(self) -> AbstractAsyncContextManager[UnitOfWork]: ...
