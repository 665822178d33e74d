"""Handing a group over to another member."""

from application.access.conversations import participant
from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.access.roles import may
from application.bus.messages import Command, Scope
from application.conversation.leaving import hand_over
from application.conversation.members import successor
from domain.conversation.permissions import Action
from domain.shared.errors import Invalid
from domain.shared.ids import ConversationId, UserId


class TransferOwnership(Command[None], frozen=True, kw_only=True):
    """``user_id`` is the owner from then on; the former one is an administrator."""

    access = authenticated & rate_limit("commands") & participant & may(Action.TRANSFER_OWNERSHIP)

    conversation_id: ConversationId
    user_id: UserId


async def handle(command: TransferOwnership, scope: Scope) -> None:
    if command.user_id == scope.user_id:
        raise Invalid("The group is yours already.", pointer="/user_id")
    group = await scope.uow.conversations.get(command.conversation_id)
    heir = await successor(group.id, command.user_id, scope)
    mine = await scope.uow.participants.get(group.id, scope.user_id)
    await hand_over(mine, heir, group, scope)
    group.updated_at = scope.now
    scope.uow.conversations.save(group)
