"""Editing what a message says: its text, or its caption."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.access.messages import not_blocked_there, sees_message, takes_part_there
from application.bus.messages import Command, Scope
from application.failpoints import fails
from application.messaging.beside import surroundings
from application.messaging.views import MessageView
from domain.messaging import placeholders
from domain.messaging.content import text, words_of
from domain.messaging.events import MessageUpdated
from domain.messaging.message import Message
from domain.shared.errors import MessageNotFound
from domain.shared.ids import MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """How long after sending a message its sender may edit it, and delete it for everyone."""

    edit: timedelta
    delete: timedelta


class EditMessage(Command[MessageView], frozen=True, kw_only=True):
    """By its sender, within the time allowed; with ``expected_revision``, only if nothing about it changed since.
    Null clears a caption.
    """

    access = authenticated & rate_limit("commands") & sees_message & takes_part_there & not_blocked_there
    words: ClassVar[dict[str, Any]] = {"content": placeholders.content_instead}

    message_id: MessageId
    content: str | None
    expected_revision: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None

    def __post_init__(self) -> None:
        """Raises ``Invalid``."""
        if self.content is not None:
            text(self.content)


async def handle(command: EditMessage, scope: Scope, *, windows: Windows) -> MessageView:
    message = await scope.uow.messages.find(command.message_id)
    if message is None:
        raise MessageNotFound
    message.require_editable(
        scope.user_id, scope.now, within=windows.edit, expected_revision=command.expected_revision
    )
    beside = await surroundings([message], scope)
    if words_of(message.type, command.content) == message.content:
        return MessageView.as_seen(message, beside)
    conversation = await scope.uow.conversations.get(message.conversation_id)
    edited = message.edited(command.content, conversation.next_revision(), scope.now)
    if not fails("edit.save"):
        scope.uow.messages.save(edited)
    conversation.record(
        MessageUpdated(
            conversation_id=conversation.id,
            revision=edited.revision,
            message=edited,
            reply_to=await _answered(edited, scope),
            attachments=beside.attachments.get(edited.id, ()),
            reactions=beside.reactions.get(edited.id, ()),
        )
    )
    scope.uow.conversations.save(conversation)
    return MessageView.as_seen(edited, beside)


async def _answered(message: Message, scope: Scope) -> Message | None:
    """What it answers, as everybody may see it: what its sender has hidden for themselves, others still see."""
    if message.reply_to_msg_id is None:
        return None
    answered = await scope.uow.messages.find(message.reply_to_msg_id)
    return None if answered is None or answered.has_expired(scope.now) else answered
