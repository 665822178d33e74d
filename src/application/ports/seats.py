"""Room for a person's connections, on all servers together."""

from collections.abc import Collection, Mapping
from typing import Protocol

from domain.shared.ids import UserId


class Seats(Protocol):
    """Promise: at most ``at_most`` connections of a person have taken a seat, on whichever server, and neither left it
    nor gone a lifetime without ``keep``; whoever has one may take it again. ``keep`` is believed, also of seats that were
    forgotten. People do not affect each other. Raises ``Unavailable``.
    """

    async def take(self, user_id: UserId, connection_id: str, at_most: int) -> bool: ...

    async def keep(self, taken: Mapping[UserId, Collection[str]]) -> None: ...

    async def leave(self, user_id: UserId, connection_id: str) -> None: ...
