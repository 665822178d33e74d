"""Who is typing on this server's connections: when that is told, and when it is over although nobody says so.

Of each person and conversation, at most one start in three seconds is passed on, and what has not been said again for
six seconds is over. A server that dies tells nothing: clients let go by themselves of what is not renewed.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from application.ports.events import Broker
from application.ports.system import Clock, Ids
from application.realtime.channels import Connection
from application.typing.audience import Audience
from application.typing.whispers import STARTED, STOPPED, whisper
from domain.shared.errors import Unavailable
from domain.shared.ids import ConversationId, EventId, UserId

PASSED_ON_EVERY_SECONDS = 3.0
OVER_AFTER_SECONDS = 6.0

Key = tuple[UserId, ConversationId]


@dataclass(slots=True)
class Typist:
    """Somebody in one conversation: since when it is told, by which connection, and to whom it is not."""

    connection: Connection
    kept_from: frozenset[UserId]
    told_at: float
    timer: asyncio.TimerHandle
    is_typing: bool = True


class Typists:
    """One per process. ``start`` raises what sending would; ``stop`` and ``forget`` neither wait nor raise.

    ``close`` waits for what is on its way.
    """

    def __init__(
        self,
        *,
        audience: Audience,
        broker: Broker,
        clock: Clock,
        ids: Ids,
        every: float = PASSED_ON_EVERY_SECONDS,
        over_after: float = OVER_AFTER_SECONDS,
    ) -> None:
        self._every = every
        self._over_after = over_after
        self._audience = audience
        self._broker = broker
        self._clock = clock
        self._ids = ids
        self._typists: dict[Key, Typist] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def is_told(self, connection: Connection, place: ConversationId) -> bool:
        """Whether a start now would say nothing new. If so it counts as renewed, and costs nothing more."""
        key = connection.user_id, place
        known = self._typists.get(key)
        if known is None or _now() - known.told_at >= self._every:
            return False
        if known.is_typing:
            known.connection = connection
            known.timer.cancel()
            known.timer = self._over_in(self._over_after, key)
        return True

    async def start(self, connection: Connection, place: ConversationId) -> None:
        """Tell the others that somebody types."""
        kept_from = await self._audience.kept_from(connection.user_id, place)
        if kept_from is None:
            return
        key = connection.user_id, place
        if known := self._typists.pop(key, None):
            known.timer.cancel()
        self._typists[key] = Typist(connection, kept_from, _now(), self._over_in(self._over_after, key))
        await self._tell(STARTED, key, kept_from)

    def stop(self, connection: Connection, place: ConversationId) -> None:
        """Tell the others that it is over, if they think otherwise."""
        self._end((connection.user_id, place))

    def forget(self, connection: Connection) -> None:
        """A connection has gone, and with it what was typed on it."""
        for key in [key for key, typist in self._typists.items() if typist.connection is connection]:
            self._end(key)

    async def close(self) -> None:
        """Say what there is to be said, and nothing later."""
        for key in list(self._typists):
            self._end(key)
        for typist in self._typists.values():
            typist.timer.cancel()
        self._typists.clear()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _end(self, key: Key) -> None:
        typist = self._typists.get(key)
        if typist is None or not typist.is_typing:
            return
        typist.is_typing = False
        typist.timer.cancel()
        # Kept for as long as another start would come too soon.
        typist.timer = self._over_in(self._every - (_now() - typist.told_at), key)
        self._later(self._tell(STOPPED, key, typist.kept_from))

    def _over_in(self, seconds: float, key: Key) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(max(0.0, seconds), self._over, key)

    def _over(self, key: Key) -> None:
        typist = self._typists.pop(key)
        if typist.is_typing:
            self._later(self._tell(STOPPED, key, typist.kept_from))

    async def _tell(self, type: str, key: Key, kept_from: frozenset[UserId]) -> None:
        now = self._clock.now()
        id = EventId(self._ids.new(now))
        with suppress(Unavailable):
            await self._broker.publish([whisper(type, *key, kept_from, id=id, at=now)])

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _now() -> float:
    return asyncio.get_running_loop().time()
