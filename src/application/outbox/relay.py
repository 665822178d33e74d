"""Sweeps the outbox: publishes what a dead or cut-off process left behind, and prunes what is old: events, and
answers kept for repeats.

One server does this at a time (``Outbox.claim``), and lets another try when it cannot. Order: of each conversation
by revision. An event published twice is dropped by the hubs; one never published is what this module exists to
prevent.
"""

import asyncio
from datetime import timedelta

from application.bus.bus import ANSWERS_ARE_KEPT
from application.failpoints import fails
from application.outbox.freshness import fit_to_publish
from application.ports.caches import Caches
from application.ports.command_log import CommandLog
from application.ports.events import Broker, Frame, Outbox
from application.ports.system import Clock
from domain.shared.errors import Unavailable

OLDER_THAN = timedelta(seconds=1)
KEPT_FOR = timedelta(hours=72)
SWEEP_EVERY_SECONDS = 0.5
SWEEPS_PER_PRUNE = 600
BATCH = 500
REASON_AT_MOST = 500


class Relay:
    """``run`` sweeps until cancelled; an outage of the database or the broker only delays it.

    ``is_sweeping``: whether this server is the one, as far as it knows.
    """

    def __init__(self, broker: Broker, outbox: Outbox, caches: Caches, clock: Clock, log: CommandLog) -> None:
        self._broker = broker
        self._outbox = outbox
        self._caches = caches
        self._log = log
        self._clock = clock
        self.is_sweeping = False

    async def run(self) -> None:
        """Sweep twice a second, prune every five minutes."""
        sweeps = 0
        try:
            while True:
                try:
                    self.is_sweeping = await self._outbox.claim()
                    if self.is_sweeping:
                        # Claimed again after each batch: the claim of whoever stands still ends.
                        while await self.sweep() == BATCH and await self._outbox.claim():
                            pass
                        sweeps += 1
                        if sweeps % SWEEPS_PER_PRUNE == 0:
                            await self._outbox.prune(self._clock.now() - KEPT_FOR)
                            await self._log.forget_answers(self._clock.now() - ANSWERS_ARE_KEPT)
                except Unavailable:
                    self.is_sweeping = False
                    # Another server may reach what this one does not.
                    await self._outbox.release()
                await asyncio.sleep(SWEEP_EVERY_SECONDS)
        finally:
            self.is_sweeping = False
            await self._outbox.release()

    async def sweep(self) -> int:
        """Publish and mark, or park, one batch of what is older than a second; returns its size. Raises ``Unavailable`` when
        some of it could not go out.
        """
        if fails("relay.sweep"):
            return 0
        pending = await self._outbox.pending(self._clock.now() - OLDER_THAN, BATCH)
        frames = await fit_to_publish(self._caches, pending)
        if frames:
            sent = await self._publish(frames)
            await self._outbox.mark([frame.id for frame in sent], self._clock.now())
        if len(frames) < len(pending):
            raise Unavailable
        return len(frames)

    async def _publish(self, frames: list[Frame]) -> list[Frame]:
        """Those that went out. One that can never go out is parked with the error, so that it holds up no other."""
        try:
            await self._broker.publish(frames)
        except Unavailable:
            raise
        except Exception as error:
            if len(frames) == 1:
                await self._outbox.park(frames[0].id, f"{type(error).__name__}: {error}"[:REASON_AT_MOST])
                return []
            return [sent for frame in frames for sent in await self._publish([frame])]
        return frames
