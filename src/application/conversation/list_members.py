"""Who takes part in a conversation, as another member may see them."""

from datetime import datetime

import msgspec

from application.access.conversations import participant
from application.access.identity import authenticated
from application.bus.messages import Query, QueryScope
from application.conversation.members import as_member
from application.conversation.views import Member
from application.cursors import Cursors
from application.identity.people import People
from application.ports.readers import ConversationReader, MemberKey
from application.views import Page, PageSize
from domain.conversation.participant import Role
from domain.shared.ids import ConversationId, UserId


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of members ended."""

    role: Role
    joined_at: datetime
    user_id: UserId


class ListMembers(Query[Page[Member]], frozen=True, kw_only=True):
    """By role, then by joining."""

    access = authenticated & participant

    conversation_id: ConversationId
    cursor: str | None = None
    limit: PageSize = 50


async def handle(
    query: ListMembers,
    scope: QueryScope,
    *,
    conversations: ConversationReader,
    people: People,
    cursors: Cursors,
) -> Page[Member]:
    list_name = f"members:{scope.user_id}:{query.conversation_id}"
    place = cursors.open(list_name, query.cursor, Place)
    after = (
        None
        if place is None
        else MemberKey(role=place.role, joined_at=place.joined_at, user_id=place.user_id)
    )
    rows = await conversations.members(query.conversation_id, after=after, limit=query.limit + 1)
    shown = rows[: query.limit]
    users = await people.seen_by(scope.user_id, [row.user_id for row in shown])
    items = [as_member(row, users[row.user_id]) for row in shown]
    last = shown[-1] if len(rows) > query.limit else None
    cursor = None if last is None else cursors.seal(list_name, Place(last.role, last.joined_at, last.user_id))
    return Page(items=items, next_cursor=cursor)
