"""Asking who is online."""

from typing import Annotated

from msgspec import Meta

from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.bus.messages import Query, QueryScope
from application.presence.sight import Sight
from application.presence.views import PresenceList
from domain.shared.ids import UserId


class GetPresence(Query[PresenceList], frozen=True, kw_only=True):
    """Who of several people is online, and when the others were last seen, as far as they let me know."""

    access = authenticated & rate_limit("look_ups")

    user_ids: Annotated[list[UserId], Meta(min_length=1, max_length=100)]


async def handle(query: GetPresence, scope: QueryScope, *, sight: Sight) -> PresenceList:
    seen = await sight.of(scope.user_id, query.user_ids)
    return PresenceList(items=[each.view for each in seen.values()])
