"""Who is connected here: said at once, kept alive by heartbeats, and taken back a while after they have gone.

The while is for those who come right back: their reconnecting shows nowhere. Whatever fails is tried again at
the next heartbeat, and a signal that could not be published is published then.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable

from application.ports.events import Broker
from application.ports.presence import Presences
from application.ports.system import Clock, Ids
from application.presence.mirroring import Mirroring
from application.presence.signals import signals
from domain.shared.errors import Unavailable
from domain.shared.ids import UserId

BEAT_EVERY_SECONDS = 10.0
LEAVE_AFTER_SECONDS = 5.0


class Attendance:
    """One per process. ``arrived`` and ``left`` are told once per connection, and neither wait nor raise;
    ``run`` does the work until cancelled; ``stop`` lets everybody leave who does not arrive elsewhere in time.
    """

    def __init__(
        self,
        *,
        presences: Presences,
        broker: Broker,
        mirroring: Mirroring,
        clock: Clock,
        ids: Ids,
        beat_every: float = BEAT_EVERY_SECONDS,
        leave_after: float = LEAVE_AFTER_SECONDS,
    ) -> None:
        self._presences = presences
        self._broker = broker
        self._mirroring = mirroring
        self._clock = clock
        self._ids = ids
        self._beat_every = beat_every
        self._leave_after = leave_after
        self._connections: Counter[UserId] = Counter()
        self._arrivals: set[UserId] = set()
        self._leaving: dict[UserId, float] = {}
        self._untold: set[UserId] = set()
        self._next_beat = 0.0
        self._wake = asyncio.Event()

    def arrived(self, user_id: UserId) -> None:
        """Somebody has one connection more."""
        self._connections[user_id] += 1
        if self._connections[user_id] == 1:
            self._leaving.pop(user_id, None)
            self._arrivals.add(user_id)
            self._wake.set()

    def left(self, user_id: UserId) -> None:
        """Somebody has one connection less."""
        self._connections[user_id] -= 1
        if self._connections[user_id] <= 0:
            del self._connections[user_id]
            self._leaving[user_id] = _now() + self._leave_after
            self._wake.set()

    async def run(self) -> None:
        """Say who arrived and who left, and beat for those who are here, for ever."""
        while True:
            await self._until_something_is_due()
            try:
                if _now() >= self._next_beat:
                    self._next_beat = _now() + self._beat_every
                    await self._beat([*self._connections, *self._not_due()])
                    await self._tell(())
                elif self._arrivals:
                    await self._beat(list(self._arrivals))
                await self._leave({id: at for id, at in self._leaving.items() if at <= _now()})
            except Unavailable:
                self._put_off()

    async def stop(self) -> None:
        """This server goes: its word holds for as long as it would have waited, and those who watch look twice."""
        people = [*self._connections, *self._leaving]
        self._connections.clear()
        self._leaving.clear()
        try:
            await self._presences.leave(people, after=self._leave_after)
            self._mirroring.note(people)
            await self._tell(people)
        except Unavailable:
            return  # their last heartbeat runs out

    async def _beat(self, people: list[UserId]) -> None:
        if not people:
            return
        said, self._arrivals = self._arrivals, set()
        try:
            came = await self._presences.beat(people)
        except Unavailable:
            # It may have been done: whether they were offline before is then known to nobody.
            self._arrivals |= said
            self._untold.update(people)
            raise
        self._mirroring.note(said | came)
        await self._tell(came)

    async def _leave(self, people: dict[UserId, float]) -> None:
        if not people:
            return
        gone = await self._presences.leave(list(people))
        for id, at in people.items():
            # Who came back in the meantime is among the arrivals, and is said to be here again.
            if self._leaving.get(id) == at:
                del self._leaving[id]
        self._mirroring.note(gone)
        await self._tell(gone)

    async def _tell(self, people: Iterable[UserId]) -> None:
        """Publish signals, those included that could not be published before."""
        self._untold.update(people)
        told = set(self._untold)
        if told:
            await self._broker.publish(signals(told, self._clock, self._ids))
            self._untold -= told

    def _not_due(self) -> list[UserId]:
        return [id for id, at in self._leaving.items() if at > _now()]

    def _put_off(self) -> None:
        """Leave everything to the next heartbeat."""
        for id, at in self._leaving.items():
            self._leaving[id] = max(at, self._next_beat)

    async def _until_something_is_due(self) -> None:
        due = min([self._next_beat, *self._leaving.values()])
        try:
            async with asyncio.timeout(max(0.0, due - _now())):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()


def _now() -> float:
    return asyncio.get_running_loop().time()
