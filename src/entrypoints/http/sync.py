"""Routes for clients that were away."""

from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.syncing.list_changes import ConversationChanges, ListChanges
from application.syncing.synchronise import Synchronise, Synchronised
from domain.shared.errors import ConversationNotFound
from entrypoints.http import answers
from entrypoints.http.answers import AnyResponse
from entrypoints.http.auth import actor_of
from entrypoints.http.decoding import command_from, idempotency_key, path_id, query_from
from entrypoints.http.desk import Desk
from entrypoints.http.operation import says

AnyRequest = Request[Any, Any, Any]
TAG = "Catching up"


@get(
    "/conversations/{conversation_id:str}/changes",
    opt=says(
        tag=TAG,
        summary="What changed in a conversation since the revisions I know",
        query=ListChanges,
        path=("conversation_id",),
        answers={200: ConversationChanges},
        refusals=("conversation_not_found",),
    ),
)
async def list_changes(
    request: AnyRequest, conversation_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    id = path_id(conversation_id, ConversationNotFound)
    return answers.json(
        await desk.bus.ask(query_from(request, ListChanges, conversation_id=id), actor_of(request))
    )


@post(
    "/sync",
    opt=says(
        tag=TAG,
        summary="Which conversations changed, came or went since I was last here",
        body=Synchronise,
        answers={200: Synchronised},
        refusals=("invalid_cursor", "rate_limited"),
        takes_key=True,
    ),
)
async def synchronise(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    query = await command_from(request, Synchronise)
    # Changes nothing, so a repeat may as well be answered afresh.
    idempotency_key(request)
    return answers.json(await desk.bus.ask(query, actor_of(request)))


ROUTES = [list_changes, synchronise]
