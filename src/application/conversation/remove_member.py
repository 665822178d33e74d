"""Taking somebody out of a group, and leaving one.

Once a removal is acknowledged nothing of theirs is accepted there any more, because sending waits for the same lock.
"""

from application.access.conversations import participant
from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.access.roles import in_group, may
from application.bus.messages import Command, Scope
from application.conversation.leaving import depart
from application.conversation.members import member_below, successor
from domain.conversation.events import Departure
from domain.conversation.participant import Role
from domain.conversation.permissions import Action
from domain.shared.errors import Invalid
from domain.shared.ids import ConversationId, UserId


class RemoveMember(Command[None], frozen=True, kw_only=True):
    """Somebody of a lower rank; oneself is as leaving."""

    access = (
        authenticated & rate_limit("commands") & participant & may(Action.REMOVE_MEMBER, unless_oneself=True)
    )

    conversation_id: ConversationId
    user_id: UserId


async def remove(command: RemoveMember, scope: Scope) -> None:
    group = await scope.uow.conversations.get(command.conversation_id)
    if command.user_id == scope.user_id:
        mine = await scope.uow.participants.get(group.id, scope.user_id)
        await depart(mine, group, Departure.LEFT, scope, by=scope.user_id)
        return
    theirs = await member_below(group.id, command.user_id, Action.REMOVE_MEMBER, scope)
    await depart(theirs, group, Departure.REMOVED, scope, by=scope.user_id)


class LeaveGroup(Command[None], frozen=True, kw_only=True):
    """An owner may name who follows; else it is whoever has been there longest, an administrator before a member.
    The last one out closes the group.
    """

    access = authenticated & rate_limit("commands") & participant & in_group

    conversation_id: ConversationId
    successor_id: UserId | None = None


async def leave(command: LeaveGroup, scope: Scope) -> None:
    group = await scope.uow.conversations.get(command.conversation_id)
    mine = await scope.uow.participants.get(group.id, scope.user_id)
    heir = None
    if command.successor_id is not None:
        if mine.role is not Role.OWNER:
            raise Invalid("Only an owner names a successor.", pointer="/successor_id")
        if command.successor_id == scope.user_id:
            raise Invalid("Somebody else must follow.", pointer="/successor_id")
        heir = await successor(group.id, command.successor_id, scope)
    await depart(mine, group, Departure.LEFT, scope, by=scope.user_id, heir=heir)
