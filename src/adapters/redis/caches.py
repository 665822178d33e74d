"""Forgetting what servers remember together: the other half of the cached readers."""

from collections.abc import Sequence

from adapters.redis.cached_descriptions import description_key
from adapters.redis.cached_profiles import profile_key
from adapters.redis.cached_sessions import session_key
from adapters.redis.commands import Commands
from adapters.redis.leases import forget
from application.ports.caches import stale_after
from application.ports.events import Frame


class RedisCaches:
    """The promise of ``Caches``, for the cached readers over the same Redis."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def forget(self, frames: Sequence[Frame]) -> None:
        stale = stale_after(frames)
        await forget(
            self._commands,
            [
                *map(profile_key, stale.people),
                *map(session_key, stale.sessions),
                *map(description_key, stale.conversations),
            ],
        )
