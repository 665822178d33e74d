"""Outbox, command log, broker, limits and health in memory."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from adapters.memory.store import MemoryStore
from application.ports.command_log import LogEntry
from application.ports.events import Delivery, Frame, Interrupted
from application.ports.limits import Rate, Verdict
from application.ports.system import Clock
from domain.shared.ids import ConversationId, EventId


class MemoryOutbox:
    """Frames kept until they are published, and a while longer."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def pending(self, older_than: datetime, limit: int) -> list[Frame]:
        waiting = [
            frame
            for id, frame in self._store.outbox.items()
            if id not in self._store.processed and frame.at < older_than
        ]
        return sorted(waiting, key=lambda frame: (frame.aggregate_id, frame.revision))[:limit]

    async def mark(self, ids: Sequence[EventId], at: datetime) -> None:
        self._store.processed |= dict.fromkeys(ids, at)

    async def since(self, conversation_id: ConversationId, revision: int, limit: int) -> list[Frame]:
        kept = [
            frame
            for frame in self._store.outbox.values()
            if frame.aggregate_id == conversation_id and frame.revision > revision
        ]
        return sorted(kept, key=lambda frame: frame.revision)[:limit]

    async def prune(self, before: datetime) -> int:
        old = [id for id in self._store.processed if self._store.outbox[id].at < before]
        for id in old:
            del self._store.outbox[id], self._store.processed[id]
        return len(old)

    async def claim(self) -> bool:
        return True

    async def release(self) -> None:
        return None


class MemoryCommandLog:
    """Every command with how it ended."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def answer(self, idempotency_key: str, not_before: datetime) -> LogEntry | None:
        return next(
            (e for e in self._store.log if e.idempotency_key == idempotency_key and e.at >= not_before), None
        )

    async def note(self, entry: LogEntry) -> None:
        self._store.log.append(entry)

    async def accepted(self) -> AsyncIterator[LogEntry]:
        for entry in list(self._store.log):
            if entry.refused is None:
                yield entry

    async def forget_answers(self, before: datetime) -> int:
        old = [n for n, e in enumerate(self._store.log) if e.idempotency_key and e.at < before]
        for n in old:
            self._store.log[n] = replace(
                self._store.log[n], idempotency_key=None, fingerprint=None, result=None
            )
        return len(old)


class MemorySubscription:
    """One listener's channels and what has arrived on them."""

    def __init__(self, listeners: "set[MemorySubscription]") -> None:
        self._listeners = listeners
        self._channels: set[str] = set()
        self._arrived: asyncio.Queue[Delivery | None] = asyncio.Queue()
        listeners.add(self)

    def hear(self, delivery: Delivery) -> None:
        if delivery.channel in self._channels:
            self._arrived.put_nowait(delivery)

    async def add(self, channels: Sequence[str]) -> None:
        self._channels.update(channels)

    async def remove(self, channels: Sequence[str]) -> None:
        self._channels.difference_update(channels)

    async def deliveries(self) -> AsyncIterator[Delivery | Interrupted]:
        while (delivery := await self._arrived.get()) is not None:
            yield delivery

    async def close(self) -> None:
        self._listeners.discard(self)
        self._arrived.put_nowait(None)


class MemoryBroker:
    """Hands frames to the subscriptions of this process."""

    def __init__(self) -> None:
        self._listeners: set[MemorySubscription] = set()

    async def publish(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            for channel in frame.channels:
                for listener in list(self._listeners):
                    listener.hear(Delivery(channel, frame.event_type, frame.revision, frame.body))

    async def subscribe(self) -> MemorySubscription:
        return MemorySubscription(self._listeners)

    async def ping(self) -> None:
        return None


class MemoryLimits:
    """The generic cell rate algorithm per process. ``_due`` is each key's theoretical arrival time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: dict[tuple[str, str], datetime] = {}

    async def take(self, rate: Rate, key: str) -> Verdict:
        now = self._clock.now()
        if len(self._due) > 10_000:
            self._due = {name: due for name, due in self._due.items() if due > now}
        interval = timedelta(seconds=rate.period / rate.per_period)
        due = max(self._due.get((rate.name, key), now), now)
        allowed_at = due + interval - interval * rate.burst
        if now < allowed_at:
            return Verdict(allowed=False, remaining=0, retry_after=(allowed_at - now).total_seconds())
        self._due[rate.name, key] = due + interval
        remaining = int((now - allowed_at) / interval)
        return Verdict(allowed=True, remaining=remaining, retry_after=0.0)


class MemoryHealth:
    """Memory is always well."""

    async def ailments(self) -> list[str]:
        return []
