"""What leaves a process, or would if this were not memory: outbox, command log, broker, limits, health."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from adapters.memory import constraints
from adapters.memory.store import MemoryStore
from application.ports.command_log import LogEntry
from application.ports.events import Backlog, Delivery, Frame, Interrupted
from application.ports.limits import Rate, Verdict
from application.ports.system import Clock
from domain.shared.ids import ConversationId, EventId

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
SWEEP_ABOVE = 10_000


class MemoryOutbox:
    """Frames as they were committed, until they are marked and pruned. The claim belongs to this object."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def pending(self, older_than: datetime, limit: int) -> list[Frame]:
        frames = (self._store.frames[id] for id in self._store.unmarked if id not in self._store.parked)
        waiting = [frame for frame in frames if frame.at < older_than]
        return sorted(waiting, key=lambda frame: (frame.aggregate_id, frame.revision))[:limit]

    async def mark(self, ids: Sequence[EventId], at: datetime) -> None:
        for id in ids:
            self._store.unmarked.pop(id, None)
            self._store.parked.pop(id, None)

    async def since(self, conversation_id: ConversationId, revision: int, limit: int) -> list[Frame]:
        told = self._store.revisions.get(conversation_id, {})
        above = sorted(number for number in told if number > revision)
        return [self._store.frames[told[number]] for number in above[:limit]]

    async def since_each(
        self, positions: Mapping[ConversationId, int], limit: int
    ) -> dict[ConversationId, list[Frame]]:
        found = {id: await self.since(id, revision, limit) for id, revision in positions.items()}
        return {id: frames for id, frames in found.items() if frames}

    async def park(self, id: EventId, reason: str) -> None:
        if id in self._store.unmarked:
            self._store.parked[id] = reason

    async def retry(self) -> int:
        count = len(self._store.parked)
        self._store.parked.clear()
        return count

    async def backlog(self) -> Backlog:
        waiting = [self._store.frames[id] for id in self._store.unmarked if id not in self._store.parked]
        oldest = min((frame.at for frame in waiting), default=None)
        return Backlog(pending=len(waiting), oldest=oldest, parked=len(self._store.parked))

    async def prune(self, before: datetime) -> int:
        """Forget marked frames older than ``before``; returns how many. What nobody marked stays."""
        store = self._store
        old = [frame for id, frame in store.frames.items() if id not in store.unmarked and frame.at < before]
        for frame in old:
            del store.frames[frame.id]
            if frame.revision:
                del store.revisions[ConversationId(frame.aggregate_id)][frame.revision]
        return len(old)

    async def claim(self) -> bool:
        if self._store.outbox_owner is None:
            self._store.outbox_owner = self
        return self._store.outbox_owner is self

    async def release(self) -> None:
        if self._store.outbox_owner is self:
            self._store.outbox_owner = None


class MemoryCommandLog:
    """Every command in the order in which it took effect. Units of work write to it by their commit."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def answer(self, idempotency_key: str, not_before: datetime) -> LogEntry | None:
        known = self._store.answers.get(idempotency_key)
        entry = None if known is None else self._store.log[known]
        return entry if entry is not None and entry.at >= not_before else None

    async def note(self, entry: LogEntry) -> None:
        constraints.require_new_record(self._store, [entry], ())
        self._store.put_entry(entry)

    async def accepted(self) -> AsyncIterator[LogEntry]:
        for entry in list(self._store.log.values()):
            if entry.refused is None:
                yield entry

    async def forget_answers(self, before: datetime) -> int:
        """Let go of keys and answers from before ``before``; the entries stay. Returns how many."""
        store = self._store
        old = {key: store.log[id] for key, id in store.answers.items() if store.log[id].at < before}
        for key, entry in old.items():
            del store.answers[key]
            store.log[entry.id] = replace(entry, idempotency_key=None, fingerprint=None, result=None)
        return len(old)


class MemorySubscription:
    """What one listener asked for, and what has arrived. There is no line, so none is ever lost."""

    def __init__(self) -> None:
        self._channels: set[str] = set()
        self._arrived: asyncio.Queue[Delivery | None] = asyncio.Queue()
        self.is_closed = False

    async def add(self, channels: Sequence[str]) -> None:
        self._channels.update(channels)

    async def remove(self, channels: Sequence[str]) -> None:
        self._channels.difference_update(channels)

    async def deliveries(self) -> AsyncIterator[Delivery | Interrupted]:
        while not self.is_closed:
            delivery = await self._arrived.get()
            if delivery is not None and delivery.channel in self._channels:
                yield delivery

    async def close(self) -> None:
        """End ``deliveries``; closing twice is closing once."""
        self.is_closed = True
        self._channels.clear()
        self._arrived.put_nowait(None)

    def hear(self, delivery: Delivery) -> None:
        """Queue what was published, if it is listened to at this moment."""
        if delivery.channel in self._channels:
            self._arrived.put_nowait(delivery)


class MemoryBroker:
    """Hands frames to the subscriptions of this process; they are there before ``publish`` returns."""

    def __init__(self) -> None:
        self._subscriptions: list[MemorySubscription] = []

    async def publish(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            for channel in frame.channels:
                delivery = Delivery(channel, frame.event_type, frame.revision, frame.body)
                for subscription in self._subscriptions:
                    subscription.hear(delivery)

    async def subscribe(self) -> MemorySubscription:
        self._subscriptions = [each for each in self._subscriptions if not each.is_closed]
        self._subscriptions.append(MemorySubscription())
        return self._subscriptions[-1]

    async def ping(self) -> None:
        return None


class MemoryLimits:
    """The generic cell rate algorithm on whole microseconds. Of each key the theoretical arrival time is kept
    (ITU-T I.371): when its budget will be whole again. Keys whose budget is whole are forgotten.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: dict[tuple[str, str], int] = {}
        self._sweep_above = SWEEP_ABOVE

    async def take(self, rate: Rate, key: str, permits: int = 1) -> Verdict:
        now = (self._clock.now() - _EPOCH) // _MICROSECOND
        interval = max(1, round(rate.period / rate.per_period * 1_000_000))
        whole, cost = interval * rate.burst, interval * min(permits, rate.burst)
        name = (rate.name, key)
        # A time further ahead than a whole budget comes from a clock set back, and is cut down.
        due = min(max(self._due.get(name, now), now), now + whole)
        early = due + cost - whole - now
        if early > 0:
            return Verdict(allowed=False, remaining=0, retry_after=-(-early // 1000) / 1000)
        self._due[name] = due + cost
        if len(self._due) > self._sweep_above:
            self._sweep(now)
        return Verdict(allowed=True, remaining=(whole - (due + cost - now)) // interval, retry_after=0.0)

    def _sweep(self, now: int) -> None:
        self._due = {name: due for name, due in self._due.items() if due > now}
        self._sweep_above = max(SWEEP_ABOVE, 2 * len(self._due))


class MemoryHealth:
    """As well as it is said to be: ``ailments`` are reported for as long as they stand in the list given."""

    def __init__(self, ailments: Sequence[str] = ()) -> None:
        self._ailments = ailments

    async def ailments(self) -> list[str]:
        return list(self._ailments)
