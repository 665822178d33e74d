"""Creating a group with its first members."""

from typing import Annotated

from msgspec import Meta, Struct

from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.bus.messages import Command, Scope
from application.conversation.joining import GroupSize, willing_to_join
from application.conversation.views import ConversationView, Participation, Receipts
from domain.conversation.conversation import Conversation, PostPolicy
from domain.conversation.events import ConversationCreated
from domain.conversation.participant import Participant, Role
from domain.messaging.events import MessageCreated
from domain.messaging.message import system_message
from domain.shared.ids import ConversationId, MessageId, UserId


class GroupCreated(Struct, frozen=True, kw_only=True):
    """The group, and those who could not be added: unknown, blocked, or not willing. No reason is given."""

    conversation: ConversationView
    not_added: list[UserId]


class CreateGroup(Command[GroupCreated], frozen=True, kw_only=True):
    """Whoever creates it owns it; ``member_ids`` are the others, at most 256 at once."""

    access = authenticated & rate_limit("commands")

    subject: str
    description: str | None = None
    member_ids: Annotated[list[UserId], Meta(max_length=256)]
    expiry_seconds: int | None = None
    post_policy: PostPolicy = PostPolicy.ALL


async def handle(command: CreateGroup, scope: Scope, *, size: GroupSize) -> GroupCreated:
    me = scope.user_id
    group = Conversation.group(
        ConversationId(scope.new_id()),
        me,
        subject=command.subject,
        description=command.description,
        expiry_seconds=command.expiry_seconds,
        post_policy=command.post_policy,
        now=scope.now,
    )
    wanted = [id for id in dict.fromkeys(command.member_ids) if id != me]
    willing = await willing_to_join(scope, wanted)
    size.require_room(1 + len(willing))
    scope.uow.conversations.add(group)
    founder = Participant(
        conversation_id=group.id, user_id=me, role=Role.OWNER, joined_at=scope.now, added_by=me
    )
    members = [
        Participant(conversation_id=group.id, user_id=id, joined_at=scope.now, added_by=me)
        for id in wanted
        if id in willing
    ]
    for participant in (founder, *members):
        scope.uow.participants.add(participant)
    group.member_count = 1 + len(members)
    first = await scope.uow.messages.append(
        system_message(MessageId(scope.new_id()), group.id, me, {"event": "group_created"}, scope.now)
    )
    founder.has_sent(first.seq_id, scope.now)
    scope.uow.participants.save(founder)
    group.record(
        ConversationCreated(
            user_ids=(me, *(member.user_id for member in members)), conversation=group, last_message=first
        )
    )
    group.record(MessageCreated(conversation_id=group.id, revision=first.revision, message=first))
    scope.uow.conversations.save(group)
    view = ConversationView.of(
        group,
        me=Participation.of(founder, 0),
        receipts=Receipts(delivered_up_to=0, read_up_to=0),
    )
    return GroupCreated(conversation=view, not_added=[id for id in wanted if id not in willing])
