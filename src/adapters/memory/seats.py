"""Seats in memory: of this process, or of all that share the object."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from application.ports.system import Clock
from domain.shared.ids import UserId

LIFETIME_SECONDS = 60.0


class MemorySeats:
    """The promise of ``Seats``."""

    def __init__(self, clock: Clock, *, lifetime: float = LIFETIME_SECONDS) -> None:
        self._clock = clock
        self._lifetime = timedelta(seconds=lifetime)
        self._until: dict[UserId, dict[str, datetime]] = defaultdict(dict)

    async def take(self, user_id: UserId, connection_id: str, at_most: int) -> bool:
        now = self._clock.now()
        taken = {id: until for id, until in self._until.pop(user_id, {}).items() if until > now}
        if taken:
            self._until[user_id] = taken
        if connection_id not in taken and len(taken) >= at_most:
            return False
        self._until[user_id][connection_id] = now + self._lifetime
        return True

    async def keep(self, taken: Mapping[UserId, Collection[str]]) -> None:
        until = self._clock.now() + self._lifetime
        for user_id, connection_ids in taken.items():
            self._until[user_id].update(dict.fromkeys(connection_ids, until))

    async def leave(self, user_id: UserId, connection_id: str) -> None:
        taken = self._until.get(user_id, {})
        taken.pop(connection_id, None)
        if not taken:
            self._until.pop(user_id, None)
