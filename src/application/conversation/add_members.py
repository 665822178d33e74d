"""Adding people to a group.

The invariant: nobody is a member whose account is erased. Accounts that are added are held as they are until the
commit, after the conversation was locked; erasing an account locks it last, and begins again when it has been added
somewhere meanwhile.
"""

from typing import Annotated

from msgspec import Meta, Struct

from application.access.conversations import participant
from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.access.roles import may
from application.bus.messages import Actor, Command, Scope
from application.conversation.joining import GroupSize, willing_to_join
from application.conversation.leaving import say
from application.conversation.members import known
from application.conversation.views import Member
from application.identity.people import People
from domain.conversation.conversation import Conversation
from domain.conversation.events import MemberAdded
from domain.conversation.participant import Participant, Role
from domain.conversation.permissions import Action
from domain.shared.errors import Unauthenticated
from domain.shared.ids import ConversationId, UserId
from domain.shared.values import moment


class Place(Struct, frozen=True, kw_only=True):
    """What a new member's place is like. Names are not kept with an answer."""

    user_id: UserId
    role: Role
    joined_at: str
    added_by: UserId


class Addition(Struct, frozen=True, kw_only=True):
    """Who was added, and who could not be; those who were in already are in neither."""

    added: list[Place]
    not_added: list[UserId]


class MembersAdded(Struct, frozen=True, kw_only=True):
    """The new members as I see them, and those who could not be added: unknown, gone, blocked or unwilling alike."""

    added: list[Member]
    not_added: list[UserId]


class AddMembers(Command[Addition], frozen=True, kw_only=True):
    """At most 256 at once; they see the whole history, with nothing unread."""

    access = authenticated & rate_limit("commands") & participant & may(Action.ADD_MEMBERS)

    conversation_id: ConversationId
    user_ids: Annotated[list[UserId], Meta(min_length=1, max_length=256)]


async def handle(command: AddMembers, scope: Scope, *, size: GroupSize) -> Addition:
    group = await scope.uow.conversations.get(command.conversation_id)
    wanted = list(dict.fromkeys(command.user_ids))
    earlier = await known(group.id, wanted, scope)
    outside = [id for id in wanted if id not in earlier or earlier[id].has_left]
    willing = await willing_to_join(scope, outside)
    joining = [id for id in outside if id in willing]
    if joining:
        size.require_room(group.member_count + len(joining))
        await _join(joining, earlier, group, scope)
    members = [await scope.uow.participants.get(group.id, id) for id in joining]
    return Addition(
        added=[_place(each) for each in members], not_added=[id for id in outside if id not in willing]
    )


async def _join(
    joining: list[UserId], earlier: dict[UserId, Participant], group: Conversation, scope: Scope
) -> None:
    """Let them in: one message and one event, however many they are."""
    await say(group, scope.user_id, {"event": "members_added", "user_ids": list(map(str, joining))}, scope)
    revision = group.next_revision()
    for id in joining:
        someone = earlier.get(id)
        if someone is None:
            someone = Participant(
                conversation_id=group.id, user_id=id, joined_at=scope.now, added_by=scope.user_id
            )
            someone.begin_at(group.last_sequence)
            someone.revision = revision
            scope.uow.participants.add(someone)
        else:
            someone.join_again(group, scope.user_id, scope.now)
            someone.revision = revision
            scope.uow.participants.save(someone)
    group.member_count += len(joining)
    group.updated_at = scope.now
    group.record(
        MemberAdded(
            conversation_id=group.id,
            revision=revision,
            user_ids=tuple(joining),
            role=Role.MEMBER,
            by=scope.user_id,
        )
    )
    scope.uow.conversations.save(group)


async def shown(addition: Addition, actor: Actor, people: People) -> MembersAdded:
    """The answer as who asks may see it at this moment, also when it is given again."""
    if actor.user_id is None:
        raise Unauthenticated
    users = await people.seen_by(actor.user_id, [each.user_id for each in addition.added])
    return MembersAdded(
        added=[
            Member(
                user=users[each.user_id],
                role=each.role,
                joined_at=each.joined_at,
                added_by=each.added_by,
                silenced_until=None,
            )
            for each in addition.added
        ],
        not_added=addition.not_added,
    )


def _place(member: Participant) -> Place:
    return Place(
        user_id=member.user_id,
        role=member.role,
        joined_at=moment(member.joined_at),
        added_by=member.added_by or member.user_id,
    )
