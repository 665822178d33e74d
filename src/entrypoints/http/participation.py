"""Routes of my own place in conversations."""

from typing import Any

from litestar import Request, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.conversation.change_participation import ChangeParticipation, ClearConversation
from application.conversation.count_unread import CountUnread, Unread
from application.conversation.views import Participation
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


@get(
    "/conversations/unread",
    opt=says(
        tag=TAG,
        summary="How much is unread in all, without what I archived or muted",
        query=CountUnread,
        answers={200: Unread},
    ),
)
async def count_unread(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    return answers.json(await desk.bus.ask(query_from(request, CountUnread), actor_of(request)))


@patch(
    "/conversations/{conversation_id:str}/me",
    opt=says(
        tag=TAG,
        summary="Mute, pin or archive a conversation for me",
        body=ChangeParticipation,
        path=("conversation_id",),
        answers={200: Participation},
        refusals=("conversation_not_found", "not_a_participant", "too_many_pins", "rate_limited"),
    ),
)
async def change_participation(
    request: AnyRequest, conversation_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    id = path_id(conversation_id, ConversationNotFound)
    command = await command_from(request, ChangeParticipation, conversation_id=id)
    return answers.json(await desk.bus.execute(command, actor_of(request)))


@post(
    "/conversations/{conversation_id:str}/clear",
    opt=says(
        tag=TAG,
        summary="Hide everything said so far from me",
        path=("conversation_id",),
        answers={204: None},
        refusals=("conversation_not_found", "idempotency_conflict", "rate_limited"),
        takes_key=True,
    ),
)
async def clear_conversation(
    request: AnyRequest, conversation_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    id = path_id(conversation_id, ConversationNotFound)
    await no_body(request)
    command = ClearConversation(conversation_id=ConversationId(id))
    outcome = await desk.bus.submit(command, actor_of(request), key=idempotency_key(request))
    return answers.nothing(repeated=outcome.repeated)


ROUTES = [count_unread, change_participation, clear_conversation]
