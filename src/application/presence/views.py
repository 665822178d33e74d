"""How somebody's presence looks to a certain viewer: the one place that decides it."""

from typing import NamedTuple

import msgspec

from application.ports.presence import Presence
from application.ports.readers import Profile
from application.views import Moment
from domain.identity.settings import Relation, Settings, visibility
from domain.shared.ids import UserId
from domain.shared.values import moment


class PresenceView(msgspec.Struct, frozen=True, kw_only=True):
    """Whether somebody is online, and when they were last there. Both are null when hidden from the viewer.

    While online, ``last_seen_at`` is the latest heartbeat; null of somebody who never was there.
    """

    user_id: UserId
    is_online: bool | None
    last_seen_at: Moment | None

    def says_the_same_as(self, other: "PresenceView | None") -> bool:
        """Whether a viewer who knows ``other`` would learn nothing. Heartbeats of who is online are no news."""
        if other is None or self.is_online is not other.is_online:
            return False
        return self.is_online is True or self.last_seen_at == other.last_seen_at


class PresenceList(msgspec.Struct, frozen=True, kw_only=True):
    """Several people's presence; who does not exist is left out."""

    items: list[PresenceView]


class Shown(NamedTuple):
    """What a viewer may know of somebody's presence."""

    is_online: bool | None
    last_seen_at: Moment | None


HIDDEN = Shown(None, None)


def shown(
    *, viewer: Settings | None, target: Profile, relation: Relation, presence: Presence | None
) -> Shown:
    """``target``'s presence as ``viewer`` may see it. Hidden, too, when nobody can say how it is.

    What the store remembers counts only as the last seen of people the servers know nothing of any more.
    """
    if presence is None or not target.user.is_active:
        return HIDDEN
    if not visibility(target=target.settings, viewer=viewer or target.settings, relation=relation).presence:
        return HIDDEN
    seen = presence.last_seen_at or target.last_seen_at
    return Shown(presence.online, None if seen is None else moment(seen))
