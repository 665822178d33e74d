"""Somebody takes part in a group no longer: by leaving, by being removed, or because their account is erased.

The invariant: a live group has exactly one owner, at every revision. Hence an heir is made owner before the owner
goes, in the same transaction, while the group is locked.
"""

from application.bus.messages import Scope
from application.errors import Collision
from domain.conversation.conversation import Conversation
from domain.conversation.events import Departure, MemberRemoved, MemberUpdated
from domain.conversation.participant import Participant, Role
from domain.messaging.events import MessageCreated
from domain.messaging.message import Message, Metadata, system_message
from domain.shared.ids import MessageId, UserId


async def depart(
    who: Participant,
    group: Conversation,
    reason: Departure,
    scope: Scope,
    *,
    by: UserId,
    heir: Participant | None = None,
) -> None:
    """Let ``who`` go. ``heir`` follows an owner; without one, whoever has been there longest of those whose accounts
    are active. The last one out closes the group.
    """
    if who.role is Role.OWNER:
        heir = heir or await _longest_there(group, who.user_id, scope)
        if heir is not None:
            await hand_over(who, heir, group, scope)
    said: Metadata = {"event": "member_left"}
    if reason is Departure.REMOVED:
        said = {"event": "member_removed", "user_id": str(who.user_id)}
    await say(group, by, said, scope)
    who.leave(group, scope.now)
    who.revision = group.next_revision()
    group.record(
        MemberRemoved(
            conversation_id=group.id, revision=who.revision, user_id=who.user_id, by=by, reason=reason
        )
    )
    scope.uow.participants.save(who)
    if group.member_count == 0:
        group.closed_at = scope.now
    group.updated_at = scope.now
    scope.uow.conversations.save(group)


async def _longest_there(group: Conversation, besides: UserId, scope: Scope) -> Participant | None:
    """Who follows when nobody is named. A deactivated account only where there is no other: its person may come back.
    Raises ``Collision``.
    """
    heir = await scope.uow.participants.heir(group.id, besides)
    if heir is not None:
        # From here on whoever deactivates that account waits. Who was quicker must be seen.
        await scope.uow.users.hold([heir.user_id])
        if await scope.uow.participants.heir(group.id, besides) is not heir:
            raise Collision("the heir's account was deactivated meanwhile")
    return heir


async def hand_over(owner: Participant, heir: Participant, group: Conversation, scope: Scope) -> None:
    """Make ``heir`` the owner; the former one is an administrator from then on."""
    await say(group, owner.user_id, {"event": "ownership_transferred", "user_id": str(heir.user_id)}, scope)
    # Nobody is above an owner, so nobody could let one speak again.
    heir.silenced_until = None
    for person, role in ((owner, Role.ADMIN), (heir, Role.OWNER)):
        person.role = role
        person.revision = group.next_revision()
        group.record(
            MemberUpdated(
                conversation_id=group.id,
                revision=person.revision,
                user_id=person.user_id,
                role=role,
                silenced_until=person.silenced_until,
                by=owner.user_id,
            )
        )
        scope.uow.participants.save(person)


async def say(group: Conversation, actor: UserId, event: Metadata, scope: Scope) -> Message:
    """Post what the server says in a conversation when somebody has changed it."""
    message = await scope.uow.messages.append(
        system_message(MessageId(scope.new_id()), group.id, actor, event, scope.now)
    )
    group.record(MessageCreated(conversation_id=group.id, revision=message.revision, message=message))
    return message
