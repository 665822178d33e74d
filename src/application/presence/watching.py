"""What watchers know of those they watch, and telling them when it is no longer so.

Invariant: of every pair of a connection and somebody on its list, the last state sent to it is kept, and after
whatever may have changed the pair (a signal about either of them, a line that was lost, the time for which an
answer holds) the pair is looked at anew and the difference, if there is one, is sent. A signal only says where
to look; so signals that are doubled, turned round or lost with their line do no harm, and a backlog is a set of
people and no queue.

A list counts once its channels are confirmed and its answer is complete. What is signalled in between is looked
at afterwards, so that no event overtakes the answer with something older than it.
"""

import asyncio
import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice
from math import inf

from application.ports.events import Broker, Interrupted, Subscription
from application.ports.system import Clock
from application.presence.sight import Seen, Sight
from application.presence.signals import changed, channel_of, person_of
from application.presence.views import PresenceView
from application.realtime.channels import Connection
from application.realtime.outgoing import Outgoing
from domain.shared.errors import Unavailable
from domain.shared.ids import UserId

LOOKS_AT_ONCE = 4
AGAIN_AFTER_SECONDS = 1.0
A_MOMENT_SECONDS = 0.02


class Beginning:
    """A list on its way: whom it is about, and who of them may have changed meanwhile."""

    def __init__(self, people: Iterable[UserId]) -> None:
        self.people = frozenset(people)
        self.touched: set[UserId] = set()


class Watching:
    """One per process. ``run`` listens until cancelled; ``forget`` ends a connection's list."""

    def __init__(self, *, broker: Broker, sight: Sight, clock: Clock) -> None:
        self._broker = broker
        self._sight = sight
        self._clock = clock
        self._lists: dict[Connection, dict[UserId, PresenceView | None]] = {}
        self._beginning: dict[Connection, Beginning] = {}
        self._watchers: dict[UserId, set[Connection]] = defaultdict(set)
        self._devices: dict[UserId, set[Connection]] = defaultdict(set)
        self._heard: set[UserId] = set()
        self._deserted: set[UserId] = set()
        self._dirty: dict[UserId, None] = {}
        self._due: list[tuple[float, UserId]] = []
        self._due_at: dict[UserId, float] = {}
        self._wake = asyncio.Event()
        self._subscription: Subscription | None = None
        self._line = asyncio.Lock()

    async def start(self) -> None:
        """Open the line to the broker."""
        self._subscription = await self._broker.subscribe()

    async def stop(self) -> None:
        """Close it."""
        if self._subscription is not None:
            await self._subscription.close()

    async def run(self) -> None:
        """Hear signals, and look where they say, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._look())

    async def watch(self, connection: Connection, user_ids: Sequence[UserId]) -> list[PresenceView]:
        """Watch these and nobody else; who does not exist is not in the answer. Differences from the answer are
        delivered after it. Raises ``Unavailable``, and then the list is what it was.
        """
        beginning = Beginning([connection.user_id, *user_ids] if user_ids else ())
        self._beginning[connection] = beginning
        try:
            await self._hear(beginning.people)
            seen = await self._sight.of(connection.user_id, user_ids)
        except BaseException:
            self._end(connection, beginning)
            raise
        # Nothing is awaited from here on: the answer leaves before anybody looks again.
        self._replace(connection, {id: seen[id].view if id in seen else None for id in user_ids})
        for id, each in seen.items():
            self._look_when_due(id, each)
        self._end(connection, beginning)
        return [each.view for each in seen.values()]

    def forget(self, connection: Connection) -> None:
        """Watch nobody for a connection that is gone."""
        self._replace(connection, {})

    def _replace(self, connection: Connection, new: dict[UserId, PresenceView | None]) -> None:
        old = self._lists.pop(connection, {})
        for id in old:
            _drop(self._watchers, id, connection)
        _drop(self._devices, connection.user_id, connection)
        if new:
            self._lists[connection] = new
            self._devices[connection.user_id].add(connection)
            for id in new:
                self._watchers[id].add(connection)
        self._desert([connection.user_id, *old])

    def _end(self, connection: Connection, beginning: Beginning) -> None:
        if self._beginning.get(connection) is beginning:
            del self._beginning[connection]
        self._mark(beginning.touched)
        self._desert(beginning.people)

    async def _hear(self, people: Iterable[UserId]) -> None:
        if self._subscription is None:
            raise Unavailable("Watching has not started.")
        async with self._line:
            fresh = [id for id in people if id not in self._heard]
            if fresh:
                await self._subscription.add([channel_of(id) for id in fresh])
                self._heard.update(fresh)

    def _desert(self, people: Iterable[UserId]) -> None:
        """Stop hearing of whom nobody wants to hear any more, when there is time for it."""
        self._deserted.update(people)
        self._wake.set()

    async def _tidy(self) -> None:
        async with self._line:
            deserted, self._deserted = self._deserted, set()
            gone = [id for id in deserted & self._heard if not self._is_wanted(id)]
            if gone and self._subscription is not None:
                self._heard.difference_update(gone)
                await self._subscription.remove([channel_of(id) for id in gone])

    def _is_wanted(self, id: UserId) -> bool:
        if id in self._watchers or id in self._devices:
            return True
        return any(id in beginning.people for beginning in self._beginning.values())

    async def _listen(self) -> None:
        if self._subscription is None:
            raise Unavailable("Watching has not started.")
        async for item in self._subscription.deliveries():
            if isinstance(item, Interrupted):
                self._mark([*self._devices, *(connection.user_id for connection in self._beginning)])
            else:
                self._mark([person_of(item.channel)])

    def _mark(self, people: Iterable[UserId]) -> None:
        """Have these looked at again: by those who watch them, and whom they watch."""
        for id in people:
            if id in self._watchers or id in self._devices:
                self._dirty[id] = None
            for beginning in self._beginning.values():
                if id in beginning.people:
                    beginning.touched.add(id)
        if self._dirty:
            self._wake.set()

    async def _look(self) -> None:
        while True:
            await self._until_something_is_due()
            await self._tidy()
            some = list(islice(self._dirty, LOOKS_AT_ONCE))
            for id in some:
                del self._dirty[id]
            try:
                outcomes = await asyncio.gather(*map(self._look_at, some), return_exceptions=True)
            except asyncio.CancelledError:
                self._mark(some)
                raise
            failed = {id: each for id, each in zip(some, outcomes, strict=True) if each is not None}
            self._mark(failed)
            for error in failed.values():
                if not isinstance(error, Unavailable):
                    raise error
            if failed:
                await asyncio.sleep(AGAIN_AFTER_SECONDS)

    async def _look_at(self, person: UserId) -> None:
        """Look at every pair one person is part of, and send the differences."""
        viewers = [connection.user_id for connection in self._watchers.get(person, ())]
        watched = {id for device in self._devices.get(person, ()) for id in self._lists[device]}
        by_viewer = await self._sight.by(viewers, person)
        by_target = await self._sight.of(person, list(watched))
        for connection in list(self._watchers.get(person, ())):
            self._settle(connection, person, by_viewer.get(connection.user_id))
        for connection in list(self._devices.get(person, ())):
            for id in list(self._lists[connection]):
                self._settle(connection, id, by_target.get(id))

    def _settle(self, connection: Connection, target: UserId, seen: Seen | None) -> None:
        known = self._lists.get(connection)
        if seen is None or known is None or target not in known:
            return
        if connection in self._beginning:
            self._beginning[connection].touched.add(target)
            return
        if not seen.view.says_the_same_as(known[target]):
            connection.deliver(Outgoing(changed(seen.view, self._clock)))
        known[target] = seen.view
        self._look_when_due(target, seen)

    def _look_when_due(self, target: UserId, seen: Seen) -> None:
        """A server that dies gives no signal: look again when nothing vouches for the answer any more."""
        if seen.holds_for is None:
            return
        at = _now() + max(seen.holds_for, A_MOMENT_SECONDS) + A_MOMENT_SECONDS
        if at < self._due_at.get(target, inf):
            self._due_at[target] = at
            heapq.heappush(self._due, (at, target))
            self._wake.set()

    def _mark_due(self) -> None:
        while self._due and self._due[0][0] <= _now():
            at, target = heapq.heappop(self._due)
            if self._due_at.get(target) == at:
                del self._due_at[target]
                self._mark([target])

    async def _until_something_is_due(self) -> None:
        self._mark_due()
        while not self._dirty and not self._deserted:
            self._wake.clear()
            wait = self._due[0][0] - _now() if self._due else None
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            self._mark_due()


def _drop(places: dict[UserId, set[Connection]], id: UserId, connection: Connection) -> None:
    connections = places.get(id)
    if connections is not None:
        connections.discard(connection)
        if not connections:
            del places[id]


def _now() -> float:
    return asyncio.get_running_loop().time()
