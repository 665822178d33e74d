"""How much is unread in all: what a badge shows."""

from msgspec import Struct

from application.access.identity import authenticated
from application.bus.messages import Query, QueryScope
from application.ports.readers import ConversationReader


class Unread(Struct, frozen=True, kw_only=True):
    """Conversations with something unread, and their unread messages; more than 99 of one count as 100."""

    conversations: int
    messages: int


class CountUnread(Query[Unread], frozen=True, kw_only=True):
    """What I archived or muted is left out."""

    access = authenticated


async def handle(query: CountUnread, scope: QueryScope, *, conversations: ConversationReader) -> Unread:
    with_news, messages = await conversations.unread(scope.user_id, scope.now)
    return Unread(conversations=with_news, messages=messages)
