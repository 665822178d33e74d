"""Takes freshly committed frames to the broker at once, in the order of their commits, and marks them sent.

What fails here is not lost: it stays unmarked in the outbox, and the relay sweeps it.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from application.outbox.freshness import fit_to_publish
from application.ports.caches import Caches
from application.ports.events import Broker, Frame, Outbox
from application.ports.system import Clock
from domain.shared.errors import Unavailable
from domain.shared.ids import EventId

PUBLISH_AT_MOST = 500
QUEUE_AT_MOST = 50_000


class ImmediateCourier:
    """One per process. ``dispatch`` never waits and never raises; ``run`` does the work until cancelled."""

    def __init__(self, broker: Broker, outbox: Outbox, caches: Caches, clock: Clock) -> None:
        self._broker = broker
        self._outbox = outbox
        self._caches = caches
        self._clock = clock
        self._waiting: list[Frame] = []
        self._wake = asyncio.Event()

    def dispatch(self, frames: Sequence[Frame]) -> None:
        """Queue frames of one commit. Beyond the bound they are left to the relay, so memory stays flat."""
        if frames and len(self._waiting) < QUEUE_AT_MOST:
            self._waiting.extend(frames)
            self._wake.set()

    async def run(self) -> None:
        """Publish what is waiting, then mark it, for ever."""
        while True:
            await self._wake.wait()
            await self.flush()

    async def flush(self) -> None:
        """Publish and mark everything that waits now."""
        self._wake.clear()
        published: list[EventId] = []
        while self._waiting:
            batch, self._waiting = self._waiting[:PUBLISH_AT_MOST], self._waiting[PUBLISH_AT_MOST:]
            try:
                batch = await fit_to_publish(self._caches, batch)
                await self._broker.publish(batch)
            except Unavailable:
                continue
            published.extend(frame.id for frame in batch)
        await self._mark(published, self._clock.now())

    async def _mark(self, ids: list[EventId], at: datetime) -> None:
        if not ids:
            return
        try:
            await self._outbox.mark(ids, at)
        except Unavailable:
            # Unmarked means published again by the relay: hubs drop what they have seen.
            return
