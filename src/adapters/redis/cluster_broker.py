"""A Redis Cluster as the broker between servers: sharded channels, each at the master of its slot.

On the channel a frame looks as it does on one server.
"""

from collections.abc import Sequence

import hiredis

from adapters.redis.broker import FIRST_LINE_WITHIN_SECONDS, portions
from adapters.redis.cluster_commands import ClusterCommands
from adapters.redis.cluster_subscription import ClusterSubscription
from adapters.redis.connection import WITHIN_SECONDS
from adapters.redis.slots import slot_of
from application.ports.events import Frame, Subscription
from domain.shared.errors import Unavailable


class ClusterBroker:
    """The promise of ``Broker``. Where a master is out of reach, ``publish`` hands over what belongs to the others
    before it raises.

    ``subscribe`` returns although the cluster cannot be reached: the subscription keeps trying.
    """

    def __init__(self, url: str, *, within: float = WITHIN_SECONDS) -> None:
        self._commands = ClusterCommands(url, within=within)
        self._subscriptions: list[ClusterSubscription] = []

    @property
    def connected(self) -> bool:
        """Whether every open subscription hears all of its channels."""
        return all(each.connected for each in self._subscriptions if not each.is_closed)

    async def publish(self, frames: Sequence[Frame]) -> None:
        failure: BaseException | None = None
        for some in portions(frames, "SPUBLISH"):
            asked = [(slot_of(channel), command) for channel, command in some]
            for answer in await self._commands.ask(asked):
                if isinstance(answer, hiredis.ReplyError):
                    failure = answer
        if failure is not None:
            raise Unavailable from failure

    async def subscribe(self) -> Subscription:
        self._subscriptions = [each for each in self._subscriptions if not each.is_closed]
        subscription = ClusterSubscription(self._commands.map)
        self._subscriptions.append(subscription)
        try:
            await subscription.wait_for_map(FIRST_LINE_WITHIN_SECONDS)
        except BaseException:
            await subscription.close()
            raise
        return subscription

    async def ping(self) -> None:
        await self._commands.call("PING")

    async def close(self) -> None:
        """End every subscription and the lines for publishing."""
        for subscription in self._subscriptions:
            await subscription.close()
        await self._commands.close()
