"""A broker within one process: what is published is in every listener's queue before ``publish`` returns."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from application.ports.events import Delivery, Frame, Interrupted, Subscription


class MemorySubscription:
    """The promise of ``Subscription``. There is no line, so none is ever lost."""

    def __init__(self) -> None:
        self._channels: set[str] = set()
        self._items: asyncio.Queue[Delivery | None] = asyncio.Queue()
        self.is_closed = False

    async def add(self, channels: Sequence[str]) -> None:
        self._channels.update(channels)

    async def remove(self, channels: Sequence[str]) -> None:
        self._channels.difference_update(channels)

    async def deliveries(self) -> AsyncIterator[Delivery | Interrupted]:
        while not self.is_closed:
            item = await self._items.get()
            if item is not None and item.channel in self._channels:
                yield item

    async def close(self) -> None:
        """End ``deliveries``; closing twice is closing once."""
        self.is_closed = True
        self._channels.clear()
        self._items.put_nowait(None)

    def hear(self, delivery: Delivery) -> None:
        """Queue what was published, if it is listened to at this moment."""
        if delivery.channel in self._channels:
            self._items.put_nowait(delivery)


class MemoryBroker:
    """The promise of ``Broker``, for listeners in this process."""

    def __init__(self) -> None:
        self._subscriptions: list[MemorySubscription] = []

    async def publish(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            for channel in frame.channels:
                delivery = Delivery(channel, frame.event_type, frame.revision, frame.body)
                for subscription in self._subscriptions:
                    subscription.hear(delivery)

    async def subscribe(self) -> Subscription:
        self._subscriptions = [each for each in self._subscriptions if not each.is_closed]
        subscription = MemorySubscription()
        self._subscriptions.append(subscription)
        return subscription

    async def ping(self) -> None:
        return None
