"""Which conversations changed, came or went since a client was last here: one question for all of them.

The invariant: of one person's conversations each next one has the next number of arrival, in commit order. So whoever has
the cursor of a page has everything that arrived before it, and whatever arrives later comes after it.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.bus.messages import Query, QueryScope
from application.conversation.list_conversations import entries_as_seen
from application.conversation.views import ListEntry
from application.cursors import Cursors
from application.identity.people import People
from application.ports.syncing import ArrivalKey, Known, SyncReader
from application.syncing.list_changes import Revision
from domain.shared.ids import ConversationId

JOINED_AT_ONCE = 100
_NOWHERE = ConversationId(msgspec.convert("00000000-0000-0000-0000-000000000000", ConversationId))


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of arrivals ended."""

    arrival: int
    conversation_id: ConversationId


class Changed(Struct, frozen=True, kw_only=True):
    """A conversation that is not as the client knows it: ask for its changes."""

    conversation_id: ConversationId
    revision: int
    my_revision: int
    last_sequence: int
    unread_count: int


class Synchronised(Struct, frozen=True, kw_only=True):
    """``left``: mine no longer, never mine, or unknown, which look alike. ``cursor`` is to be passed next."""

    changed: list[Changed]
    joined: list[ListEntry]
    left: list[ConversationId]
    cursor: str
    has_more: bool


class Synchronise(Query[Synchronised], frozen=True, kw_only=True):
    """``revisions``: what I know of each, the conversation's and my own. Without a cursor, everything is new to me."""

    access = authenticated & rate_limit("commands")

    revisions: Annotated[dict[ConversationId, tuple[Revision, Revision]], Meta(max_length=1000)]
    cursor: str | None = None


async def handle(
    query: Synchronise, scope: QueryScope, *, sync: SyncReader, people: People, cursors: Cursors
) -> Synchronised:
    list_name = f"sync:{scope.user_id}"
    place = cursors.open(list_name, query.cursor, Place) or Place(-1, _NOWHERE)
    known = {id: Known(*numbers) for id, numbers in query.revisions.items()}
    standings, left = await sync.standings(scope.user_id, known, scope.now) if known else ([], [])
    after = ArrivalKey(place.arrival, place.conversation_id)
    found = await sync.joined(scope.user_id, after=after, limit=JOINED_AT_ONCE + 1, now=scope.now)
    shown = found[:JOINED_AT_ONCE]
    end = shown[-1][1] if shown else after
    return Synchronised(
        changed=[
            Changed(
                conversation_id=each.conversation_id,
                revision=each.at.revision,
                my_revision=each.at.my_revision,
                last_sequence=each.last_sequence,
                unread_count=each.unread_count,
            )
            for each in standings
        ],
        joined=await entries_as_seen(scope.user_id, [entry for entry, _ in shown], people),
        left=left,
        cursor=cursors.seal(list_name, Place(end.arrival, end.conversation_id)),
        has_more=len(found) > JOINED_AT_ONCE,
    )
