"""Routes of messages."""

from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.messaging.list_messages import History, ListMessages
from application.messaging.send_message import SendMessage
from application.messaging.views import MessageView
from domain.shared.errors import ConversationNotFound
from entrypoints.http import answers
from entrypoints.http.answers import AnyResponse
from entrypoints.http.auth import actor_of
from entrypoints.http.decoding import command_from, idempotency_key, path_id, query_from
from entrypoints.http.desk import Desk
from entrypoints.http.operation import says

AnyRequest = Request[Any, Any, Any]
TAG = "Messages"


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
            "conversation_not_found",
            "not_a_participant",
            "silenced",
            "posting_restricted",
            "recipient_unavailable",
            "idempotency_conflict",
            "rate_limited",
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


ROUTES = [list_messages, send_message]
