"""Who may be made a member of a group, and how many there may be."""

from dataclasses import dataclass

from application.access.conversations import relations_with
from application.bus.messages import Scope
from domain.shared.errors import GroupFull
from domain.shared.ids import UserId


@dataclass(frozen=True, slots=True)
class GroupSize:
    """How many members a group may have."""

    at_most: int

    def require_room(self, members: int) -> None:
        """Raises ``GroupFull`` when so many would be too many."""
        if members > self.at_most:
            raise GroupFull


async def willing_to_join(scope: Scope, wanted: list[UserId]) -> set[UserId]:
    """Those of ``wanted`` who exist, are active, admit the asker to groups, and with whom there is no block.

    Their accounts stay as they are until the commit: whoever is erased, deactivated or blocks the asker at the same
    moment does so before, and is left out, or after.
    """
    if not wanted:
        return set()
    people = await scope.uow.users.hold(wanted)
    settings = await scope.uow.users.settings_of(list(people))
    relations = await relations_with(list(people), scope)
    return {
        id
        for id, person in people.items()
        if person.is_active and relations[id].reaches(settings[id].privacy_groups)
    }
