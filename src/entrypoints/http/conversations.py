"""Routes of conversations."""

from typing import Any

from litestar import Request, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.conversation.create_group import CreateGroup, GroupCreated
from application.conversation.delete_group import DeleteGroup
from application.conversation.list_conversations import GetConversation, ListConversations
from application.conversation.start_direct_conversation import StartDirectConversation
from application.conversation.update_conversation import UpdateConversation
from application.conversation.views import ConversationInfo, ConversationView, ListEntry
from application.views import Page
from domain.shared.errors import ConversationNotFound
from domain.shared.ids import ConversationId
from entrypoints.http import answers
from entrypoints.http.answers import AnyResponse
from entrypoints.http.auth import actor_of
from entrypoints.http.decoding import command_from, idempotency_key, no_body, path_id, query_from
from entrypoints.http.desk import Desk
from entrypoints.http.operation import says

AnyRequest = Request[Any, Any, Any]
TAG = "Conversations"
IF_MATCH = "if-match"
OF_ONE = ("conversation_not_found", "not_a_participant")


@get(
    "/conversations",
    opt=says(
        tag=TAG,
        summary="My conversations: pinned first, then latest activity",
        query=ListConversations,
        answers={200: Page[ListEntry]},
        refusals=("invalid_cursor",),
    ),
)
async def list_conversations(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    return answers.json(await desk.bus.ask(query_from(request, ListConversations), actor_of(request)))


@post(
    "/conversations/direct",
    opt=says(
        tag=TAG,
        summary="Open the direct conversation with somebody, or find it",
        body=StartDirectConversation,
        answers={201: ConversationView, 200: ConversationView},
        refusals=("user_not_found", "recipient_unavailable", "idempotency_conflict", "rate_limited"),
        takes_key=True,
    ),
)
async def start_direct(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    command = await command_from(request, StartDirectConversation)
    outcome = await desk.bus.submit(command, actor_of(request), key=idempotency_key(request))
    status = 201 if outcome.result.created else 200
    return answers.json(outcome.result.conversation, status, repeated=outcome.repeated)


@post(
    "/conversations/groups",
    opt=says(
        tag=TAG,
        summary="Create a group",
        body=CreateGroup,
        answers={201: GroupCreated},
        refusals=("group_full", "idempotency_conflict", "rate_limited"),
        takes_key=True,
    ),
)
async def create_group(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    command = await command_from(request, CreateGroup)
    outcome = await desk.bus.submit(command, actor_of(request), key=idempotency_key(request))
    return answers.json(outcome.result, 201, repeated=outcome.repeated)


@get(
    "/conversations/{conversation_id:str}",
    opt=says(
        tag=TAG,
        summary="One conversation",
        query=GetConversation,
        path=("conversation_id",),
        answers={200: ConversationView},
        refusals=("conversation_not_found",),
    ),
)
async def get_conversation(
    request: AnyRequest, conversation_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    id = path_id(conversation_id, ConversationNotFound)
    view = await desk.bus.ask(query_from(request, GetConversation, conversation_id=id), actor_of(request))
    return answers.json(view, tag=ConversationInfo.of(view))


@patch(
    "/conversations/{conversation_id:str}",
    opt=says(
        tag=TAG,
        summary="Change what a conversation is called and how it works; in a direct one, how long messages live",
        body=UpdateConversation,
        path=("conversation_id",),
        answers={200: ConversationView},
        refusals=(
            *OF_ONE,
            "insufficient_role",
            "recipient_unavailable",
            "precondition_failed",
            "not_a_group",
            "rate_limited",
        ),
        takes_match=True,
    ),
)
async def update_conversation(
    request: AnyRequest, conversation_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    id = ConversationId(path_id(conversation_id, ConversationNotFound))
    if_match = request.headers.get(IF_MATCH)
    command = await command_from(request, UpdateConversation, conversation_id=id, if_match=if_match)
    actor = actor_of(request)
    await desk.bus.execute(command, actor)
    view = await desk.bus.ask(GetConversation(conversation_id=id), actor)
    return answers.json(view, tag=ConversationInfo.of(view))


@delete(
    "/conversations/{conversation_id:str}",
    status_code=200,
    opt=says(
        tag=TAG,
        summary="Close a group for everybody",
        path=("conversation_id",),
        answers={204: None},
        refusals=(*OF_ONE, "insufficient_role", "not_a_group", "rate_limited"),
    ),
)
async def delete_group(
    request: AnyRequest, conversation_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    id = ConversationId(path_id(conversation_id, ConversationNotFound))
    await no_body(request)
    await desk.bus.execute(DeleteGroup(conversation_id=id), actor_of(request))
    return answers.nothing()


ROUTES = [
    list_conversations,
    start_direct,
    create_group,
    get_conversation,
    update_conversation,
    delete_group,
]
