"""Who is there: what servers know of it together, and the copy of it in the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.shared.ids import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Somebody as the servers know them. ``last_seen_at``: their last heartbeat, or when they left.

    ``alive_for``: the seconds for which they stay online if nothing more is heard of them; 0 when offline.
    """

    online: bool
    last_seen_at: datetime | None
    alive_for: float


NOBODY = Presence(online=False, last_seen_at=None, alive_for=0.0)
"""Of whom nothing is known."""


class Presences(Protocol):
    """One server's hand on what all servers share. Promise: somebody is online while any server beat for them
    within a lifetime and did not let them leave since.

    ``beat`` returns who was offline before; ``leave`` ends what this server said, at once or ``after`` so many
    seconds, and returns who is offline now. ``of`` answers for every id; who was never there is offline and never seen. Last seen is the last
    heartbeat, or the leaving, and outlives being offline. Raises ``Unavailable``.
    """

    async def beat(self, user_ids: Sequence[UserId]) -> set[UserId]: ...

    async def leave(self, user_ids: Sequence[UserId], *, after: float = 0.0) -> set[UserId]: ...

    async def of(self, user_ids: Sequence[UserId]) -> dict[UserId, Presence]: ...


class Mirror(Protocol):
    """The copy in the store. Promise: ``write`` says of each account whether it is online and when it was last
    seen, which never goes back, and changes nothing else of it; ids without an account, and erased
    ones, are passed over.
    ``online`` lists the accounts of which it says that they are online, in the order of ids, above ``after``.

    What was last written is ``Profile.last_seen_at``.
    """

    async def write(self, presences: Mapping[UserId, Presence]) -> None: ...

    async def online(self, *, after: UserId | None, limit: int) -> list[UserId]: ...
