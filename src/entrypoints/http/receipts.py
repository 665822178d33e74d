"""Routes of receipts: saying how far one has received and read, and asking how far others have."""

from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.conversation.views import Participation
from application.messaging.list_receipts import ListReceipts, ReceiptPage
from application.messaging.mark_read import MarkDelivered, MarkRead
from domain.shared.errors import ConversationNotFound, MessageNotFound
from entrypoints.http import answers
from entrypoints.http.answers import AnyResponse
from entrypoints.http.auth import actor_of
from entrypoints.http.decoding import command_from, idempotency_key, path_id, query_from
from entrypoints.http.desk import Desk
from entrypoints.http.operation import says

AnyRequest = Request[Any, Any, Any]
TAG = "Conversations"
OF_ONE = ("conversation_not_found", "not_a_participant")


@post(
    "/conversations/{conversation_id:str}/read",
    opt=says(
        tag=TAG,
        summary="I have read everything up to a sequence",
        body=MarkRead,
        path=("conversation_id",),
        answers={200: Participation},
        refusals=(*OF_ONE, "idempotency_conflict", "rate_limited"),
        takes_key=True,
    ),
)
async def mark_read(
    request: AnyRequest, conversation_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    id = path_id(conversation_id, ConversationNotFound)
    command = await command_from(request, MarkRead, conversation_id=id)
    outcome = await desk.bus.submit(command, actor_of(request), key=idempotency_key(request))
    return answers.json(outcome.result, repeated=outcome.repeated)


@post(
    "/conversations/{conversation_id:str}/delivered",
    opt=says(
        tag=TAG,
        summary="A device of mine has received everything up to a sequence",
        body=MarkDelivered,
        path=("conversation_id",),
        answers={200: Participation},
        refusals=(*OF_ONE, "idempotency_conflict", "rate_limited"),
        takes_key=True,
    ),
)
async def mark_delivered(
    request: AnyRequest, conversation_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    id = path_id(conversation_id, ConversationNotFound)
    command = await command_from(request, MarkDelivered, conversation_id=id)
    outcome = await desk.bus.submit(command, actor_of(request), key=idempotency_key(request))
    return answers.json(outcome.result, repeated=outcome.repeated)


@get(
    "/messages/{message_id:str}/receipts",
    opt=says(
        tag="Messages",
        summary="Who received and read a message, and when",
        query=ListReceipts,
        path=("message_id",),
        answers={200: ReceiptPage},
        refusals=("message_not_found", "invalid_cursor"),
    ),
)
async def list_receipts(
    request: AnyRequest, message_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    id = path_id(message_id, MessageNotFound)
    return answers.json(
        await desk.bus.ask(query_from(request, ListReceipts, message_id=id), actor_of(request))
    )


ROUTES = [mark_read, mark_delivered, list_receipts]
