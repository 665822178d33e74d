"""What memory holds, and copies of it that nobody else sees."""

import asyncio
import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from application.ports.command_log import LogEntry
from application.ports.events import Frame
from domain.contacts.contact import Contact
from domain.conversation.conversation import Conversation
from domain.conversation.participant import Participant
from domain.identity.session import Session
from domain.identity.settings import Settings
from domain.identity.user import User
from domain.messaging.message import Message
from domain.messaging.receipt import ReceiptRange

T = TypeVar("T")


@dataclass(slots=True)
class MemoryStore:
    """Tables as dictionaries. ``turn`` is held by the one unit of work that is under way."""

    users: dict[UUID, User] = field(default_factory=dict)
    settings: dict[UUID, Settings] = field(default_factory=dict)
    sessions: dict[UUID, Session] = field(default_factory=dict)
    contacts: dict[tuple[UUID, UUID], Contact] = field(default_factory=dict)
    conversations: dict[UUID, Conversation] = field(default_factory=dict)
    participants: dict[tuple[UUID, UUID], Participant] = field(default_factory=dict)
    messages: dict[UUID, list[Message]] = field(default_factory=dict)
    ranges: list[ReceiptRange] = field(default_factory=list)
    outbox: dict[UUID, Frame] = field(default_factory=dict)
    processed: dict[UUID, datetime] = field(default_factory=dict)
    log: list[LogEntry] = field(default_factory=list)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def message(self, id: UUID) -> Message | None:
        return next((m for page in self.messages.values() for m in page if m.id == id), None)


def apart(thing: T) -> T:
    """A copy that shares nothing changeable, without what was recorded on it."""
    twin = copy.copy(thing)
    loose: Any = twin
    for name in ("events", "ranges"):
        if hasattr(loose, name):
            setattr(loose, name, [])
    return twin
