"""What a unit of work holds: the aggregates, found and saved.

What they share: what is found twice is the same object; what was added or saved is found again in the same unit
of work, and by others only after its commit; ``find`` may return None. Changing an object without ``save``
stores nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.contacts.contact import Contact
from domain.conversation.conversation import Conversation
from domain.conversation.participant import Participant
from domain.identity.session import Session
from domain.identity.settings import Settings
from domain.identity.user import User
from domain.messaging.attachment import Attachment
from domain.messaging.message import Message, NewMessage
from domain.messaging.reaction import Reaction, Tally
from domain.shared.ids import AttachmentId, ClientMessageId, ConversationId, MessageId, SessionId, UserId


class Users(Protocol):
    """Promise: identifiers are unique without regard to case; a second one raises ``IdentifierTaken`` naming it
    at commit. ``lock`` keeps others from changing the account and its settings until the unit of work ends; both are
    then current. ``hold`` does so for several, in the order of their ids, for those who do not change them themselves.
    """

    def add(self, user: User, settings: Settings) -> None: ...

    def save(self, user: User) -> None: ...

    async def find(self, user_id: UserId) -> User | None: ...

    async def lock(self, user_id: UserId) -> User | None: ...

    async def hold(self, user_ids: Sequence[UserId]) -> dict[UserId, User]: ...

    async def find_by_identifier(self, kind: str, identifier: str) -> User | None: ...

    async def find_many(self, user_ids: Sequence[UserId]) -> dict[UserId, User]: ...

    def save_settings(self, settings: Settings) -> None: ...

    async def settings_of(self, user_ids: Sequence[UserId]) -> dict[UserId, Settings]: ...


class Sessions(Protocol):
    """Promise: ``lock``, ``lock_all_live`` and ``lock_all`` keep others from changing what they return until the
    unit of work ends; ``lock_all`` returns those that have ended too. A person has one live session per device: a second raises ``Collision`` at commit.
    """

    def add(self, session: Session) -> None: ...

    def save(self, session: Session) -> None: ...

    async def lock(self, session_id: SessionId) -> Session | None: ...

    async def lock_all_live(self, user_id: UserId) -> list[Session]: ...

    async def lock_all(self, user_id: UserId) -> list[Session]: ...


class Contacts(Protocol):
    """Promise: one row per ordered pair of people; saving one that says nothing removes it. ``lock`` keeps others
    from changing what ``user_id`` has said of anybody until the unit of work ends, also where there is no row.
    """

    def save(self, contact: Contact) -> None: ...

    async def lock(self, user_id: UserId, contact_user_id: UserId) -> Contact | None: ...

    async def find(self, user_id: UserId, contact_user_id: UserId) -> Contact | None: ...

    async def of(self, user_id: UserId) -> list[Contact]:
        """Everything ``user_id`` has said of anybody."""
        ...

    async def touching(self, user_id: UserId, others: Sequence[UserId]) -> list[Contact]:
        """The rows between ``user_id`` and each of ``others``, in both directions."""
        ...


class Conversations(Protocol):
    """Promise: ``lock`` waits until no other unit of work holds the conversation, and keeps it until this one
    ends; the counters it returns are current. Several are locked in the order of their ids. One direct
    conversation per pair: a second raises ``Collision`` at commit. ``get`` raises ``ConversationNotFound``.
    """

    def add(self, conversation: Conversation) -> None: ...

    def save(self, conversation: Conversation) -> None: ...

    async def lock(self, conversation_id: ConversationId) -> Conversation | None: ...

    async def get(self, conversation_id: ConversationId) -> Conversation: ...

    async def find_direct(self, direct_key: str) -> Conversation | None: ...


class Participants(Protocol):
    """Promise: those who left are found too. ``save`` stores the receipt ranges recorded since, one row each.
    ``get`` raises ``ConversationNotFound``. ``groups_of`` are the live groups somebody takes part in, in the order
    of their ids; ``heir`` is who has been there longest besides somebody, an administrator before a member, and
    whose account is deactivated after everybody else; ``pinned`` is how many live conversations somebody takes part in and has pinned. A message that came since archiving while the
    conversation was not muted has undone it, as anybody finds it.
    """

    def add(self, participant: Participant) -> None: ...

    def save(self, participant: Participant) -> None: ...

    async def find(self, conversation_id: ConversationId, user_id: UserId) -> Participant | None: ...

    async def get(self, conversation_id: ConversationId, user_id: UserId) -> Participant: ...

    async def groups_of(self, user_id: UserId) -> list[ConversationId]: ...

    async def heir(self, conversation_id: ConversationId, besides: UserId) -> Participant | None: ...

    async def pinned(self, user_id: UserId) -> int: ...


class Messages(Protocol):
    """Promise: ``append`` gives the next sequence and revision of its conversation, which must be locked, and
    keeps the conversation's summary; numbers of a unit of work that does not commit are never seen. A second
    message of one sender and client id raises ``Collision`` at commit. ``save`` puts another state of a message in
    its place, in the summary too; ``wipe`` a tombstone, and takes what it said from everywhere else it is kept:
    events, the log, kept answers, previews of replies to it, reactions, attachments. ``place_of`` is where a message is,
    and remembers nothing, so that what ``find`` returns after locking that place is current. ``seen_by`` are those of
    some messages that somebody can see at ``now``, taking part or not any more; ``hide`` leaves one out for one person.
    ``undeleted_by`` are messages of a sender that are no tombstones yet,
    of one conversation, the earliest first.
    """

    async def append(self, message: NewMessage) -> Message: ...

    def save(self, message: Message) -> None: ...

    def wipe(self, tombstone: Message) -> None: ...

    def hide(self, message: Message, user_id: UserId, my_revision: int) -> None: ...

    async def place_of(self, message_id: MessageId) -> ConversationId | None: ...

    async def seen_by(
        self, user_id: UserId, message_ids: Sequence[MessageId], now: datetime
    ) -> set[MessageId]: ...

    async def find(self, message_id: MessageId) -> Message | None: ...

    async def find_many(self, message_ids: Sequence[MessageId]) -> dict[MessageId, Message]: ...

    async def undeleted_by(self, sender_id: UserId, limit: int) -> list[Message]: ...

    async def find_by_client_id(
        self, sender_id: UserId, client_message_id: ClientMessageId
    ) -> Message | None: ...

    async def unread(self, participant: Participant, now: datetime) -> int:
        """Messages visible at ``now`` after the read cursor, of others, not SYSTEM, not deleted; 100 means more
        than 99. What this unit of work hides is not counted any more.
        """
        ...


class Attachments(Protocol):
    """Promise: ``find_many`` are those that exist, also unfinished and deleted ones, and stay as they are until the unit
    of work ends. ``attach`` makes a message carry some, in that order; ``carried_by`` are what messages carry, in
    that order.
    """

    async def find_many(self, ids: Sequence[AttachmentId]) -> dict[AttachmentId, Attachment]: ...

    def attach(self, message_id: MessageId, ids: Sequence[AttachmentId]) -> None: ...

    async def carried_by(
        self, message_ids: Sequence[MessageId]
    ) -> dict[MessageId, tuple[Attachment, ...]]: ...


class Reactions(Protocol):
    """Promise: one per message, person and code; removing one that is not there changes nothing. ``tallies`` count
    them per message and code, the code that came first first, and know which are of ``viewer``.
    """

    def add(self, reaction: Reaction) -> None: ...

    def remove(self, message_id: MessageId, user_id: UserId, reaction_code: str) -> None: ...

    async def tallies(
        self, message_ids: Sequence[MessageId], viewer: UserId
    ) -> dict[MessageId, tuple[Tally, ...]]: ...
