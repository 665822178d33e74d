"""Keeps the store's copy of who is online: each person at most once a minute, and never read for the live answer.

A server writes of those it noticed something about. What a dead server left behind is put right by the one that
sweeps the outbox.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from application.errors import Collision
from application.outbox.relay import Relay
from application.ports.presence import Mirror, Presences
from domain.shared.errors import Unavailable
from domain.shared.ids import UserId

TURN_EVERY_SECONDS = 10.0
AGAIN_AFTER_SECONDS = 60.0
BATCH = 500


class Mirroring:
    """One per process. ``note`` neither waits nor raises; ``run`` writes until cancelled."""

    def __init__(
        self,
        *,
        mirror: Mirror,
        presences: Presences,
        relay: Relay,
        turn_every: float = TURN_EVERY_SECONDS,
        again_after: float = AGAIN_AFTER_SECONDS,
    ) -> None:
        self._mirror = mirror
        self._presences = presences
        self._relay = relay
        self._turn_every = turn_every
        self._again_after = again_after
        self._noted: set[UserId] = set()
        self._written: dict[UserId, float] = {}

    def note(self, user_ids: Iterable[UserId]) -> None:
        """Something may have changed about these."""
        self._noted.update(user_ids)

    async def run(self) -> None:
        """Take turns, for ever; an outage only delays them."""
        while True:
            await asyncio.sleep(self._turn_every)
            try:
                await self.write_noted()
                if self._relay.is_sweeping:
                    await self.correct()
            except (Unavailable, Collision):
                continue

    async def stop(self) -> None:
        """Write what may be written now; the rest is corrected by others, or after the next start."""
        with suppress(Unavailable, Collision):
            await self.write_noted()

    async def write_noted(self) -> None:
        """Write how those stand who were noted, but for those written of a moment ago: they wait."""
        due = [id for id in self._noted if self._may_write(id)]
        for start in range(0, len(due), BATCH):
            some = due[start : start + BATCH]
            now = _now()
            # What is noted from here on happened after the look, and is kept for another.
            self._noted.difference_update(some)
            try:
                await self._mirror.write(await self._presences.of(some))
            except BaseException:
                self._noted.update(some)
                raise
            self._written.update(dict.fromkeys(some, now))
        self._written = {id: at for id, at in self._written.items() if _now() - at < self._again_after}

    async def correct(self) -> None:
        """Find who the store believes to be online and is not, and write it."""
        last: UserId | None = None
        while some := await self._mirror.online(after=last, limit=BATCH):
            last = some[-1]
            presences = await self._presences.of(some)
            wrong = {
                id: presence
                for id, presence in presences.items()
                if not presence.online and self._may_write(id)
            }
            if wrong:
                await self._mirror.write(wrong)
                self._written.update(dict.fromkeys(wrong, _now()))

    def _may_write(self, id: UserId) -> bool:
        at = self._written.get(id)
        return at is None or _now() - at >= self._again_after


def _now() -> float:
    return asyncio.get_running_loop().time()
