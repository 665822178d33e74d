"""The way in: how many may wait at the door, and what it means to be inside."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from domain.shared.ids import UserId
from entrypoints.http.desk import Desk
from entrypoints.ws.metrics import CONNECTIONS
from entrypoints.ws.socket import Socket

WAITING_AT_MOST = 20


class Crowded(Exception):
    """As many wait at one address as may."""


class Doorway:
    """Sockets that have not said yet whose they are, by address. One per process; an unknown address is not counted."""

    def __init__(self, at_most: int | None = WAITING_AT_MOST) -> None:
        self._at_most = at_most
        self._waiting: Counter[str] = Counter()

    @contextmanager
    def waiting(self, address: str) -> Iterator[None]:
        """Wait for what one has to say. Raises ``Crowded``."""
        if self._at_most is None or not address:
            yield
            return
        if self._waiting[address] >= self._at_most:
            raise Crowded
        self._waiting[address] += 1
        try:
            yield
        finally:
            self._waiting[address] -= 1
            if not self._waiting[address]:
                del self._waiting[address]


@contextmanager
def inside(desk: Desk, out: Socket, user_id: UserId) -> Iterator[None]:
    """From the welcome to the end: somebody is here, and afterwards nothing of this connection is."""
    desk.attendance.arrived(user_id)
    CONNECTIONS.inc()
    try:
        yield
    finally:
        CONNECTIONS.dec()
        desk.attendance.left(user_id)
        desk.watching.forget(out)
        desk.typists.forget(out)
