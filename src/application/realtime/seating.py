"""How many connections a person may have, on all servers together: the one too many is the one that is refused."""

import asyncio
from collections import defaultdict
from contextlib import suppress

from application.ports.seats import Seats
from domain.shared.errors import Unavailable
from domain.shared.ids import UserId

AT_MOST = 20
KEPT_EVERY_SECONDS = 20.0


class Seating:
    """One per process. Where nobody can say how many there are elsewhere, those that are here count. ``leave`` never
    raises; ``run`` keeps the seats of who is here until cancelled.
    """

    def __init__(
        self, seats: Seats, *, at_most: int = AT_MOST, keep_every: float = KEPT_EVERY_SECONDS
    ) -> None:
        self._seats = seats
        self._at_most = at_most
        self._keep_every = keep_every
        self._here: dict[UserId, set[str]] = defaultdict(set)

    async def take(self, user_id: UserId, connection_id: str) -> bool:
        """Whether there is room for one more connection of a person; if so, it is its."""
        if len(self._here.get(user_id, ())) >= self._at_most:
            return False
        self._here[user_id].add(connection_id)
        try:
            has_room = await self._seats.take(user_id, connection_id, self._at_most)
        except Unavailable:
            return True
        except BaseException:
            self._forget(user_id, connection_id)
            raise
        if not has_room:
            self._forget(user_id, connection_id)
        return has_room

    async def leave(self, user_id: UserId, connection_id: str) -> None:
        """Make room for another."""
        self._forget(user_id, connection_id)
        with suppress(Unavailable):  # then it runs out
            await self._seats.leave(user_id, connection_id)

    async def run(self) -> None:
        """Keep the seats of those who are here, for ever."""
        while True:
            await asyncio.sleep(self._keep_every)
            with suppress(Unavailable):
                await self._seats.keep({user_id: list(ids) for user_id, ids in self._here.items()})

    def _forget(self, user_id: UserId, connection_id: str) -> None:
        here = self._here.get(user_id, set())
        here.discard(connection_id)
        if not here:
            self._here.pop(user_id, None)
