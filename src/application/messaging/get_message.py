"""Looking at one message, and at who reacted to it."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from application.access.identity import authenticated
from application.access.messages import sees_message
from application.bus.messages import Query, QueryScope
from application.cursors import Cursors
from application.identity.people import People
from application.messaging.views import MessageView, Reacted
from application.ports.readers import MessageReader
from application.views import Page, PageSize
from domain.messaging.reaction import reaction_code
from domain.shared.errors import MessageNotFound
from domain.shared.ids import MessageId
from domain.shared.values import moment


class GetMessage(Query[MessageView], frozen=True, kw_only=True):
    """One message that I can see, also where I took part once."""

    access = authenticated & sees_message

    message_id: MessageId


async def get_one(query: GetMessage, scope: QueryScope, *, messages: MessageReader) -> MessageView:
    found = await messages.find(scope.user_id, query.message_id, scope.now)
    if found is None:
        raise MessageNotFound
    me, message = found
    return MessageView.as_seen(message, await messages.surroundings(me, [message], scope.now))


class Place(Struct, frozen=True, array_like=True):
    """Where a page of reactions ended."""

    created_at: datetime
    id: UUID


class ListReactions(Query[Page[Reacted]], frozen=True, kw_only=True):
    """Who reacted to a message, with one ``code`` or any, in the order in which they did."""

    access = authenticated & sees_message

    message_id: MessageId
    code: str | None = None
    cursor: str | None = None
    limit: PageSize = 50

    def __post_init__(self) -> None:
        """Raises ``Invalid``."""
        if self.code is not None:
            reaction_code(self.code, "/code")


async def list_reactions(
    query: ListReactions, scope: QueryScope, *, messages: MessageReader, people: People, cursors: Cursors
) -> Page[Reacted]:
    list_name = f"reactions:{scope.user_id}:{query.message_id}:{query.code}"
    place = cursors.open(list_name, query.cursor, Place)
    rows = await messages.reactions(
        query.message_id,
        reaction_code=query.code,
        after=None if place is None else (place.created_at, place.id),
        limit=query.limit + 1,
    )
    shown = rows[: query.limit]
    users = await people.seen_by(scope.user_id, [row.user_id for row in shown])
    items = [
        Reacted(user=users[row.user_id], reaction_code=row.reaction_code, created_at=moment(row.created_at))
        for row in shown
    ]
    last = shown[-1] if len(rows) > query.limit else None
    cursor = None if last is None else cursors.seal(list_name, Place(last.created_at, last.id))
    return Page(items=items, next_cursor=cursor)
