"""Takes freshly committed frames to the broker at once, in the order of their commits, and marks them sent.

What fails here is not lost: it stays unmarked in the outbox, and the relay sweeps it.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

from application.failpoints import fails
from application.outbox.freshness import fit_to_publish
from application.ports.caches import Caches
from application.ports.events import Broker, Frame, Outbox
from application.ports.system import Clock
from domain.shared.errors import Unavailable
from domain.shared.ids import EventId

PUBLISH_AT_MOST = 500
QUEUE_AT_MOST = 50_000


class ImmediateCourier:
    """One per process. ``dispatch`` never waits and never raises; ``run`` does the work until cancelled.

    Publishing does not wait for marking: what is sent is marked while more is sent, however much there is to send.
    """

    def __init__(self, broker: Broker, outbox: Outbox, caches: Caches, clock: Clock) -> None:
        self._broker = broker
        self._outbox = outbox
        self._caches = caches
        self._clock = clock
        self._waiting: deque[Frame] = deque()
        self._published: list[EventId] = []
        self._wake = asyncio.Event()
        self._sent = asyncio.Event()

    def dispatch(self, frames: Sequence[Frame]) -> None:
        """Queue frames of one commit. Beyond the bound they are left to the relay, so memory stays flat."""
        if frames and len(self._waiting) < QUEUE_AT_MOST and not fails("courier.drop"):
            self._waiting.extend(frames)
            self._wake.set()

    async def run(self) -> None:
        """Publish what is waiting, and mark it, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._publish_for_ever())
            group.create_task(self._mark_for_ever())

    async def flush(self) -> None:
        """Publish and mark everything that waits now."""
        await self._publish()
        await self._mark()

    async def _publish_for_ever(self) -> None:
        while True:
            await self._wake.wait()
            await self._publish()

    async def _mark_for_ever(self) -> None:
        while True:
            await self._sent.wait()
            await self._mark()

    async def _publish(self) -> None:
        self._wake.clear()
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(PUBLISH_AT_MOST, len(self._waiting)))]
            try:
                batch = await fit_to_publish(self._caches, batch)
                if not fails("courier.publish"):
                    await self._broker.publish(batch)
            except Unavailable:
                continue
            self._published.extend(frame.id for frame in batch)
            self._sent.set()

    async def _mark(self) -> None:
        self._sent.clear()
        ids, self._published = self._published, []
        if not ids:
            return
        try:
            await self._outbox.mark(ids, self._clock.now())
        except Unavailable:
            # Unmarked means published again by the relay: hubs drop what they have seen.
            return
