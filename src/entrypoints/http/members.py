"""Routes of a group's members: who takes part, joining, leaving, roles, and handing over."""

from typing import Any

from litestar import Request, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.conversation.add_members import AddMembers, MembersAdded, shown
from application.conversation.change_member import ChangeMember
from application.conversation.list_conversations import GetConversation
from application.conversation.list_members import ListMembers
from application.conversation.remove_member import LeaveGroup, RemoveMember
from application.conversation.transfer_ownership import TransferOwnership
from application.conversation.views import ConversationView, Member
from application.views import Page
from domain.shared.errors import ConversationNotFound, MemberNotFound
from domain.shared.ids import ConversationId, UserId
from entrypoints.http import answers
from entrypoints.http.answers import AnyResponse
from entrypoints.http.auth import actor_of
from entrypoints.http.decoding import command_from, idempotency_key, no_body, path_id, query_from
from entrypoints.http.desk import Desk
from entrypoints.http.operation import says

AnyRequest = Request[Any, Any, Any]
TAG = "Members"
OF_ONE = ("conversation_not_found", "not_a_participant")
OF_A_GROUP = (*OF_ONE, "insufficient_role", "not_a_group", "rate_limited")


@get(
    "/conversations/{conversation_id:str}/members",
    opt=says(
        tag=TAG,
        summary="Who takes part, by role, then by joining",
        query=ListMembers,
        path=("conversation_id",),
        answers={200: Page[Member]},
        refusals=(*OF_ONE, "invalid_cursor"),
    ),
)
async def list_members(
    request: AnyRequest, conversation_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    id = path_id(conversation_id, ConversationNotFound)
    return answers.json(
        await desk.bus.ask(query_from(request, ListMembers, conversation_id=id), actor_of(request))
    )


@post(
    "/conversations/{conversation_id:str}/members",
    opt=says(
        tag=TAG,
        summary="Add people to a group; who cannot be added is named, and why is not",
        body=AddMembers,
        path=("conversation_id",),
        answers={200: MembersAdded},
        refusals=(*OF_A_GROUP, "group_full", "idempotency_conflict"),
        takes_key=True,
    ),
)
async def add_members(
    request: AnyRequest, conversation_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    id = path_id(conversation_id, ConversationNotFound)
    command = await command_from(request, AddMembers, conversation_id=id)
    actor = actor_of(request)
    outcome = await desk.bus.submit(command, actor, key=idempotency_key(request))
    view = await shown(outcome.result, actor, desk.people)
    return answers.json(view, repeated=outcome.repeated)


@patch(
    "/conversations/{conversation_id:str}/members/{user_id:str}",
    opt=says(
        tag=TAG,
        summary="Make somebody an administrator or a member, silence them, or let them speak again",
        body=ChangeMember,
        path=("conversation_id", "user_id"),
        answers={200: Member},
        refusals=(*OF_A_GROUP, "member_not_found"),
    ),
)
async def change_member(
    request: AnyRequest,
    conversation_id: FromPath[str],
    user_id: FromPath[str],
    desk: NamedDependency[Desk],
) -> AnyResponse:
    id, person = path_id(conversation_id, ConversationNotFound), path_id(user_id, MemberNotFound)
    command = await command_from(request, ChangeMember, conversation_id=id, user_id=person)
    return answers.json(await desk.bus.execute(command, actor_of(request)))


@delete(
    "/conversations/{conversation_id:str}/members/{user_id:str}",
    status_code=200,
    opt=says(
        tag=TAG,
        summary="Remove somebody of a lower rank; oneself: leave",
        path=("conversation_id", "user_id"),
        answers={204: None},
        refusals=(*OF_A_GROUP, "member_not_found"),
    ),
)
async def remove_member(
    request: AnyRequest,
    conversation_id: FromPath[str],
    user_id: FromPath[str],
    desk: NamedDependency[Desk],
) -> AnyResponse:
    id, person = path_id(conversation_id, ConversationNotFound), path_id(user_id, MemberNotFound)
    await no_body(request)
    command = RemoveMember(conversation_id=ConversationId(id), user_id=UserId(person))
    await desk.bus.execute(command, actor_of(request))
    return answers.nothing()


@post(
    "/conversations/{conversation_id:str}/leave",
    opt=says(
        tag=TAG,
        summary="Leave a group; an owner may name who follows",
        body=LeaveGroup,
        path=("conversation_id",),
        answers={204: None},
        refusals=(*OF_ONE, "member_not_found", "not_a_group", "idempotency_conflict", "rate_limited"),
        takes_key=True,
    ),
)
async def leave(
    request: AnyRequest, conversation_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    id = path_id(conversation_id, ConversationNotFound)
    command = await command_from(request, LeaveGroup, conversation_id=id)
    outcome = await desk.bus.submit(command, actor_of(request), key=idempotency_key(request))
    return answers.nothing(repeated=outcome.repeated)


@post(
    "/conversations/{conversation_id:str}/transfer",
    opt=says(
        tag=TAG,
        summary="Make another member the owner; I am an administrator from then on",
        body=TransferOwnership,
        path=("conversation_id",),
        answers={200: ConversationView},
        refusals=(*OF_A_GROUP, "member_not_found", "idempotency_conflict"),
        takes_key=True,
    ),
)
async def transfer(
    request: AnyRequest, conversation_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    id = ConversationId(path_id(conversation_id, ConversationNotFound))
    command = await command_from(request, TransferOwnership, conversation_id=id)
    actor = actor_of(request)
    outcome = await desk.bus.submit(command, actor, key=idempotency_key(request))
    view = await desk.bus.ask(GetConversation(conversation_id=id), actor)
    return answers.json(view, repeated=outcome.repeated)


ROUTES = [list_members, add_members, change_member, remove_member, leave, transfer]
