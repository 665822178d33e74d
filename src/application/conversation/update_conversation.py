"""Changing what a conversation is called, what it says of itself, how long messages live, and who may post."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType

from application.access.conversations import not_blocked, participant
from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.access.roles import may
from application.bus.messages import Actor, Command, Scope
from application.conversation.leaving import say
from application.conversation.views import ConversationInfo
from application.views import require_match
from domain.conversation.conversation import (
    Conversation,
    PostPolicy,
    description_of,
    expiry,
    subject_of,
)
from domain.conversation.events import ConversationCreated, ConversationUpdated
from domain.conversation.permissions import Action
from domain.messaging.message import Message
from domain.shared.errors import NotAGroup
from domain.shared.ids import ConversationId, peer_of

CHECKED: dict[str, Callable[[Any], Any]] = {
    "subject": subject_of,
    "description": description_of,
    "expiry_seconds": expiry,
}


class UpdateConversation(Command[None], frozen=True, kw_only=True):
    """A field left out stays as it is; null clears the description or the expiry. In a direct conversation either
    side may change the expiry, and there is nothing else.
    """

    access = (
        authenticated
        & rate_limit("commands")
        & participant
        & may(Action.CHANGE_INFO, direct_too=True)
        & not_blocked
    )

    conversation_id: ConversationId
    subject: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    expiry_seconds: int | UnsetType | None = UNSET
    post_policy: PostPolicy | UnsetType = UNSET
    if_match: str | None = None


async def prepare(command: UpdateConversation, actor: Actor, now: datetime) -> dict[str, Any]:
    """The fields that are given, as they are stored. Raises ``Invalid``."""
    given = {
        name: value
        for name in ("subject", "description", "expiry_seconds", "post_policy")
        if (value := getattr(command, name)) is not UNSET
    }
    return {name: CHECKED[name](value) if name in CHECKED else value for name, value in given.items()}


async def handle(command: UpdateConversation, scope: Scope, *, prepared: dict[str, Any]) -> None:
    conversation = await scope.uow.conversations.get(command.conversation_id)
    require_match(command.if_match, ConversationInfo.of(conversation))
    if conversation.is_direct and prepared.keys() - {"expiry_seconds"}:
        raise NotAGroup
    changes = conversation.change(prepared, scope.now)
    if not changes:
        return
    if "subject" in changes:
        renamed = {"event": "subject_changed", "subject": changes["subject"]}
        await say(conversation, scope.user_id, renamed, scope)
    if "expiry_seconds" in changes:
        limited = {"event": "expiry_changed", "seconds": changes["expiry_seconds"]}
        await _introduce(conversation, await say(conversation, scope.user_id, limited, scope), scope)
    conversation.record(
        ConversationUpdated(
            conversation_id=conversation.id, revision=conversation.next_revision(), changes=changes
        )
    )
    scope.uow.conversations.save(conversation)


async def _introduce(conversation: Conversation, first: Message, scope: Scope) -> None:
    """The other side of a direct conversation hears of it when something is said in it for the first time."""
    if conversation.direct_key is None:
        return
    peer = peer_of(conversation.direct_key, scope.user_id)
    theirs = await scope.uow.participants.get(conversation.id, peer)
    if theirs.listed:
        return
    theirs.listed = True
    scope.uow.participants.save(theirs)
    # As it is with that message, so that what follows is heard as it happens.
    opened = replace(conversation, revision=first.revision)
    conversation.record(ConversationCreated(user_ids=(peer,), conversation=opened, last_message=first))
