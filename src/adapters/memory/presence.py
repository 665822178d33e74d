"""Who is there, in memory: several servers may share one ``Roster``; and the store's copy of it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from adapters.memory.store import MemoryStore
from application.ports.presence import Presence
from application.ports.system import Clock
from domain.shared.ids import UserId

LIFETIME_SECONDS = 30.0


class Roster:
    """What servers know together: until when each of them vouches for whom, and when each was last seen."""

    def __init__(self) -> None:
        self.until: dict[UserId, dict[object, datetime]] = defaultdict(dict)
        self.seen: dict[UserId, datetime] = {}

    def alive_until(self, user_id: UserId, now: datetime) -> datetime:
        """The latest time somebody is vouched for; ``now`` when by nobody."""
        return max([now, *self.until.get(user_id, {}).values()])

    def tidy(self, user_id: UserId, now: datetime) -> None:
        """Forget what has run out."""
        live = {server: until for server, until in self.until[user_id].items() if until > now}
        self.until[user_id] = live
        if not live:
            del self.until[user_id]


class MemoryPresences:
    """The promise of ``Presences``. One object is one server; ``lifetime`` is how long a heartbeat counts."""

    def __init__(self, roster: Roster, clock: Clock, *, lifetime: float = LIFETIME_SECONDS) -> None:
        self._roster = roster
        self._clock = clock
        self._lifetime = timedelta(seconds=lifetime)

    async def beat(self, user_ids: Sequence[UserId]) -> set[UserId]:
        now, roster = self._clock.now(), self._roster
        were_offline = {id for id in user_ids if roster.alive_until(id, now) == now}
        for id in user_ids:
            roster.tidy(id, now)
            roster.until[id][self] = now + self._lifetime
            roster.seen[id] = now
        return were_offline

    async def leave(self, user_ids: Sequence[UserId], *, after: float = 0.0) -> set[UserId]:
        now, roster = self._clock.now(), self._roster
        for id in user_ids:
            if self in roster.until[id]:
                roster.until[id][self] = min(roster.until[id][self], now + timedelta(seconds=after))
                roster.seen[id] = now
            roster.tidy(id, now)
        return {id for id in user_ids if roster.alive_until(id, now) == now}

    async def of(self, user_ids: Sequence[UserId]) -> dict[UserId, Presence]:
        now, roster = self._clock.now(), self._roster
        left = {id: (roster.alive_until(id, now) - now).total_seconds() for id in user_ids}
        return {
            id: Presence(online=alive_for > 0, last_seen_at=roster.seen.get(id), alive_for=alive_for)
            for id, alive_for in left.items()
        }


class MemoryMirror:
    """What the store remembers of who is online."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def write(self, presences: Mapping[UserId, Presence]) -> None:
        for id, presence in presences.items():
            if id in self._store.users and self._store.users[id].erased_at is None:
                _, before = self._store.mirror.get(id, (False, None))
                times = [at for at in (before, presence.last_seen_at) if at is not None]
                self._store.mirror[id] = (presence.online, max(times, default=None))

    async def online(self, *, after: UserId | None, limit: int) -> list[UserId]:
        found = sorted(id for id, (online, _) in self._store.mirror.items() if online)
        return [id for id in found if after is None or id > after][:limit]
