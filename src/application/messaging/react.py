"""Reacting to a message, and taking a reaction back."""

from typing import Any, ClassVar

from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.access.messages import not_blocked_there, sees_message, takes_part_there
from application.bus.messages import Command, Scope
from domain.conversation.conversation import Conversation
from domain.messaging import placeholders
from domain.messaging.events import ReactionAdded, ReactionRemoved
from domain.messaging.message import Message
from domain.messaging.reaction import MAX_CODES, Reaction, Tally, reaction_code
from domain.shared.errors import AlreadyDeleted, MessageNotFound, TooManyReactions
from domain.shared.ids import MessageId


class AddReaction(Command[None], frozen=True, kw_only=True):
    """One emoji or ``:short_code:``; adding it again changes nothing."""

    access = authenticated & rate_limit("commands") & sees_message & takes_part_there & not_blocked_there
    words: ClassVar[dict[str, Any]] = {"reaction_code": placeholders.reaction_instead}

    message_id: MessageId
    reaction_code: str

    def __post_init__(self) -> None:
        """Raises ``Invalid``."""
        reaction_code(self.reaction_code)


async def add(command: AddReaction, scope: Scope) -> None:
    message, conversation, tallies = await _standing(command.message_id, scope)
    if message.deleted_at is not None:
        raise AlreadyDeleted
    known = _of(command.reaction_code, tallies)
    if known is not None and known.mine:
        return
    if known is None and len(tallies) >= MAX_CODES:
        raise TooManyReactions
    scope.uow.reactions.add(
        Reaction(
            id=scope.new_id(),
            message_id=message.id,
            user_id=scope.user_id,
            reaction_code=command.reaction_code,
            created_at=scope.now,
        )
    )
    _tell(ReactionAdded, command, message, conversation, scope, count=1 + (known.count if known else 0))


class RemoveReaction(Command[None], frozen=True, kw_only=True):
    """Taking back what is not there changes nothing."""

    access = authenticated & rate_limit("commands") & sees_message & takes_part_there & not_blocked_there
    words: ClassVar[dict[str, Any]] = {"reaction_code": placeholders.reaction_instead}

    message_id: MessageId
    reaction_code: str

    def __post_init__(self) -> None:
        """Raises ``Invalid``."""
        reaction_code(self.reaction_code)


async def remove(command: RemoveReaction, scope: Scope) -> None:
    message, conversation, tallies = await _standing(command.message_id, scope)
    known = _of(command.reaction_code, tallies)
    if known is None or not known.mine:
        return
    scope.uow.reactions.remove(message.id, scope.user_id, command.reaction_code)
    _tell(ReactionRemoved, command, message, conversation, scope, count=known.count - 1)


async def _standing(id: MessageId, scope: Scope) -> tuple[Message, Conversation, tuple[Tally, ...]]:
    """A message, its conversation, and how it stands with reactions."""
    message = await scope.uow.messages.find(id)
    if message is None:
        raise MessageNotFound
    conversation = await scope.uow.conversations.get(message.conversation_id)
    return message, conversation, (await scope.uow.reactions.tallies([id], scope.user_id)).get(id, ())


def _of(code: str, tallies: tuple[Tally, ...]) -> Tally | None:
    return next((tally for tally in tallies if tally.reaction_code == code), None)


def _tell(
    kind: type[ReactionAdded] | type[ReactionRemoved],
    command: AddReaction | RemoveReaction,
    message: Message,
    conversation: Conversation,
    scope: Scope,
    *,
    count: int,
) -> None:
    touched = message.touched(conversation.next_revision())
    scope.uow.messages.save(touched)
    conversation.record(
        kind(
            conversation_id=conversation.id,
            revision=touched.revision,
            message_id=message.id,
            user_id=scope.user_id,
            reaction_code=command.reaction_code,
            count=count,
        )
    )
    scope.uow.conversations.save(conversation)
