"""What a subscription has heard and its reader has not taken yet, in the order of hearing."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import structlog

from application.ports.events import Delivery, Interrupted

WAITING_AT_MOST = 50_000
ITEMS_A_TURN = 256

log = structlog.get_logger("redis")


class Inbox(ABC):
    """The hearing half of a ``Subscription``: what is not wanted is dropped on the way in and on the way out.

    A reader that lags makes it hold back, so memory stays flat.
    """

    def __init__(self) -> None:
        self._channels: set[str] = set()
        self._items: deque[Delivery | Interrupted] = deque()
        self._arrived = asyncio.Event()
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    @property
    @abstractmethod
    def connected(self) -> bool:
        """Whether every wanted channel is heard, as far as can be known."""

    async def deliveries(self) -> AsyncIterator[Delivery | Interrupted]:
        handed_over = 0
        while not self._is_closed:
            self._arrived.clear()
            while self._items:
                item = self._items.popleft()
                if isinstance(item, Delivery) and item.channel not in self._channels:
                    continue
                yield item
                handed_over += 1
                if handed_over % ITEMS_A_TURN == 0:
                    await asyncio.sleep(0)
            self._read_on()
            await self._arrived.wait()

    @abstractmethod
    def _hold_back(self) -> None:
        """Read no more for now."""

    @abstractmethod
    def _read_on(self) -> None:
        """Read again, if that was stopped."""

    def _end(self) -> None:
        self._is_closed = True
        self._items.clear()
        self._arrived.set()

    def _put(self, item: Delivery | Interrupted) -> None:
        self._items.append(item)
        self._arrived.set()

    def _hear(self, message: list[Any]) -> None:
        channel = message[1].decode()
        if channel not in self._channels:
            return
        head, _, body = message[2].partition(b"\n")
        event_type, _, revision = head.partition(b" ")
        try:
            self._items.append(Delivery(channel, event_type.decode(), int(revision), body))
        except ValueError:
            log.warning("redis_message_malformed", channel=channel)
            return
        self._arrived.set()
        if len(self._items) >= WAITING_AT_MOST:
            self._hold_back()
