"""The read side: rows for views, as one person may find them. Privacy and access are applied by who asks."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.contacts.contact import Contact
from domain.conversation.conversation import Conversation
from domain.conversation.participant import Participant, Role
from domain.identity.session import Session
from domain.identity.settings import Relation, Settings
from domain.identity.user import User
from domain.messaging.attachment import Attachment
from domain.messaging.content import MessageType
from domain.messaging.message import Message
from domain.messaging.reaction import Reaction, Tally
from domain.shared.ids import ConversationId, MessageId, SessionId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """An account with its settings: raw, before privacy. ``last_seen_at``: as the ``Mirror`` has it."""

    user: User
    settings: Settings
    last_seen_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """An account, and the hash that its password must match."""

    user_id: UserId
    password_hash: str
    deactivated_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a conversation shows of its newest message."""

    message_id: MessageId
    seq_id: int
    sender_id: UserId
    type: MessageType
    preview: str | None
    created_at: datetime
    deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One conversation as one participant has it. ``peer_id``: the other side of a direct conversation.

    ``receipts``: the lowest delivered and read cursors of the others; None where it was not asked for.
    """

    conversation: Conversation
    me: Participant
    peer_id: UserId | None
    unread_count: int
    last_message: Summary | None
    last_activity_at: datetime
    receipts: tuple[int, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryKey:
    """Where a page of conversations ended: pinned ones first (latest pin first), then latest activity."""

    pinned_at: datetime | None
    last_activity_at: datetime
    conversation_id: ConversationId


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberKey:
    """Where a page of members ended: by role, then by joining."""

    role: Role
    joined_at: datetime
    user_id: UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    """Messages in ascending order, and whether there are more on either side."""

    messages: list[Message]
    has_before: bool
    has_after: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a view of messages shows beside them: what they answer, carry and were given. ``origins`` are those of the
    messages they were forwarded from that the viewer can see too.
    """

    replied_to: dict[MessageId, Message] = field(default_factory=dict)
    attachments: dict[MessageId, tuple[Attachment, ...]] = field(default_factory=dict)
    reactions: dict[MessageId, tuple[Tally, ...]] = field(default_factory=dict)
    origins: frozenset[MessageId] = frozenset()


class Profiles(Protocol):
    """Promise: every account that exists, deactivated ones included, unknown ids left out. The hash of a
    password is not in it.
    """

    async def of(self, user_ids: Sequence[UserId]) -> dict[UserId, Profile]: ...


class Relations(Protocol):
    """Promise: a relation for every id asked for, also where neither saved nor blocked the other."""

    async def between(self, viewer: UserId, others: Sequence[UserId]) -> dict[UserId, Relation]: ...


class Directory(Protocol):
    """Promise: active people only. ``by_prefix`` compares the beginning of the username, or of the display name,
    without regard to case, every character taken literally, in the order of username, then id, exactly once over all pages; ``by_contact``
    finds who has exactly this e-mail address or phone number.
    """

    async def by_prefix(self, prefix: str, *, after: tuple[str, UserId] | None, limit: int) -> list[User]: ...

    async def by_contact(self, kind: str, value: str) -> User | None: ...


class Credentials(Protocol):
    """Promise: the account that has an identifier, without regard to case, or an id; deactivated ones included,
    erased ones not. For proving who somebody is, never for showing them.
    """

    async def by_identifier(self, kind: str, identifier: str) -> Credential | None: ...

    async def of(self, user_id: UserId) -> Credential | None: ...


class SessionReader(Protocol):
    """Promise: a session counts as live exactly until it is revoked or expires; what proves it and where it is
    used from (token hash, address, user agent) may be left out by ``find``. ``live_of`` lists those of one
    person that are live at ``now``, the most recently used first.
    """

    async def find(self, session_id: SessionId) -> Session | None: ...

    async def live_of(self, user_id: UserId, now: datetime) -> list[Session]: ...


class ContactReader(Protocol):
    """Promise: ``page`` lists whom somebody saved (``blocked`` None), saved and does not block (False), or blocks,
    saved or not (True), in the order of ``created_at``, then id, each exactly once over all pages.
    """

    async def page(
        self, user_id: UserId, *, blocked: bool | None, after: tuple[datetime, UserId] | None, limit: int
    ) -> list[Contact]: ...


class ConversationReader(Protocol):
    """Promise: ``page`` lists what ``user_id`` has and did not leave, pinned first, then by latest activity, each
    exactly once over all pages; ``entry`` is one of them, or None for who never took part or a closed group;
    ``heads`` are the revisions of conversations people take part in, by person, those left out who take part in none; ``left_among`` are those of some that
    somebody took part in and does no more, closed ones included; ``present`` are those of ``among`` who take
    part in a live one. ``unread`` is how many conversations have unread messages and how many those are, each counted
    at most 100, without the archived and the muted ones. A message that came since archiving while the conversation was
    not muted has undone it.
    """

    async def page(
        self,
        user_id: UserId,
        *,
        archived: bool,
        left: bool,
        after: EntryKey | None,
        limit: int,
        now: datetime,
    ) -> list[Entry]: ...

    async def entry(
        self, user_id: UserId, conversation_id: ConversationId, now: datetime
    ) -> Entry | None: ...

    async def membership(self, user_id: UserId, conversation_id: ConversationId) -> Participant | None: ...

    async def members(
        self, conversation_id: ConversationId, *, after: MemberKey | None, limit: int
    ) -> list[Participant]: ...

    async def unread(self, user_id: UserId, now: datetime) -> tuple[int, int]: ...

    async def heads(self, user_ids: Sequence[UserId]) -> dict[UserId, dict[ConversationId, int]]: ...

    async def left_among(
        self, user_id: UserId, conversation_ids: Sequence[ConversationId]
    ) -> set[ConversationId]: ...

    async def present(self, conversation_id: ConversationId, among: Sequence[UserId]) -> set[UserId]: ...

    async def heads_of(self, conversation_ids: Sequence[ConversationId]) -> dict[ConversationId, int]: ...


class MessageReader(Protocol):
    """Promise: only what the participant can see at ``now``: not hidden by them, not cleared, not expired, and up
    to where they left, be it since they were looked up; tombstones keep their place. At most one of before, after, around; ``around`` includes
    that sequence itself. ``find`` is one message with its viewer's place, which they may have left; ``surroundings``
    are what the viewer can see beside messages, at a number of reads that does not grow with theirs; ``reactions``
    are those to one message, of one code or all, in the order in which they were given, each exactly once over all
    pages.
    """

    async def find(
        self, user_id: UserId, message_id: MessageId, now: datetime
    ) -> tuple[Participant, Message] | None: ...

    async def surroundings(
        self, me: Participant, messages: Sequence[Message], now: datetime
    ) -> Surroundings: ...

    async def reactions(
        self,
        message_id: MessageId,
        *,
        reaction_code: str | None,
        after: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[Reaction]: ...

    async def page(
        self,
        me: Participant,
        *,
        before: int | None,
        after: int | None,
        around: int | None,
        limit: int,
        now: datetime,
    ) -> MessagePage: ...


class Redactions(Protocol):
    """Promise: ``pending`` are people who were erased and whose messages are still to be wiped."""

    async def pending(self) -> list[UserId]: ...


class Expirations(Protocol):
    """Promise: ``pending`` are messages that have expired at ``now`` and still say something, of one conversation, the
    earliest first; none when there are none.
    """

    async def pending(self, now: datetime, limit: int) -> list[Message]: ...


class Archive(Protocol):
    """Promise: ``everything`` yields what is stored about somebody, section by section, each section's rows one after
    the other, as one moment has it; nothing of it is anybody else's alone. Values are such as JSON knows.
    """

    def everything(self, user_id: UserId) -> AsyncGenerator[tuple[str, dict[str, Any]], None]: ...


class Epochs(Protocol):
    """Promise: the same text until the database may have gone back in time."""

    async def current(self) -> str: ...
