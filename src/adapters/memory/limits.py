"""Rate limits of one process: the generic cell rate algorithm on whole microseconds of a given clock."""

from datetime import UTC, datetime, timedelta

from application.ports.limits import Rate, Verdict
from application.ports.system import Clock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
SWEEP_ABOVE = 10_000


class MemoryLimits:
    """The promise of ``Limits``. Of each key the theoretical arrival time is kept (ITU-T I.371): when its
    budget will be whole again. Keys whose budget is whole are forgotten: memory is bounded by who is busy.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: dict[tuple[str, str], int] = {}
        self._sweep_at = SWEEP_ABOVE

    async def take(self, rate: Rate, key: str) -> Verdict:
        now = (self._clock.now() - _EPOCH) // _MICROSECOND
        interval = max(1, round(rate.period / rate.per_period * 1_000_000))
        whole = interval * rate.burst
        name = (rate.name, key)
        # A time further ahead than a whole budget comes from a clock set back, and is cut down.
        due = min(max(self._due.get(name, now), now), now + whole)
        early = due + interval - whole - now
        if early > 0:
            return Verdict(allowed=False, remaining=0, retry_after=-(-early // 1000) / 1000)
        self._due[name] = due + interval
        if len(self._due) > self._sweep_at:
            self._sweep(now)
        return Verdict(allowed=True, remaining=(whole - (due + interval - now)) // interval, retry_after=0.0)

    def _sweep(self, now: int) -> None:
        self._due = {name: due for name, due in self._due.items() if due > now}
        self._sweep_at = max(SWEEP_ABOVE, 2 * len(self._due))
