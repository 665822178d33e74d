"""A conversation's history, by sequence: the newest page, or the page before, after or around a message."""

from typing import Annotated

from msgspec import Meta, Struct

from application.access.conversations import took_part
from application.access.identity import authenticated
from application.bus.messages import Query, QueryScope
from application.messaging.views import MessageView
from application.ports.readers import ConversationReader, MessageReader
from application.views import PageSize
from domain.shared.errors import ConversationNotFound, Invalid
from domain.shared.ids import ConversationId

Place = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class History(Struct, frozen=True, kw_only=True):
    """Messages in ascending order, and whether there are more on either side."""

    items: list[MessageView]
    has_before: bool
    has_after: bool


class ListMessages(Query[History], frozen=True, kw_only=True):
    """At most one of ``before``, ``after`` and ``around``, each a sequence number; the newest by default."""

    access = authenticated & took_part

    conversation_id: ConversationId
    before: Place | None = None
    after: Place | None = None
    around: Place | None = None
    limit: PageSize = 50


async def handle(
    query: ListMessages,
    scope: QueryScope,
    *,
    messages: MessageReader,
    conversations: ConversationReader,
) -> History:
    given = [name for name in ("before", "after", "around") if getattr(query, name) is not None]
    if len(given) > 1:
        raise Invalid("Give at most one of before, after and around.", pointer=f"/{given[1]}")
    me = await conversations.membership(scope.user_id, query.conversation_id)
    if me is None:
        raise ConversationNotFound
    page = await messages.page(
        me,
        before=query.before,
        after=query.after,
        around=query.around,
        limit=query.limit,
        now=scope.now,
    )
    beside = await messages.surroundings(me, page.messages, scope.now)
    return History(
        items=[MessageView.as_seen(message, beside) for message in page.messages],
        has_before=page.has_before,
        has_after=page.has_after,
    )
