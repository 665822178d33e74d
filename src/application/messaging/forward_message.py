"""Forwarding a message: copies of it, to one conversation or several, all of them or none.

A copy is a message of its own: what becomes of the original changes nothing about it. Hence the log keeps with the
command what was copied; once the original is wiped, nothing else could tell.
"""

from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct, json, structs

from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.access.messages import may_forward
from application.bus.messages import Command, Scope
from application.messaging.beside import surroundings
from application.messaging.posting import expiry_of, post
from application.messaging.views import MessageView
from application.ports.security import BodyHashes
from domain.messaging.attachment import Attachment
from domain.messaging.content import MessageType
from domain.messaging.message import Message, NewMessage
from domain.messaging.metadata import forwarded
from domain.shared.errors import AlreadyDeleted, Forbidden, IdempotencyConflict, Invalid, MessageNotFound
from domain.shared.ids import AttachmentId, ClientMessageId, ConversationId, MessageId

MAX_CONVERSATIONS = 10


class Said(Struct, frozen=True, kw_only=True):
    """What one copy says, as the log keeps it."""

    type: MessageType
    content: str | None
    metadata: dict[str, Any]
    attachment_ids: list[AttachmentId]


class Forwarded(Struct, frozen=True, kw_only=True):
    """The copies, in the order of the conversations asked for."""

    items: list[MessageView]


def _copies(command: "ForwardMessage") -> int:
    """Each copy is a message sent."""
    return len(command.conversation_ids)


class ForwardMessage(Command[Forwarded], frozen=True, kw_only=True):
    """``client_message_ids`` name the copies as in sending: one for each conversation."""

    access = authenticated & rate_limit("messages", permits=_copies) & may_forward
    withheld: ClassVar[tuple[str, ...]] = ("said",)

    message_id: MessageId
    conversation_ids: Annotated[list[ConversationId], Meta(min_length=1, max_length=MAX_CONVERSATIONS)]
    client_message_ids: Annotated[list[ClientMessageId], Meta(min_length=1, max_length=MAX_CONVERSATIONS)]
    said: list[Said] | None = None

    def __post_init__(self) -> None:
        """Raises ``Invalid``."""
        if len(self.client_message_ids) != len(self.conversation_ids):
            raise Invalid("Needs one for each conversation.", pointer="/client_message_ids")
        for name in ("conversation_ids", "client_message_ids"):
            if len(set(getattr(self, name))) < len(getattr(self, name)):
                raise Invalid("Must not name one twice.", pointer=f"/{name}")


async def repeat(command: ForwardMessage, scope: Scope, *, hashes: BodyHashes) -> Forwarded | None:
    """The copies that this sender made under these client ids before, if any, as they are now."""
    copies = await _named(command, scope)
    if None in copies and any(copies):
        # Copies become durable together: perhaps they have between two looks, and then all are there now.
        copies = await _named(command, scope)
    for place, copy in enumerate(copies):
        if copy is not None and copy.body_hash != _body_hash(command, place, hashes):
            raise IdempotencyConflict(pointer=f"/client_message_ids/{place}")
    earlier = [copy for copy in copies if copy is not None]
    if not earlier:
        return None
    if len(earlier) < len(copies):
        raise IdempotencyConflict(pointer=f"/client_message_ids/{copies.index(None)}")
    return await _shown(earlier, scope)


async def handle(command: ForwardMessage, scope: Scope, *, hashes: BodyHashes) -> Forwarded:
    original = await scope.uow.messages.find(command.message_id)
    if original is None:
        raise MessageNotFound
    if original.type is MessageType.SYSTEM:
        raise Forbidden("What the server said cannot be forwarded.")
    if command.said is None and original.deleted_at is not None:
        raise AlreadyDeleted
    said = command.said or [await _said_by(original, scope)] * len(command.conversation_ids)
    carried = await _attachments([id for each in said for id in each.attachment_ids], scope)
    copies = []
    for place, (conversation_id, copied) in enumerate(zip(command.conversation_ids, said, strict=True)):
        new = NewMessage(
            id=MessageId(scope.new_id()),
            conversation_id=conversation_id,
            sender_id=scope.user_id,
            type=copied.type,
            content=copied.content,
            metadata=forwarded(copied.metadata),
            client_message_id=command.client_message_ids[place],
            body_hash=_body_hash(command, place, hashes),
            is_forwarded=True,
            forwarded_from_msg_id=original.id,
            created_at=scope.now,
            expires_at=await expiry_of(conversation_id, scope),
        )
        attachments = [carried[id] for id in copied.attachment_ids]
        copies.append(await post(new, scope, attachments=attachments))
    scope.as_done = structs.replace(command, said=said)
    return await _shown(copies, scope)


async def _named(command: ForwardMessage, scope: Scope) -> list[Message | None]:
    """What this sender has said under each client id, one look after the other."""
    find = scope.uow.messages.find_by_client_id
    return [await find(scope.user_id, name) for name in command.client_message_ids]


async def _said_by(original: Message, scope: Scope) -> Said:
    carried = (await scope.uow.attachments.carried_by([original.id])).get(original.id, ())
    return Said(
        type=original.type,
        content=original.content,
        metadata=original.metadata or {},
        attachment_ids=[each.id for each in carried],
    )


async def _attachments(ids: list[AttachmentId], scope: Scope) -> dict[AttachmentId, Attachment]:
    return await scope.uow.attachments.find_many(list(dict.fromkeys(ids)))


async def _shown(copies: list[Message], scope: Scope) -> Forwarded:
    beside = await surroundings(copies, scope)
    return Forwarded(items=[MessageView.as_seen(copy, beside) for copy in copies])


def _body_hash(command: ForwardMessage, place: int, hashes: BodyHashes) -> bytes:
    return hashes.of(b"forward\0" + json.encode((command.message_id, command.conversation_ids[place])))
