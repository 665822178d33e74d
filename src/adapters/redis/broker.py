"""Redis as the broker between servers: frames are published to channels, and heard by who is there then.

On the channel a frame is ``<event_type> <revision>\\n`` and its body, byte for byte.
"""

from collections.abc import Iterator, Sequence

import hiredis

from adapters.redis.address import address_of
from adapters.redis.connection import WITHIN_SECONDS, RedisCommands
from adapters.redis.line import encoded
from adapters.redis.subscription import RedisSubscription
from application.ports.events import Frame, Subscription
from domain.shared.errors import Unavailable

COMMANDS_A_WRITE = 1000
BYTES_A_WRITE = 1 << 20
FIRST_LINE_WITHIN_SECONDS = 2.0


class RedisBroker:
    """The promise of ``Broker``. ``publish`` is bounded by ``within`` seconds for every thousand messages.

    ``subscribe`` returns although Redis cannot be reached, after two seconds: a server may start without it,
    the subscription keeps trying, and its ``add`` says whether it can be relied upon.
    """

    def __init__(self, url: str, *, within: float = WITHIN_SECONDS) -> None:
        self._address = address_of(url)
        self._commands = RedisCommands(url, within=within)
        self._subscriptions: list[RedisSubscription] = []

    @property
    def connected(self) -> bool:
        """Whether every open subscription hears all of its channels."""
        return all(each.connected for each in self._subscriptions if not each.is_closed)

    async def publish(self, frames: Sequence[Frame]) -> None:
        for some in portions(frames):
            for answer in await self._commands.ask(b"".join(command for _, command in some), len(some)):
                if isinstance(answer, hiredis.ReplyError):
                    raise Unavailable from answer

    async def subscribe(self) -> Subscription:
        self._subscriptions = [each for each in self._subscriptions if not each.is_closed]
        subscription = RedisSubscription(self._address)
        self._subscriptions.append(subscription)
        try:
            await subscription.wait_for_line(FIRST_LINE_WITHIN_SECONDS)
        except BaseException:
            await subscription.close()
            raise
        return subscription

    async def ping(self) -> None:
        await self._commands.call("PING")

    async def close(self) -> None:
        """End every subscription and the line for publishing."""
        for subscription in self._subscriptions:
            await subscription.close()
        await self._commands.close()


def portions(frames: Sequence[Frame], word: str = "PUBLISH") -> Iterator[list[tuple[str, bytes]]]:
    """Channels with their encoded commands, in order, in portions that Redis answers quickly."""
    commands: list[tuple[str, bytes]] = []
    size = 0
    for frame in frames:
        payload = b"%b %d\n%b" % (frame.event_type.encode(), frame.revision, frame.body)
        for channel in frame.channels:
            command = encoded(word, channel, payload)
            commands.append((channel, command))
            size += len(command)
            if len(commands) >= COMMANDS_A_WRITE or size >= BYTES_A_WRITE:
                yield commands
                commands, size = [], 0
    if commands:
        yield commands
