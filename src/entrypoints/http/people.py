"""Routes of people: my own profile, settings and account, and finding others."""

from typing import Any

from litestar import Request, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream

from application.identity.deactivate_account import DeactivateAccount
from application.identity.erase_account import EraseAccount
from application.identity.export_account import ExportAccount
from application.identity.find_people import FindPeople, GetUser, GetUsers
from application.identity.my_profile import ChangeMyProfile, GetMyProfile
from application.identity.my_settings import ChangeMySettings, GetMySettings
from application.identity.views import Me, SettingsView, UserView
from application.views import Page
from domain.shared.errors import UserNotFound
from entrypoints.http import answers
from entrypoints.http.answers import AnyResponse
from entrypoints.http.auth import actor_of, logged_out
from entrypoints.http.decoding import command_from, idempotency_key, path_id, query_from
from entrypoints.http.desk import Desk
from entrypoints.http.operation import says
from entrypoints.http.spool import spooled

AnyRequest = Request[Any, Any, Any]
TAG = "People"
IF_MATCH = "if-match"


@get("/users/me", opt=says(tag=TAG, summary="My profile", query=GetMyProfile, answers={200: Me}))
async def my_profile(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    me = await desk.bus.ask(query_from(request, GetMyProfile), actor_of(request))
    return answers.json(me, tagged=True)


@patch(
    "/users/me",
    opt=says(
        tag=TAG,
        summary="Change my profile",
        body=ChangeMyProfile,
        answers={200: Me},
        refusals=(
            "wrong_password",
            "precondition_failed",
            "identifier_taken",
            "last_identifier",
            "rate_limited",
        ),
        takes_match=True,
    ),
)
async def change_my_profile(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    command = await command_from(request, ChangeMyProfile, if_match=request.headers.get(IF_MATCH))
    return answers.json(await desk.bus.execute(command, actor_of(request)), tagged=True)


@get(
    "/users/me/settings",
    opt=says(tag=TAG, summary="My settings", query=GetMySettings, answers={200: SettingsView}),
)
async def my_settings(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    settings = await desk.bus.ask(query_from(request, GetMySettings), actor_of(request))
    return answers.json(settings, tagged=True)


@patch(
    "/users/me/settings",
    opt=says(
        tag=TAG,
        summary="Change some of my settings",
        body=ChangeMySettings,
        answers={200: SettingsView},
        refusals=("precondition_failed", "rate_limited"),
        takes_match=True,
    ),
)
async def change_my_settings(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    command = await command_from(request, ChangeMySettings, if_match=request.headers.get(IF_MATCH))
    return answers.json(await desk.bus.execute(command, actor_of(request)), tagged=True)


@post(
    "/users/me/deactivate",
    opt=says(
        tag=TAG,
        summary="Be gone for others, until I log in again within 30 days",
        body=DeactivateAccount,
        answers={204: None},
        refusals=("wrong_password", "idempotency_conflict", "rate_limited"),
        takes_key=True,
    ),
)
async def deactivate(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    command = await command_from(request, DeactivateAccount)
    await desk.bus.execute(command, actor_of(request), key=idempotency_key(request))
    return logged_out(request, desk)


@post(
    "/users/me/erase",
    opt=says(
        tag=TAG,
        summary="Have everything forgotten that is stored about me; nothing undoes it",
        body=EraseAccount,
        answers={204: None},
        refusals=("wrong_password", "idempotency_conflict", "rate_limited"),
        takes_key=True,
    ),
)
async def erase(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    command = await command_from(request, EraseAccount)
    await desk.bus.execute(command, actor_of(request), key=idempotency_key(request))
    return logged_out(request, desk)


@get(
    "/users/me/export",
    opt=says(
        tag=TAG,
        summary="Everything stored about me, as one document",
        query=ExportAccount,
        answers={200: dict[str, Any]},
        refusals=("rate_limited",),
    ),
)
async def export(request: AnyRequest, desk: NamedDependency[Desk]) -> Stream:
    size, document = await spooled(await desk.bus.ask(query_from(request, ExportAccount), actor_of(request)))
    return Stream(
        document,
        media_type="application/json",
        headers={
            "Content-Disposition": 'attachment; filename="sentinal-export.json"',
            "Content-Length": str(size),
        },
    )


@get(
    "/users",
    opt=says(
        tag=TAG,
        summary="Find people by the beginning of a name, or by a whole e-mail address or phone number; "
        "or, with ids alone, several at once",
        query=FindPeople,
        lists=("ids",),
        answers={200: Page[UserView]},
        refusals=("invalid_cursor", "rate_limited"),
    ),
)
async def find_people(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    if "ids" in request.query_params:
        several = query_from(request, GetUsers, lists=("ids",))
        return answers.json(await desk.bus.ask(several, actor_of(request)))
    return answers.json(await desk.bus.ask(query_from(request, FindPeople), actor_of(request)))


@get(
    "/users/{user_id:str}",
    opt=says(
        tag=TAG,
        summary="Somebody, as I may see them",
        query=GetUser,
        path=("user_id",),
        answers={200: UserView},
        refusals=("user_not_found", "rate_limited"),
    ),
)
async def get_user(request: AnyRequest, user_id: FromPath[str], desk: NamedDependency[Desk]) -> AnyResponse:
    query = query_from(request, GetUser, user_id=path_id(user_id, UserNotFound))
    return answers.json(await desk.bus.ask(query, actor_of(request)))


ROUTES = [
    my_profile,
    change_my_profile,
    my_settings,
    change_my_settings,
    deactivate,
    erase,
    export,
    find_people,
    get_user,
]
