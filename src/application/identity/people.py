"""Showing people to people: the one place where profiles, relations and the privacy policy meet."""

from collections.abc import Sequence

from application.identity.views import UserView, seen_by
from application.ports.readers import Profiles, Relations
from domain.identity.settings import Relation
from domain.shared.ids import UserId


class People:
    """Views of people, each as a certain viewer may see them.

    Promise: no field reaches a viewer whom the person's settings, or a block, do not admit.
    """

    def __init__(self, profiles: Profiles, relations: Relations) -> None:
        self._profiles = profiles
        self._relations = relations

    async def seen_by(self, viewer: UserId, ids: Sequence[UserId]) -> dict[UserId, UserView]:
        """Everybody of ``ids`` who exists. Two reads, whatever the number."""
        if not ids:
            return {}
        profiles = await self._profiles.of([*dict.fromkeys([*ids, viewer])])
        others = [id for id in dict.fromkeys(ids) if id in profiles and id != viewer]
        relations = await self._relations.between(viewer, others) if others else {}
        relations[viewer] = Relation(is_self=True)
        mine = profiles[viewer].settings if viewer in profiles else None
        return {id: seen_by(mine, profiles[id], relations[id]) for id in dict.fromkeys(ids) if id in profiles}

    async def sharing_receipts(self, viewer: UserId, ids: Sequence[UserId]) -> set[UserId]:
        """Those of ``ids`` with whom the viewer shares in direct conversations what was read: neither side
        has receipts off.
        """
        profiles = await self._profiles.of([*dict.fromkeys([*ids, viewer])]) if ids else {}
        if viewer not in profiles or not profiles[viewer].settings.read_receipts:
            return set()
        return {id for id in ids if id in profiles and profiles[id].settings.read_receipts}
