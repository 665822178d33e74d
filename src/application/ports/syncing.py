"""Catching up after having been away: what has changed since, by numbers and never by time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from application.ports.readers import Entry
from domain.messaging.message import Message
from domain.messaging.receipt import DeliveryStatus
from domain.shared.ids import ConversationId, MessageId, UserId


@dataclass(frozen=True, slots=True)
class Known:
    """How far somebody knows a conversation: its revision, and that of their own changes there."""

    revision: int
    my_revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """One page of what changed in a conversation. ``until`` is what to pass for the next one.

    One's own changes are said on every page and done with on the last: applied after the messages of a page, they stand.
    They are said too where a message expired unseen: it may have been one's own, or have undone archiving.

    ``messages`` are in the order of their revisions, ``hidden`` in that of being hidden.
    """

    messages: list[Message]
    members_changed: bool
    info_changed: bool
    me_changed: bool
    hidden: list[MessageId]
    until: Known
    has_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a conversation stands that is not as somebody knows it."""

    conversation_id: ConversationId
    at: Known
    last_sequence: int
    unread_count: int


@dataclass(frozen=True, slots=True)
class ArrivalKey:
    """Where a page of what somebody has joined ended."""

    arrival: int
    conversation_id: ConversationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """How far one message has come with one person."""

    user_id: UserId
    status: DeliveryStatus
    delivered_at: datetime | None
    read_at: datetime | None
    updated_at: datetime


class SyncReader(Protocol):
    """Promise: whoever applies page after page, until there are no more, has what somebody finds who asks for everything.

    ``changes``: the latest state of each message that changed since, those no longer to be seen left out; whoever left gets
    none from after that point, each change once, and who never took part gets None. ``standings``: of the conversations somebody knows, where those stand that are not as
    they know them, and which are theirs no longer, or never were. ``joined``: what they have, in the order of arrival;
    whatever is joined after a page was read comes after that page's end.
    """

    async def changes(
        self, user_id: UserId, conversation_id: ConversationId, since: Known, *, limit: int, now: datetime
    ) -> Changes | None: ...

    async def standings(
        self, user_id: UserId, known: Mapping[ConversationId, Known], now: datetime
    ) -> tuple[list[Standing], list[ConversationId]]: ...

    async def joined(
        self, user_id: UserId, *, after: ArrivalKey | None, limit: int, now: datetime
    ) -> list[tuple[Entry, ArrivalKey]]: ...


class ReceiptReader(Protocol):
    """Promise: ``page`` has one receipt for each
    participant besides its sender who was a member when it was sent, by id, each once over all pages; ``counts`` are how
    many of all of them received it (read or not), and read it. Nothing crosses a block between viewer and participant: it reads SENT. Without ``reads``, READ reads DELIVERED.
    """

    async def page(
        self,
        message: Message,
        viewer: UserId,
        *,
        reads: bool,
        statuses: Sequence[DeliveryStatus],
        after: UserId | None,
        limit: int,
    ) -> list[Receipt]: ...

    async def counts(self, message: Message, viewer: UserId, *, reads: bool) -> tuple[int, int]: ...
