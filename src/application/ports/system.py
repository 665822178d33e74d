"""Time and randomness, so that both can be decided by a test or a replay."""

from datetime import datetime
from typing import Protocol
from uuid import UUID


class Clock(Protocol):
    """Promise: ``now`` is aware, in UTC, in whole milliseconds: what leaves the product is what is stored."""

    def now(self) -> datetime: ...


class Ids(Protocol):
    """Promise: every id is new, a UUID of version 7 (RFC 9562 §5.7), and starts with the given time."""

    def new(self, at: datetime) -> UUID: ...
