"""Routes of registering, logging in, and the sessions that come of it."""

from typing import Any

from litestar import Request, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.bus.messages import Secret
from application.identity.change_password import ChangePassword
from application.identity.log_in import LogIn
from application.identity.log_out import LogOut, LogOutEverywhere
from application.identity.refresh_session import RefreshSession
from application.identity.register_user import RegisterUser
from application.identity.sessions import ListSessions, RevokeSession
from application.identity.views import LoggedIn, SessionView, Tokens
from application.views import Page
from domain.shared.errors import InvalidRefreshToken, SessionNotFound, SessionRevoked
from domain.shared.ids import SessionId
from entrypoints.http import answers
from entrypoints.http.answers import AnyResponse
from entrypoints.http.auth import (
    actor_of,
    cookie_name,
    logged_out,
    refresh_cookie,
    require_own_origin,
)
from entrypoints.http.decoding import command_from, no_body, path_id, query_from
from entrypoints.http.desk import Desk
from entrypoints.http.operation import says

AnyRequest = Request[Any, Any, Any]
TAG = "Authentication and sessions"


def _logged_in(desk: Desk, result: LoggedIn, status: int) -> AnyResponse:
    response = answers.json(result.tokens, status)
    response.set_cookie(refresh_cookie(desk.settings, result.refresh_token))
    return response


@post(
    "/auth/register",
    opt=says(
        tag=TAG,
        summary="Open an account",
        body=RegisterUser,
        answers={201: Tokens},
        refusals=("identifier_taken", "rate_limited"),
        public=True,
    ),
)
async def register(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    command = await command_from(request, RegisterUser)
    return _logged_in(desk, await desk.bus.execute(command, actor_of(request)), 201)


@post(
    "/auth/login",
    opt=says(
        tag=TAG,
        summary="Log in",
        body=LogIn,
        answers={200: Tokens},
        refusals=("invalid_credentials", "rate_limited"),
        public=True,
    ),
)
async def log_in(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    command = await command_from(request, LogIn)
    return _logged_in(desk, await desk.bus.execute(command, actor_of(request)), 200)


@post(
    "/auth/refresh",
    opt=says(
        tag=TAG,
        summary="Exchange the refresh cookie for new tokens",
        answers={200: Tokens},
        refusals=("invalid_refresh_token", "session_revoked", "origin_not_allowed"),
        public=True,
        cookie=True,
    ),
)
async def refresh(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    await no_body(request)
    require_own_origin(request, desk.settings)
    token = request.cookies.get(cookie_name(desk.settings), "")
    readable = desk.refresh_tokens.read(token)
    if readable is None:
        raise InvalidRefreshToken
    result = await desk.bus.execute(
        RefreshSession(session_id=readable.session_id, generation=readable.generation, token=Secret(token)),
        actor_of(request),
    )
    if result is None:
        desk.authentication.end(readable.session_id)
        raise SessionRevoked
    return _logged_in(desk, result, 200)


@post(
    "/auth/logout",
    opt=says(tag=TAG, summary="End this session", answers={204: None}, refusals=("origin_not_allowed",)),
)
async def log_out(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    await no_body(request)
    require_own_origin(request, desk.settings)
    await desk.bus.execute(LogOut(), actor_of(request))
    return logged_out(request, desk)


@post(
    "/auth/logout-all",
    opt=says(tag=TAG, summary="End every session", answers={204: None}, refusals=("origin_not_allowed",)),
)
async def log_out_everywhere(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    await no_body(request)
    require_own_origin(request, desk.settings)
    await desk.bus.execute(LogOutEverywhere(), actor_of(request))
    return logged_out(request, desk)


@put(
    "/auth/password",
    opt=says(
        tag=TAG,
        summary="Take another password; every other session ends",
        body=ChangePassword,
        answers={204: None},
        refusals=("wrong_password", "rate_limited"),
    ),
)
async def change_password(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    await desk.bus.execute(await command_from(request, ChangePassword), actor_of(request))
    return answers.nothing()


@get(
    "/sessions",
    opt=says(
        tag=TAG, summary="The devices I am logged in on", query=ListSessions, answers={200: Page[SessionView]}
    ),
)
async def list_sessions(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    return answers.json(await desk.bus.ask(query_from(request, ListSessions), actor_of(request)))


@delete(
    "/sessions/{session_id:str}",
    status_code=200,
    opt=says(
        tag=TAG,
        summary="Log a device of mine out",
        path=("session_id",),
        answers={204: None},
        refusals=("session_not_found", "rate_limited"),
    ),
)
async def revoke_session(
    request: AnyRequest, session_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    await no_body(request)
    command = RevokeSession(session_id=SessionId(path_id(session_id, SessionNotFound)))
    await desk.bus.execute(command, actor_of(request))
    desk.authentication.end(command.session_id)
    return answers.nothing()


ROUTES = [
    register,
    log_in,
    refresh,
    log_out,
    log_out_everywhere,
    change_password,
    list_sessions,
    revoke_session,
]
