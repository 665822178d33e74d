"""My conversation list, read from its own table, and one conversation of it."""

from datetime import datetime

import msgspec

from application.access.conversations import took_part
from application.access.identity import authenticated
from application.bus.messages import Query, QueryScope
from application.conversation.views import ConversationView, LastMessage, ListEntry
from application.cursors import Cursors
from application.identity.people import People
from application.ports.readers import ConversationReader, Entry, EntryKey
from application.views import Page, PageSize
from domain.shared.errors import ConversationNotFound
from domain.shared.ids import ConversationId, UserId
from domain.shared.values import moment


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of the list ended."""

    pinned_at: datetime | None
    last_activity_at: datetime
    conversation_id: ConversationId


class ListConversations(Query[Page[ListEntry]], frozen=True, kw_only=True):
    """Pinned ones first (latest pin first), then by latest activity."""

    access = authenticated

    archived: bool = False
    left: bool = False
    cursor: str | None = None
    limit: PageSize = 50


async def list_mine(
    query: ListConversations,
    scope: QueryScope,
    *,
    conversations: ConversationReader,
    people: People,
    cursors: Cursors,
) -> Page[ListEntry]:
    list_name = f"conversations:{scope.user_id}:{query.archived}:{query.left}"
    place = cursors.open(list_name, query.cursor, Place)
    after = (
        None
        if place is None
        else EntryKey(
            pinned_at=place.pinned_at,
            last_activity_at=place.last_activity_at,
            conversation_id=place.conversation_id,
        )
    )
    entries = await conversations.page(
        scope.user_id,
        archived=query.archived,
        left=query.left,
        after=after,
        limit=query.limit + 1,
        now=scope.now,
    )
    shown = entries[: query.limit]
    views = await entries_as_seen(scope.user_id, shown, people)
    last = shown[-1] if len(entries) > query.limit else None
    cursor = (
        None
        if last is None
        else cursors.seal(list_name, Place(last.me.pinned_at, last.last_activity_at, last.conversation.id))
    )
    return Page(items=views, next_cursor=cursor)


class GetConversation(Query[ConversationView], frozen=True, kw_only=True):
    """One conversation that I take or took part in."""

    access = authenticated & took_part

    conversation_id: ConversationId


async def get_one(
    query: GetConversation, scope: QueryScope, *, conversations: ConversationReader, people: People
) -> ConversationView:
    entry = await conversations.entry(scope.user_id, query.conversation_id, scope.now)
    if entry is None:
        raise ConversationNotFound
    return (await entries_as_seen(scope.user_id, [entry], people))[0].conversation


async def entries_as_seen(viewer: UserId, entries: list[Entry], people: People) -> list[ListEntry]:
    """Entries of somebody's list with what they may see of the other sides."""
    peers = await people.peers(viewer, [entry.peer_id for entry in entries if entry.peer_id is not None])
    views = []
    for entry in entries:
        peer = None if entry.peer_id is None else peers.get(entry.peer_id)
        views.append(
            ListEntry(
                conversation=ConversationView.of_entry(
                    entry,
                    None if peer is None else peer.user,
                    with_reads=entry.peer_id is None or (peer is not None and peer.shares_reads),
                ),
                last_message=LastMessage.of(entry.last_message) if entry.last_message else None,
                unread_count=entry.unread_count,
                last_activity_at=moment(entry.last_activity_at),
            )
        )
    return views
