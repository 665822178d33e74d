"""Ways in which seats may be wrong, each named after what it does."""

from collections.abc import Callable, Collection, Mapping

from adapters.memory.seats import MemorySeats
from adapters.memory.system import MemoryClock
from domain.shared.ids import UserId


class OneTooMany(MemorySeats):
    """Counts from nought."""

    async def take(self, user_id: UserId, connection_id: str, at_most: int) -> bool:
        return await super().take(user_id, connection_id, at_most + 1)


class RefusesTheSeated(MemorySeats):
    """Does not know who sits there already."""

    async def take(self, user_id: UserId, connection_id: str, at_most: int) -> bool:
        if len(self._until.get(user_id, ())) >= at_most:
            return False
        return await super().take(user_id, connection_id, at_most)


class HeldForEver(MemorySeats):
    """Keeps the seats of the dead."""

    async def take(self, user_id: UserId, connection_id: str, at_most: int) -> bool:
        taken = dict(self._until.get(user_id, {}))
        self._until[user_id] = dict.fromkeys(taken, self._clock.now() + self._lifetime)
        return await super().take(user_id, connection_id, at_most)


class KeepsNothing(MemorySeats):
    """Takes no notice of those who are still there."""

    async def keep(self, taken: Mapping[UserId, Collection[str]]) -> None:
        return None


class OneHall(MemorySeats):
    """Takes everybody for the same person."""

    async def take(self, user_id: UserId, connection_id: str, at_most: int) -> bool:
        seats = sum(map(len, self._until.values()))
        return seats < at_most and await super().take(user_id, connection_id, at_most)


class ClearsTheRow(MemorySeats):
    """Lets all of a person's connections leave with one."""

    async def leave(self, user_id: UserId, connection_id: str) -> None:
        self._until.pop(user_id, None)


def _with(kind: type[MemorySeats]) -> Callable[[MemoryClock, float], MemorySeats]:
    return lambda clock, lifetime: kind(clock, lifetime=lifetime)


seats = _with(MemorySeats)
SEAT_BREAKS = {
    "one connection more than there is room for": _with(OneTooMany),
    "whoever has a seat cannot take it again": _with(RefusesTheSeated),
    "a dead server's connections sit there for ever": _with(HeldForEver),
    "seats that are kept run out": _with(KeepsNothing),
    "one person's connections take another's seats": _with(OneHall),
    "one connection that leaves takes the others along": _with(ClearsTheRow),
}
