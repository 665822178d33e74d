"""Finding people: one by id, several at once, or by the beginning of a name."""

from typing import Annotated

from msgspec import Meta, Struct

from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.bus.messages import Query, QueryScope
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

    access = authenticated

    user_id: UserId


async def get_one(query: GetUser, scope: QueryScope, *, people: People) -> UserView:
    found = await people.seen_by(scope.user_id, [query.user_id])
    if query.user_id not in found:
        raise UserNotFound
    return found[query.user_id]


class Place(Struct, frozen=True, array_like=True):
    """Where a page of people ended."""

    name: str
    user_id: UserId


class FindPeople(Query[Page[UserView]], frozen=True, kw_only=True):
    """The beginning of a username or display name, or a whole e-mail address or phone number."""

    access = authenticated & rate_limit("look_ups")

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
