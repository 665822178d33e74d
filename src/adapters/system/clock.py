"""The time and new ids, as the machine has them."""

import os
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_RANDOM_BITS = 74
_STEP_BITS = 32


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

    def new(self, at: datetime) -> UUID:
        milliseconds = (at - _EPOCH) // _MILLISECOND
        following = self._last + 1 + _random(_STEP_BITS) if milliseconds == self._at else 0
        if not following or following >> _RANDOM_BITS:
            # The highest bit is left free, so that a billion steps fit before the space ends.
            following = _random(_RANDOM_BITS - 1)
        self._at, self._last = milliseconds, following
        high, low = following >> 62, following & ((1 << 62) - 1)
        return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def _random(bits: int) -> int:
    return int.from_bytes(os.urandom((bits + 7) // 8)) & ((1 << bits) - 1)
