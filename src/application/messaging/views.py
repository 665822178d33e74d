"""How messages look from outside."""

from collections.abc import Sequence
from typing import Any

import msgspec

from application.identity.views import UserView
from application.ports.readers import Surroundings
from application.views import Moment
from domain.messaging import attachment
from domain.messaging.content import MessageType, preview
from domain.messaging.message import Message
from domain.messaging.reaction import Tally
from domain.shared.ids import AttachmentId, ClientMessageId, ConversationId, MessageId, UserId
from domain.shared.values import moment


class ReplyPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a reply shows of the message it answers: at most 140 characters, nothing once that is deleted."""

    id: MessageId
    sender_id: UserId
    type: MessageType
    content: str | None
    deleted: bool

    @classmethod
    def of(cls, message: Message) -> "ReplyPreview":
        deleted = message.deleted_at is not None
        return cls(
            id=message.id,
            sender_id=message.sender_id,
            type=message.type,
            content=None if deleted else preview(message.content),
            deleted=deleted,
        )


class Reaction(msgspec.Struct, frozen=True, kw_only=True):
    """How many people reacted with a code, and whether the viewer did (null where many people view it)."""

    reaction_code: str
    count: int
    mine: bool | None = None

    @classmethod
    def of(cls, tally: Tally, *, with_mine: bool) -> "Reaction":
        return cls(
            reaction_code=tally.reaction_code, count=tally.count, mine=tally.mine if with_mine else None
        )


class Reacted(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's reaction, as another may see them."""

    user: UserView
    reaction_code: str
    created_at: Moment


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a message carries; addresses are this server's own."""

    id: AttachmentId
    filename: str | None
    mime_type: str
    size_bytes: int
    url: str
    created_at: Moment
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    thumbnail_url: str | None = None

    @classmethod
    def of(cls, carried: attachment.Attachment) -> "Attachment":
        return cls(
            id=carried.id,
            filename=carried.filename,
            mime_type=carried.mime_type,
            size_bytes=carried.size_bytes,
            url=f"/v1/attachments/{carried.id}/content",
            created_at=moment(carried.created_at),
            width=carried.width,
            height=carried.height,
            duration_ms=carried.duration_ms,
        )


class MessageView(msgspec.Struct, frozen=True, kw_only=True):
    """A message. A tombstone (``deleted_at``) keeps its place and nothing else."""

    id: MessageId
    conversation_id: ConversationId
    sender_id: UserId
    seq_id: int
    revision: int
    type: MessageType
    content: str | None
    metadata: dict[str, Any] | None
    client_message_id: ClientMessageId | None
    reply_to: ReplyPreview | None
    reply_to_msg_id: MessageId | None
    is_forwarded: bool
    forwarded_from_msg_id: MessageId | None
    attachments: list[Attachment]
    reactions: list[Reaction]
    created_at: Moment
    edited_at: Moment | None
    deleted_at: Moment | None
    expires_at: Moment | None

    @classmethod
    def of(
        cls,
        message: Message,
        reply_to: Message | None = None,
        attachments: Sequence[attachment.Attachment] = (),
        reactions: Sequence[Tally] = (),
    ) -> "MessageView":
        """As everybody in the conversation may see it."""
        return cls(
            id=message.id,
            conversation_id=message.conversation_id,
            sender_id=message.sender_id,
            seq_id=message.seq_id,
            revision=message.revision,
            type=message.type,
            content=message.content,
            metadata=message.metadata,
            client_message_id=message.client_message_id,
            reply_to=ReplyPreview.of(reply_to) if reply_to else None,
            reply_to_msg_id=message.reply_to_msg_id,
            is_forwarded=message.is_forwarded,
            forwarded_from_msg_id=None,
            attachments=[Attachment.of(each) for each in attachments],
            reactions=[Reaction.of(tally, with_mine=False) for tally in reactions],
            created_at=moment(message.created_at),
            edited_at=moment(message.edited_at) if message.edited_at else None,
            deleted_at=moment(message.deleted_at) if message.deleted_at else None,
            expires_at=moment(message.expires_at) if message.expires_at else None,
        )

    @classmethod
    def as_seen(cls, message: Message, beside: Surroundings) -> "MessageView":
        """As the one viewer sees it to whom the surroundings belong."""
        answered, origin = message.reply_to_msg_id, message.forwarded_from_msg_id
        view = cls.of(
            message,
            None if answered is None else beside.replied_to.get(answered),
            beside.attachments.get(message.id, ()),
        )
        return msgspec.structs.replace(
            view,
            forwarded_from_msg_id=origin if origin in beside.origins else None,
            reactions=[Reaction.of(tally, with_mine=True) for tally in beside.reactions.get(message.id, ())],
        )
