"""How conversations, memberships and the list of them look from outside."""

from dataclasses import replace

import msgspec

from application.identity.views import UserView
from application.ports.readers import Entry, Summary
from application.views import Moment
from domain.conversation.conversation import Conversation, ConversationType, PostPolicy
from domain.conversation.participant import Participant, Role
from domain.messaging.content import MessageType, preview
from domain.messaging.message import Message
from domain.shared.ids import ConversationId, MessageId, UserId
from domain.shared.values import moment

RECEIPTS_UP_TO_MEMBERS = 256


class Participation(msgspec.Struct, frozen=True, kw_only=True):
    """My own place in a conversation. ``unread_count`` 100 means more than 99."""

    role: Role
    joined_at: Moment
    left_at: Moment | None
    muted_until: Moment | None
    pinned_at: Moment | None
    archived: bool
    silenced_until: Moment | None
    last_read_sequence: int
    last_delivered_sequence: int
    cleared_through_sequence: int
    unread_count: int
    my_revision: int

    @classmethod
    def of(cls, me: Participant, unread_count: int) -> "Participation":
        return cls(
            role=me.role,
            joined_at=moment(me.joined_at),
            left_at=moment(me.left_at) if me.left_at else None,
            muted_until=moment(me.muted_until) if me.muted_until else None,
            pinned_at=moment(me.pinned_at) if me.pinned_at else None,
            archived=me.archived,
            silenced_until=moment(me.silenced_until) if me.silenced_until else None,
            last_read_sequence=me.last_read_sequence,
            last_delivered_sequence=me.last_delivered_sequence,
            cleared_through_sequence=me.cleared_through_sequence,
            unread_count=unread_count,
            my_revision=me.my_revision,
        )


class Receipts(msgspec.Struct, frozen=True, kw_only=True):
    """The lowest cursors of the others: what everybody has received, and what everybody has read."""

    delivered_up_to: int
    read_up_to: int


class ConversationView(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation. ``peer`` and ``me`` are null where the same view goes to several people."""

    id: ConversationId
    type: ConversationType
    subject: str | None
    description: str | None
    avatar_url: str | None
    expiry_seconds: int | None
    post_policy: PostPolicy
    created_by: UserId | None
    created_at: Moment
    updated_at: Moment
    member_count: int
    last_sequence: int
    revision: int
    peer: UserView | None = None
    me: Participation | None = None
    receipts: Receipts | None = None

    @classmethod
    def of(
        cls,
        conversation: Conversation,
        *,
        peer: UserView | None = None,
        me: Participation | None = None,
        receipts: Receipts | None = None,
    ) -> "ConversationView":
        return cls(
            id=conversation.id,
            type=conversation.type,
            subject=conversation.subject,
            description=conversation.description,
            avatar_url=conversation.avatar_url,
            expiry_seconds=conversation.expiry_seconds,
            post_policy=conversation.post_policy,
            created_by=conversation.created_by,
            created_at=moment(conversation.created_at),
            updated_at=moment(conversation.updated_at),
            member_count=conversation.member_count,
            last_sequence=conversation.last_sequence,
            revision=conversation.revision,
            peer=peer,
            me=me,
            receipts=receipts,
        )

    @classmethod
    def of_entry(cls, entry: Entry, peer: UserView | None, *, with_reads: bool) -> "ConversationView":
        """As its participant has it; without reads, what was read shows as delivered. Who has left goes on seeing it
        as it was then.
        """
        if entry.me.has_left:
            return cls.of(_as_left(entry), me=Participation.of(entry.me, 0))
        receipts = (
            None
            if entry.receipts is None
            else Receipts(
                delivered_up_to=entry.receipts[0], read_up_to=entry.receipts[1] if with_reads else 0
            )
        )
        return cls.of(
            entry.conversation,
            peer=peer,
            me=Participation.of(entry.me, entry.unread_count),
            receipts=receipts,
        )


class ConversationInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What its members can change of a conversation: what the entity tag is of, so that news does not change it."""

    subject: str | None
    description: str | None
    avatar_url: str | None
    expiry_seconds: int | None
    post_policy: PostPolicy

    @classmethod
    def of(cls, conversation: Conversation | ConversationView) -> "ConversationInfo":
        return cls(
            subject=conversation.subject,
            description=conversation.description,
            avatar_url=conversation.avatar_url,
            expiry_seconds=conversation.expiry_seconds,
            post_policy=conversation.post_policy,
        )


class LastMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The newest message of a conversation, as its list shows it."""

    id: MessageId
    seq_id: int
    sender_id: UserId
    type: MessageType
    preview: str | None
    created_at: Moment
    deleted: bool

    @classmethod
    def of(cls, summary: Summary) -> "LastMessage":
        return cls(
            id=summary.message_id,
            seq_id=summary.seq_id,
            sender_id=summary.sender_id,
            type=summary.type,
            preview=summary.preview,
            created_at=moment(summary.created_at),
            deleted=summary.deleted,
        )

    @classmethod
    def of_message(cls, message: Message) -> "LastMessage":
        return cls(
            id=message.id,
            seq_id=message.seq_id,
            sender_id=message.sender_id,
            type=message.type,
            preview=preview(message.content),
            created_at=moment(message.created_at),
            deleted=message.deleted_at is not None,
        )


class ListEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One row of somebody's conversation list."""

    conversation: ConversationView
    last_message: LastMessage | None
    unread_count: int
    last_activity_at: Moment


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in a conversation, as another member may see them."""

    user: UserView
    role: Role
    joined_at: Moment
    added_by: UserId | None
    silenced_until: Moment | None


def _as_left(entry: Entry) -> Conversation:
    """The conversation as it was when its former member left: nothing in it tells what came after."""
    me = entry.me
    info = me.left_snapshot or {}
    return replace(
        entry.conversation,
        **{**info, "post_policy": PostPolicy(info.get("post_policy", entry.conversation.post_policy))},
        last_sequence=me.left_sequence or 0,
        revision=me.revision,
        updated_at=me.left_at or entry.conversation.updated_at,
    )
