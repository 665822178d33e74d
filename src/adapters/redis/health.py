"""Whether Redis answers, and whether events reach this server."""

from adapters.redis.broker import RedisBroker
from adapters.redis.cluster_broker import ClusterBroker
from adapters.redis.commands import Commands
from domain.shared.errors import Unavailable


class RedisHealth:
    """The promise of ``Health``. A broker that is given is asked about its lines too."""

    def __init__(self, commands: Commands, broker: RedisBroker | ClusterBroker | None = None) -> None:
        self._commands = commands
        self._broker = broker

    async def ailments(self) -> list[str]:
        found = []
        try:
            await self._commands.call("PING")
        except Unavailable:
            found.append("Redis does not answer.")
        if self._broker is not None and not self._broker.connected:
            found.append("The line that brings events from Redis is down.")
        return found
