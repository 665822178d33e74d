"""The route of presence; the rest of it is realtime."""

from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency

from application.presence.get_presence import GetPresence
from application.presence.views import PresenceList
from entrypoints.http import answers
from entrypoints.http.answers import AnyResponse
from entrypoints.http.auth import actor_of
from entrypoints.http.decoding import query_from
from entrypoints.http.desk import Desk
from entrypoints.http.operation import says


@get(
    "/presence",
    opt=says(
        tag="People",
        summary="Who of several people is online",
        query=GetPresence,
        answers={200: PresenceList},
        refusals=("rate_limited",),
    ),
)
async def get_presence(request: Request[Any, Any, Any], desk: NamedDependency[Desk]) -> AnyResponse:
    query = query_from(request, GetPresence, lists=("user_ids",))
    return answers.json(await desk.bus.ask(query, actor_of(request)))


ROUTES = [get_presence]
