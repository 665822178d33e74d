"""A clock that stands until it is moved, and ids that are the same in every run."""

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

from application.bus.messages import uuid7_from

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class MemoryClock:
    """The promise of ``Clock``. Time passes by ``advance`` only."""

    def __init__(self, start: datetime = START) -> None:
        self._now = _whole(start)

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass; negative seconds set the clock back."""
        self._now = _whole(self._now + timedelta(seconds=seconds))


class MemoryIds:
    """The promise of ``Ids``, for one object: the n-th id of a seed and time is always the same."""

    def __init__(self, seed: str = "") -> None:
        self._seed = seed.encode()
        self._made = 0

    def new(self, at: datetime) -> UUID:
        self._made += 1
        digest = hashlib.blake2b(self._seed + self._made.to_bytes(8, "big"), digest_size=16)
        return uuid7_from(at, digest.digest())


def _whole(at: datetime) -> datetime:
    at = at.astimezone(UTC)
    return at - timedelta(microseconds=at.microsecond % 1000)
