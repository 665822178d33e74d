"""Whom I saved, and whom I block."""

from datetime import datetime

from msgspec import Struct

from application.access.identity import authenticated
from application.bus.messages import Query, QueryScope
from application.contacts.views import ContactView
from application.cursors import Cursors
from application.identity.people import People
from application.ports.readers import ContactReader
from application.views import Page, PageSize
from domain.shared.ids import UserId


class Place(Struct, frozen=True, array_like=True):
    """Where a page of contacts ended."""

    created_at: datetime
    user_id: UserId


class ListContacts(Query[Page[ContactView]], frozen=True, kw_only=True):
    """``blocked``: null for everybody I saved, false for those of them I do not block, true for all I block."""

    access = authenticated

    blocked: bool | None = None
    cursor: str | None = None
    limit: PageSize = 50


async def handle(
    query: ListContacts, scope: QueryScope, *, contacts: ContactReader, people: People, cursors: Cursors
) -> Page[ContactView]:
    list_name = f"contacts:{scope.user_id}:{query.blocked}"
    place = cursors.open(list_name, query.cursor, Place)
    rows = await contacts.page(
        scope.user_id,
        blocked=query.blocked,
        after=None if place is None else (place.created_at, place.user_id),
        limit=query.limit + 1,
    )
    shown = rows[: query.limit]
    users = await people.seen_by(scope.user_id, [row.contact_user_id for row in shown])
    last = shown[-1] if len(rows) > query.limit else None
    return Page(
        items=[ContactView.of(row, users[row.contact_user_id]) for row in shown],
        next_cursor=None
        if last is None
        else cursors.seal(list_name, Place(last.created_at, last.contact_user_id)),
    )
