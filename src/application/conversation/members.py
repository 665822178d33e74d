"""Finding members of a group inside a command, and showing one to another member."""

import asyncio
from collections.abc import Sequence

from application.bus.messages import Scope
from application.conversation.views import Member
from application.identity.views import UserView
from domain.conversation.participant import Participant
from domain.conversation.permissions import Action, allows_upon
from domain.shared.errors import InsufficientRole, MemberNotFound
from domain.shared.ids import ConversationId, UserId
from domain.shared.values import moment


async def member(conversation_id: ConversationId, user_id: UserId, scope: Scope) -> Participant:
    """Somebody who takes part at this moment. Raises ``MemberNotFound``."""
    found = await scope.uow.participants.find(conversation_id, user_id)
    if found is None or found.has_left:
        raise MemberNotFound
    return found


async def successor(conversation_id: ConversationId, user_id: UserId, scope: Scope) -> Participant:
    """A member whose account is active, and stays so until the commit. Raises ``MemberNotFound``."""
    found = await member(conversation_id, user_id, scope)
    person = (await scope.uow.users.hold([user_id])).get(user_id)
    if person is None or not person.is_active:
        raise MemberNotFound
    return found


async def member_below(
    conversation_id: ConversationId, user_id: UserId, action: Action, scope: Scope
) -> Participant:
    """A member to whom whoever acts may do ``action``. Raises ``MemberNotFound``, ``InsufficientRole``."""
    found = await member(conversation_id, user_id, scope)
    me = await scope.uow.participants.get(conversation_id, scope.user_id)
    if not allows_upon(me.role, action, found.role):
        raise InsufficientRole("One acts only on members of a lower rank.")
    return found


async def known(
    conversation_id: ConversationId, user_ids: Sequence[UserId], scope: Scope
) -> dict[UserId, Participant]:
    """Those of several people who take part, or once did. One look-up for all of them."""
    found = await asyncio.gather(*(scope.uow.participants.find(conversation_id, id) for id in user_ids))
    return {each.user_id: each for each in found if each is not None}


def as_member(participant: Participant, user: UserView) -> Member:
    """Somebody's place in a conversation, with the person as the viewer may see them."""
    return Member(
        user=user,
        role=participant.role,
        joined_at=moment(participant.joined_at),
        added_by=participant.added_by,
        silenced_until=moment(participant.silenced_until) if participant.silenced_until else None,
    )
