"""Routes of accounts, sessions and people."""

from typing import Any

from litestar import Request, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.bus.messages import Secret
from application.identity.find_people import FindPeople, GetUser
from application.identity.log_in import LogIn
from application.identity.log_out import LogOut, LogOutEverywhere
from application.identity.my_profile import ChangeMyProfile, GetMyProfile
from application.identity.refresh_session import RefreshSession
from application.identity.register_user import RegisterUser
from application.identity.views import LoggedIn, Me, Tokens, UserView
from application.views import Page
from domain.shared.errors import InvalidRefreshToken, SessionRevoked, UserNotFound
from entrypoints.http import answers
from entrypoints.http.answers import AnyResponse
from entrypoints.http.auth import (
    actor_of,
    cleared_cookie,
    cookie_name,
    refresh_cookie,
    require_own_origin,
)
from entrypoints.http.decoding import command_from, no_body, path_id, query_from
from entrypoints.http.desk import Desk
from entrypoints.http.operation import says

AnyRequest = Request[Any, Any, Any]
TAG = "Authentication and sessions"
PEOPLE = "People"


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
        desk.authentication.forget(readable.session_id)
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
    return _logged_out(request, desk)


@post(
    "/auth/logout-all",
    opt=says(tag=TAG, summary="End every session", answers={204: None}, refusals=("origin_not_allowed",)),
)
async def log_out_everywhere(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    await no_body(request)
    require_own_origin(request, desk.settings)
    await desk.bus.execute(LogOutEverywhere(), actor_of(request))
    return _logged_out(request, desk)


def _logged_out(request: AnyRequest, desk: Desk) -> AnyResponse:
    session_id = actor_of(request).session_id
    if session_id is not None:
        desk.authentication.forget(session_id)
    response = answers.nothing()
    response.set_cookie(cleared_cookie(desk.settings))
    return response


@get("/users/me", opt=says(tag=PEOPLE, summary="My profile", answers={200: Me}))
async def my_profile(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    return answers.json(await desk.bus.ask(query_from(request, GetMyProfile), actor_of(request)))


@patch(
    "/users/me",
    opt=says(tag=PEOPLE, summary="Change my profile", body=ChangeMyProfile, answers={200: Me}),
)
async def change_my_profile(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    command = await command_from(request, ChangeMyProfile)
    return answers.json(await desk.bus.execute(command, actor_of(request)))


@get(
    "/users",
    opt=says(
        tag=PEOPLE,
        summary="Find people by the beginning of a name, or by a whole e-mail address or phone number",
        query=FindPeople,
        answers={200: Page[UserView]},
        refusals=("invalid_cursor", "rate_limited"),
    ),
)
async def find_people(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    return answers.json(await desk.bus.ask(query_from(request, FindPeople), actor_of(request)))


@get(
    "/users/{user_id:str}",
    opt=says(
        tag=PEOPLE,
        summary="Somebody, as I may see them",
        query=GetUser,
        path=("user_id",),
        answers={200: UserView},
        refusals=("user_not_found",),
    ),
)
async def get_user(request: AnyRequest, user_id: FromPath[str], desk: NamedDependency[Desk]) -> AnyResponse:
    query = query_from(request, GetUser, user_id=path_id(user_id, UserNotFound))
    return answers.json(await desk.bus.ask(query, actor_of(request)))


ROUTES = [
    register,
    log_in,
    refresh,
    log_out,
    log_out_everywhere,
    my_profile,
    change_my_profile,
    find_people,
    get_user,
]
