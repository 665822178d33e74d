"""Routes of messages."""

from typing import Any

from litestar import Request, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.messaging.delete_message import DeleteMessage
from application.messaging.edit_message import EditMessage
from application.messaging.forward_message import Forwarded, ForwardMessage
from application.messaging.get_message import GetMessage, ListReactions
from application.messaging.list_messages import History, ListMessages
from application.messaging.react import AddReaction, RemoveReaction
from application.messaging.send_message import SendMessage
from application.messaging.views import MessageView, Reacted
from application.views import Page
from domain.shared.errors import ConversationNotFound, MessageNotFound
from entrypoints.http import answers
from entrypoints.http.answers import AnyResponse
from entrypoints.http.auth import actor_of
from entrypoints.http.decoding import build, command_from, idempotency_key, no_body, path_id, query_from
from entrypoints.http.desk import Desk
from entrypoints.http.operation import says

AnyRequest = Request[Any, Any, Any]
TAG = "Messages"
OF_SENDING = (
    "conversation_not_found",
    "not_a_participant",
    "silenced",
    "posting_restricted",
    "recipient_unavailable",
    "idempotency_conflict",
    "rate_limited",
)
OF_CHANGING = ("message_not_found", "not_a_participant", "recipient_unavailable", "rate_limited")


@get(
    "/conversations/{conversation_id:str}/messages",
    opt=says(
        tag=TAG,
        summary="A conversation's history, by sequence",
        query=ListMessages,
        path=("conversation_id",),
        answers={200: History},
        refusals=("conversation_not_found",),
    ),
)
async def list_messages(
    request: AnyRequest, conversation_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    id = path_id(conversation_id, ConversationNotFound)
    return answers.json(
        await desk.bus.ask(query_from(request, ListMessages, conversation_id=id), actor_of(request))
    )


@post(
    "/conversations/{conversation_id:str}/messages",
    opt=says(
        tag=TAG,
        summary="Send a message; the same client_message_id sends it once",
        body=SendMessage,
        path=("conversation_id",),
        answers={201: MessageView, 200: MessageView},
        refusals=(
            *OF_SENDING,
            "reply_target_not_found",
            "attachment_not_found",
            "attachment_not_ready",
        ),
        takes_key=True,
    ),
)
async def send_message(
    request: AnyRequest, conversation_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    id = path_id(conversation_id, ConversationNotFound)
    command = await command_from(request, SendMessage, conversation_id=id)
    outcome = await desk.bus.submit(command, actor_of(request), key=idempotency_key(request))
    return answers.json(outcome.result, 200 if outcome.repeated else 201)


@get(
    "/messages/{message_id:str}",
    opt=says(
        tag=TAG,
        summary="One message",
        query=GetMessage,
        path=("message_id",),
        answers={200: MessageView},
        refusals=("message_not_found",),
    ),
)
async def get_message(
    request: AnyRequest, message_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    id = path_id(message_id, MessageNotFound)
    return answers.json(await desk.bus.ask(query_from(request, GetMessage, message_id=id), actor_of(request)))


@patch(
    "/messages/{message_id:str}",
    opt=says(
        tag=TAG,
        summary="Edit what a message of mine says",
        body=EditMessage,
        path=("message_id",),
        answers={200: MessageView},
        refusals=(
            *OF_CHANGING,
            "forbidden",
            "not_the_sender",
            "edit_window_closed",
            "message_deleted",
            "revision_conflict",
        ),
    ),
)
async def edit_message(
    request: AnyRequest, message_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    command = await command_from(request, EditMessage, message_id=path_id(message_id, MessageNotFound))
    return answers.json(await desk.bus.execute(command, actor_of(request)))


@delete(
    "/messages/{message_id:str}",
    status_code=200,
    opt=says(
        tag=TAG,
        summary="Delete a message, for everyone or for me",
        query=DeleteMessage,
        path=("message_id",),
        answers={204: None},
        refusals=(
            "message_not_found",
            "not_a_participant",
            "forbidden",
            "not_the_sender",
            "insufficient_role",
            "delete_window_closed",
            "rate_limited",
        ),
    ),
)
async def delete_message(
    request: AnyRequest, message_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    id = path_id(message_id, MessageNotFound)
    await no_body(request, with_parameters=True)
    await desk.bus.execute(query_from(request, DeleteMessage, message_id=id), actor_of(request))
    return answers.nothing()


@post(
    "/messages/{message_id:str}/forward",
    opt=says(
        tag=TAG,
        summary="Forward a message to conversations, all of them or none",
        body=ForwardMessage,
        path=("message_id",),
        answers={201: Forwarded, 200: Forwarded},
        refusals=("message_not_found", "forbidden", "message_deleted", *OF_SENDING),
        takes_key=True,
    ),
)
async def forward_message(
    request: AnyRequest, message_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    command = await command_from(request, ForwardMessage, message_id=path_id(message_id, MessageNotFound))
    outcome = await desk.bus.submit(command, actor_of(request), key=idempotency_key(request))
    return answers.json(outcome.result, 200 if outcome.repeated else 201)


@get(
    "/messages/{message_id:str}/reactions",
    opt=says(
        tag=TAG,
        summary="Who reacted to a message, in the order in which they did",
        query=ListReactions,
        path=("message_id",),
        answers={200: Page[Reacted]},
        refusals=("message_not_found", "invalid_cursor"),
    ),
)
async def list_reactions(
    request: AnyRequest, message_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    id = path_id(message_id, MessageNotFound)
    return answers.json(
        await desk.bus.ask(query_from(request, ListReactions, message_id=id), actor_of(request))
    )


def _of_reaction(summary: str, *more: str) -> dict[str, Any]:
    path = ("message_id", "reaction_code")
    return says(tag=TAG, summary=summary, path=path, answers={204: None}, refusals=(*OF_CHANGING, *more))


async def _react(
    kind: type[Any], request: AnyRequest, message_id: str, reaction_code: str, desk: Desk
) -> AnyResponse:
    id = path_id(message_id, MessageNotFound)
    await no_body(request)
    command = build(kind, {}, message_id=id, reaction_code=reaction_code)
    await desk.bus.execute(command, actor_of(request))
    return answers.nothing()


@put(
    "/messages/{message_id:str}/reactions/{reaction_code:str}",
    opt=_of_reaction("React to a message", "message_deleted", "too_many_reactions"),
)
async def add_reaction(
    request: AnyRequest,
    message_id: FromPath[str],
    reaction_code: FromPath[str],
    desk: NamedDependency[Desk],
) -> AnyResponse:
    return await _react(AddReaction, request, message_id, reaction_code, desk)


@delete(
    "/messages/{message_id:str}/reactions/{reaction_code:str}",
    status_code=200,
    opt=_of_reaction("Take a reaction back"),
)
async def remove_reaction(
    request: AnyRequest,
    message_id: FromPath[str],
    reaction_code: FromPath[str],
    desk: NamedDependency[Desk],
) -> AnyResponse:
    return await _react(RemoveReaction, request, message_id, reaction_code, desk)


ROUTES = [
    list_messages,
    send_message,
    get_message,
    edit_message,
    delete_message,
    forward_message,
    list_reactions,
    add_reaction,
    remove_reaction,
]
