"""Rate limits: how often somebody may do something."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """``burst`` at once, then one every ``period / burst_per_period`` seconds: the generic cell rate algorithm.

    ``per_period`` permits are regained in ``period`` seconds.
    """

    name: str
    burst: int
    per_period: int
    period: float
    fails_open: bool = True

    @property
    def interval(self) -> float:
        """Seconds in which one permit is regained."""
        return self.period / self.per_period

    @property
    def window(self) -> float:
        """Seconds in which a used-up budget is whole again."""
        return self.interval * self.burst

    def whole_after(self, verdict: "Verdict") -> float:
        """Seconds until the budget is whole again, or, of a refusal, until the next attempt can succeed."""
        if not verdict.allowed:
            return verdict.retry_after
        return (self.burst - verdict.remaining) * self.interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``retry_after`` is 0 when allowed, else the seconds until the next attempt can succeed."""

    allowed: bool
    remaining: int
    retry_after: float


class Limits(Protocol):
    """Promise: of ``burst + n`` takes in no time, ``burst`` are allowed; one more after each emission interval.
    A refused take costs nothing. Keys do not affect each other. Of several ``permits`` all are taken or none; more than the
    whole burst count as the burst.
    """

    async def take(self, rate: Rate, key: str, permits: int = 1) -> Verdict: ...
