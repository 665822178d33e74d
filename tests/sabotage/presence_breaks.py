"""Ways in which presence may be wrong, each named after what it does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from adapters.memory.presence import MemoryMirror, MemoryPresences, Roster
from adapters.memory.system import MemoryClock
from application.ports.presence import Presence
from domain.shared.ids import UserId


class BelievesTheDead(MemoryPresences):
    """Does not look at how old a server's word is."""

    async def of(self, user_ids: Sequence[UserId]) -> dict[UserId, Presence]:
        found = await super().of(user_ids)
        return {id: replace(each, online=id in self._roster.until) for id, each in found.items()}


class TakesOthersAlong(MemoryPresences):
    """Lets people leave every server."""

    async def leave(self, user_ids: Sequence[UserId], *, after: float = 0.0) -> set[UserId]:
        for id in user_ids:
            self._roster.until.pop(id, None)
        return await super().leave(user_ids, after=after)


class EverybodyIsNew(MemoryPresences):
    """Says of each heartbeat that somebody came."""

    async def beat(self, user_ids: Sequence[UserId]) -> set[UserId]:
        await super().beat(user_ids)
        return set(user_ids)


class SeesTheAbsent(MemoryPresences):
    """Takes the leaving of who was not there for having seen them."""

    async def leave(self, user_ids: Sequence[UserId], *, after: float = 0.0) -> set[UserId]:
        gone = await super().leave(user_ids, after=after)
        self._roster.seen.update(dict.fromkeys(user_ids, self._clock.now()))
        return gone


class LeavesAtOnce(MemoryPresences):
    """Does not wait when asked to."""

    async def leave(self, user_ids: Sequence[UserId], *, after: float = 0.0) -> set[UserId]:
        return await super().leave(user_ids)


class ForgetsTheOffline(MemoryPresences):
    """Knows of last seen only while somebody is there."""

    async def of(self, user_ids: Sequence[UserId]) -> dict[UserId, Presence]:
        found = await super().of(user_ids)
        return {id: each if each.online else replace(each, last_seen_at=None) for id, each in found.items()}


class GoesBack(MemoryMirror):
    """Believes the last writer, not the latest time."""

    async def write(self, presences: Mapping[UserId, Presence]) -> None:
        for id, presence in presences.items():
            if id in self._store.users:
                self._store.mirror[id] = (presence.online, presence.last_seen_at)


def _with(
    kind: type[MemoryPresences],
) -> Callable[[MemoryClock, float], tuple[MemoryPresences, MemoryPresences]]:
    def make(clock: MemoryClock, lifetime: float) -> tuple[MemoryPresences, MemoryPresences]:
        roster = Roster()
        return kind(roster, clock, lifetime=lifetime), kind(roster, clock, lifetime=lifetime)

    return make


two_servers = _with(MemoryPresences)
PRESENCE_BREAKS = {
    "a dead server's people stay online": _with(BelievesTheDead),
    "leaving one server is leaving all": _with(TakesOthersAlong),
    "every heartbeat is an arrival": _with(EverybodyIsNew),
    "who leaves without being there is seen": _with(SeesTheAbsent),
    "leaving after a while is leaving at once": _with(LeavesAtOnce),
    "last seen ends with being online": _with(ForgetsTheOffline),
}
