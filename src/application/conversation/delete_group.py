"""Closing a group for everybody: from then on it is as if it had never been."""

from application.access.conversations import participant
from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.access.roles import may
from application.bus.messages import Command, Scope
from domain.conversation.events import ConversationDeleted
from domain.conversation.permissions import Action
from domain.shared.ids import ConversationId


class DeleteGroup(Command[None], frozen=True, kw_only=True):
    """Nothing undoes it."""

    access = authenticated & rate_limit("commands") & participant & may(Action.DELETE_GROUP)

    conversation_id: ConversationId


async def handle(command: DeleteGroup, scope: Scope) -> None:
    group = await scope.uow.conversations.get(command.conversation_id)
    group.closed_at = group.updated_at = scope.now
    group.record(ConversationDeleted(conversation_id=group.id, revision=group.next_revision()))
    scope.uow.conversations.save(group)
