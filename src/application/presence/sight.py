"""Looking at presence: live state, settings and relations brought together, for one viewer or for many."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.ports.presence import Presence, Presences
from application.ports.readers import Profile, Profiles, Relations
from application.presence.views import PresenceView, shown
from domain.identity.settings import Relation
from domain.shared.ids import UserId


@dataclass(frozen=True, slots=True)
class Seen:
    """A view, and after how many seconds it may be wrong although nothing was heard; None when it cannot."""

    view: PresenceView
    holds_for: float | None


class Sight:
    """Presence as people may see it. Three reads, whatever the number; who does not exist is left out.

    Promise: nothing reaches a viewer whom either side's settings, or a block, do not admit.
    """

    def __init__(self, profiles: Profiles, relations: Relations, presences: Presences) -> None:
        self._profiles = profiles
        self._relations = relations
        self._presences = presences

    async def of(self, viewer: UserId, targets: Sequence[UserId]) -> dict[UserId, Seen]:
        """How one person sees several."""
        others = [*dict.fromkeys(targets)]
        if not others:
            return {}
        profiles = await self._profiles.of([*dict.fromkeys([*others, viewer])])
        relations = await self._between(viewer, others)
        presences = await self._presences.of(others)
        me = profiles.get(viewer)
        return {
            id: _seen(me, profiles[id], relations[id], presences.get(id)) for id in others if id in profiles
        }

    async def by(self, viewers: Sequence[UserId], target: UserId) -> dict[UserId, Seen]:
        """How several people see one, by viewer."""
        others = [*dict.fromkeys(viewers)]
        profiles = await self._profiles.of([*dict.fromkeys([*others, target])]) if others else {}
        if target not in profiles:
            return {}
        relations = await self._between(target, others)
        presence = (await self._presences.of([target])).get(target)
        return {
            id: _seen(profiles[id], profiles[target], relations[id].seen_from_target(), presence)
            for id in others
            if id in profiles
        }

    async def _between(self, one: UserId, others: Sequence[UserId]) -> dict[UserId, Relation]:
        relations = await self._relations.between(one, [id for id in others if id != one])
        return {**relations, one: Relation(is_self=True)}


def _seen(viewer: Profile | None, target: Profile, relation: Relation, presence: Presence | None) -> Seen:
    is_online, last_seen_at = shown(
        viewer=None if viewer is None else viewer.settings,
        target=target,
        relation=relation,
        presence=presence,
    )
    view = PresenceView(user_id=target.user.id, is_online=is_online, last_seen_at=last_seen_at)
    return Seen(view, presence.alive_for if is_online and presence is not None else None)
