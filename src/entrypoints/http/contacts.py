"""Routes of contacts and blocks."""

from typing import Any

from litestar import Request, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.contacts.block_user import BlockUser, UnblockUser
from application.contacts.list_contacts import ListContacts
from application.contacts.save_contact import RemoveContact, SaveContact
from application.contacts.views import ContactView
from application.views import Page
from domain.shared.errors import UserNotFound
from entrypoints.http import answers
from entrypoints.http.answers import AnyResponse
from entrypoints.http.auth import actor_of
from entrypoints.http.decoding import command_from, no_body, path_id, query_from
from entrypoints.http.desk import Desk
from entrypoints.http.operation import says

AnyRequest = Request[Any, Any, Any]
TAG = "People"
OF_ONE = ("user_not_found", "rate_limited")


@get(
    "/contacts",
    opt=says(
        tag=TAG,
        summary="People I saved, or block",
        query=ListContacts,
        answers={200: Page[ContactView]},
        refusals=("invalid_cursor",),
    ),
)
async def list_contacts(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    return answers.json(await desk.bus.ask(query_from(request, ListContacts), actor_of(request)))


@put(
    "/contacts/{user_id:str}",
    opt=says(
        tag=TAG,
        summary="Save somebody, under a nickname or not",
        body=SaveContact,
        path=("user_id",),
        answers={200: ContactView},
        refusals=OF_ONE,
    ),
)
async def save_contact(
    request: AnyRequest, user_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    command = await command_from(request, SaveContact, user_id=path_id(user_id, UserNotFound))
    return answers.json(await desk.bus.execute(command, actor_of(request)))


def _of_one(summary: str) -> dict[str, Any]:
    return says(tag=TAG, summary=summary, path=("user_id",), answers={204: None}, refusals=OF_ONE)


async def _say(kind: type[Any], request: AnyRequest, user_id: str, desk: Desk) -> AnyResponse:
    """Carry out a command that says nothing but about whom."""
    await no_body(request)
    await desk.bus.execute(kind(user_id=path_id(user_id, UserNotFound)), actor_of(request))
    return answers.nothing()


@delete("/contacts/{user_id:str}", status_code=200, opt=_of_one("Save somebody no longer; a block stays"))
async def remove_contact(
    request: AnyRequest, user_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    return await _say(RemoveContact, request, user_id, desk)


@put("/contacts/{user_id:str}/block", opt=_of_one("Block somebody, saved or not"))
async def block_user(request: AnyRequest, user_id: FromPath[str], desk: NamedDependency[Desk]) -> AnyResponse:
    return await _say(BlockUser, request, user_id, desk)


@delete("/contacts/{user_id:str}/block", status_code=200, opt=_of_one("Lift a block"))
async def unblock_user(
    request: AnyRequest, user_id: FromPath[str], desk: NamedDependency[Desk]
) -> AnyResponse:
    return await _say(UnblockUser, request, user_id, desk)


ROUTES = [list_contacts, save_contact, remove_contact, block_user, unblock_user]
