"""What changed in one conversation since the revisions that a client knows.

The invariant: whoever applies page after page until ``has_more`` is false has what a client that fetches everything finds.
It holds because the head is read before the rows: what changes meanwhile has a higher revision, and comes next time.
"""

from typing import Annotated

from msgspec import Meta, Struct

from application.access.conversations import took_part
from application.access.identity import authenticated
from application.bus.messages import Query, QueryScope
from application.conversation.list_conversations import entries_as_seen
from application.conversation.views import ConversationView, Participation
from application.identity.people import People
from application.messaging.views import MessageView
from application.ports.readers import ConversationReader, MessageReader
from application.ports.syncing import Known, SyncReader
from application.views import PageSize
from domain.shared.errors import ConversationNotFound
from domain.shared.ids import ConversationId, MessageId

Revision = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class ConversationChanges(Struct, frozen=True, kw_only=True):
    """One page. ``messages`` have the latest state of each, by revision; ``revision`` and ``my_revision`` are to be passed next."""

    messages: list[MessageView]
    members_changed: bool
    conversation: ConversationView | None
    me: Participation | None
    hidden: list[MessageId]
    revision: int
    my_revision: int
    has_more: bool


class ListChanges(Query[ConversationChanges], frozen=True, kw_only=True):
    """``since_revision`` of the conversation, ``since_me`` of my own changes there; 0 for knowing nothing."""

    access = authenticated & took_part

    conversation_id: ConversationId
    since_revision: Revision = 0
    since_me: Revision = 0
    limit: PageSize = 50


async def handle(
    query: ListChanges,
    scope: QueryScope,
    *,
    sync: SyncReader,
    messages: MessageReader,
    conversations: ConversationReader,
    people: People,
) -> ConversationChanges:
    since = Known(query.since_revision, query.since_me)
    changes = await sync.changes(
        scope.user_id, query.conversation_id, since, limit=query.limit, now=scope.now
    )
    me = await conversations.membership(scope.user_id, query.conversation_id)
    if changes is None or me is None:
        raise ConversationNotFound
    beside = await messages.surroundings(me, changes.messages, scope.now)
    view = None
    if changes.info_changed or changes.me_changed:
        entry = await conversations.entry(scope.user_id, query.conversation_id, scope.now)
        if entry is None:
            raise ConversationNotFound
        view = (await entries_as_seen(scope.user_id, [entry], people))[0].conversation
    return ConversationChanges(
        messages=[MessageView.as_seen(message, beside) for message in changes.messages],
        members_changed=changes.members_changed,
        conversation=view if changes.info_changed else None,
        me=view.me if view is not None and changes.me_changed else None,
        hidden=changes.hidden,
        revision=changes.until.revision,
        my_revision=changes.until.my_revision,
        has_more=changes.has_more,
    )
