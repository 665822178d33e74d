"""The time and new ids, as the machine has them."""

import os
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_RANDOM_BITS = 74
_STEP_BITS = 32
_RANDOM_AT_ONCE = 4096


class SystemClock:
    """The promise of ``Clock``."""

    def now(self) -> datetime:
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)


class SystemIds:
    """The promise of ``Ids``. Those of one millisecond ascend (RFC 9562 §6.2, method 2): each is larger than
    the one before by a random step, so that order is kept and the next one cannot be guessed.
    """

    def __init__(self) -> None:
        self._at = -1
        self._last = 0
        self._random = _Randomness()

    def new(self, at: datetime) -> UUID:
        milliseconds = (at - _EPOCH) // _MILLISECOND
        following = self._last + 1 + self._random.bits(_STEP_BITS) if milliseconds == self._at else 0
        if not following or following >> _RANDOM_BITS:
            # The highest bit is left free, so that a billion steps fit before the space ends.
            following = self._random.bits(_RANDOM_BITS - 1)
        self._at, self._last = milliseconds, following
        high, low = following >> 62, following & ((1 << 62) - 1)
        return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


class _Randomness:
    """The system's random bytes, asked for many at a time: each asking is a call into the kernel.

    A process that was forked has its own.
    """

    def __init__(self) -> None:
        self._bytes = b""
        self._used = 0
        self._process = 0

    def bits(self, count: int) -> int:
        size = (count + 7) // 8
        if self._used + size > len(self._bytes) or self._process != os.getpid():
            self._bytes, self._used, self._process = os.urandom(_RANDOM_AT_ONCE), 0, os.getpid()
        taken = self._bytes[self._used : self._used + size]
        self._used += size
        return int.from_bytes(taken) & ((1 << count) - 1)
