"""Showing people to people: the one place where profiles, relations and the privacy policy meet."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.identity.views import UserView, seen_by
from application.ports.presence import Presence, Presences
from application.ports.readers import Profiles, Relations
from domain.identity.settings import Relation
from domain.shared.errors import Unavailable
from domain.shared.ids import UserId


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody seen, and whether they and the viewer tell each other in direct conversations what they have read."""

    user: UserView
    shares_reads: bool


class People:
    """Views of people, each as a certain viewer may see them.

    Promise: no field reaches a viewer whom the person's settings, or a block, do not admit.
    """

    def __init__(self, profiles: Profiles, relations: Relations, presences: Presences) -> None:
        self._profiles = profiles
        self._relations = relations
        self._presences = presences

    async def seen_by(self, viewer: UserId, ids: Sequence[UserId]) -> dict[UserId, UserView]:
        """Everybody of ``ids`` who exists. Three reads, whatever the number."""
        return {id: peer.user for id, peer in (await self.peers(viewer, ids)).items()}

    async def peers(self, viewer: UserId, ids: Sequence[UserId]) -> dict[UserId, Peer]:
        """The same, as the other sides of the viewer's direct conversations."""
        if not ids:
            return {}
        profiles = await self._profiles.of([*dict.fromkeys([*ids, viewer])])
        others = [id for id in dict.fromkeys(ids) if id in profiles and id != viewer]
        relations = await self._relations.between(viewer, others) if others else {}
        relations[viewer] = Relation(is_self=True)
        mine = profiles[viewer].settings if viewer in profiles else None
        there = await self._there([id for id in dict.fromkeys(ids) if id in profiles])
        return {
            id: Peer(
                seen_by(mine, profiles[id], relations[id], presence),
                mine is not None and mine.read_receipts and profiles[id].settings.read_receipts,
            )
            for id, presence in there.items()
        }

    async def _there(self, ids: Sequence[UserId]) -> dict[UserId, Presence | None]:
        """Who is online; None where nobody can say, since people are shown all the same."""
        try:
            known = await self._presences.of(ids)
        except Unavailable:
            known = {}
        return {id: known.get(id) for id in ids}
