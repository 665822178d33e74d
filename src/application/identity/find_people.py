"""Finding people: one by id, several at once, or by the beginning of a name."""

from typing import Annotated

from msgspec import Meta, Struct

from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.bus.access import Gatekeepers
from application.bus.messages import Actor, Query, QueryScope
from application.cursors import Cursors
from application.identity.people import People
from application.identity.views import UserView
from application.ports.readers import Directory
from application.views import Page, PageSize
from domain.identity.user import identifier_kind
from domain.shared.errors import UserNotFound
from domain.shared.ids import UserId


class GetUser(Query[UserView], frozen=True, kw_only=True):
    """Somebody, as I may see them."""

    access = authenticated & rate_limit("look_ups")

    user_id: UserId


async def get_one(query: GetUser, scope: QueryScope, *, people: People) -> UserView:
    found = await people.seen_by(scope.user_id, [query.user_id])
    if query.user_id not in found:
        raise UserNotFound
    return found[query.user_id]


class GetUsers(Query[Page[UserView]], frozen=True, kw_only=True):
    """Several people, as I may see them, in the order asked for; unknown ids are left out."""

    access = authenticated & rate_limit("look_ups")

    ids: Annotated[list[UserId], Meta(min_length=1, max_length=100)]


async def get_many(query: GetUsers, scope: QueryScope, *, people: People) -> Page[UserView]:
    return Page(items=list((await people.seen_by(scope.user_id, query.ids)).values()))


async def _by_address(message: "FindPeople", actor: Actor, gate: Gatekeepers) -> str | None:
    """Whole addresses could be tried one after the other: they have a budget of their own."""
    kind = identifier_kind(message.query.strip())
    return str(actor.user_id) if kind is not None and kind[0] != "username" else None


class Place(Struct, frozen=True, array_like=True):
    """Where a page of people ended."""

    name: str
    user_id: UserId


class FindPeople(Query[Page[UserView]], frozen=True, kw_only=True):
    """The beginning of a username or display name, or a whole e-mail address or phone number."""

    access = authenticated & rate_limit("look_ups") & rate_limit("address_look_ups", _by_address)

    query: Annotated[str, Meta(min_length=2, max_length=254)]
    cursor: str | None = None
    limit: PageSize = 50


async def find(
    query: FindPeople, scope: QueryScope, *, directory: Directory, people: People, cursors: Cursors
) -> Page[UserView]:
    text = query.query.strip()
    kind = identifier_kind(text)
    if kind is not None and kind[0] != "username":
        person = await directory.by_contact(*kind)
        found = [] if person is None else [person]
        views = await people.seen_by(scope.user_id, [person.id for person in found])
        return Page(items=list(views.values()))
    list_name = f"people:{scope.user_id}:{text}"
    place = cursors.open(list_name, query.cursor, Place)
    after = None if place is None else (place.name, place.user_id)
    rows = await directory.by_prefix(text, after=after, limit=query.limit + 1)
    shown = rows[: query.limit]
    views = await people.seen_by(scope.user_id, [row.id for row in shown])
    last = shown[-1] if len(rows) > query.limit else None
    return Page(
        items=[views[row.id] for row in shown if row.id in views],
        next_cursor=None if last is None else cursors.seal(list_name, Place(last.username or "", last.id)),
    )
