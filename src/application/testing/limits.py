"""The promise of rate limits, on whatever clock they run."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from application.ports.limits import Limits, Rate, Verdict
from application.testing.builders import an_id

SLOW = Rate(name="slow", burst=5, per_period=1, period=1000.0)
QUICK = Rate(name="quick", burst=2, per_period=20, period=1.0)
TRIES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Limits, and how time passes for them."""

    limits: Limits
    let_pass: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def take(self, rate: Rate, key: str, count: int) -> list[Verdict]:
        return [await self.limits.take(rate, key) for _ in range(count)]

    async def exhaust(self, rate: Rate, key: str) -> Verdict:
        """Take until refused."""
        for _ in range(TRIES):
            verdict = await self.limits.take(rate, key)
            if not verdict.allowed:
                return verdict
        raise AssertionError("never refused")


class LimitsContract:
    """The promise of ``Limits``. Supply the fixture ``gate``."""

    async def test_of_burst_and_more_takes_in_no_time_burst_are_allowed(self, gate: Gate) -> None:
        verdicts = await gate.take(SLOW, str(an_id()), 8)
        assert [verdict.allowed for verdict in verdicts] == [True] * 5 + [False] * 3
        assert [verdict.remaining for verdict in verdicts] == [4, 3, 2, 1, 0, 0, 0, 0]

    async def test_concurrent_takes_share_one_budget(self, gate: Gate) -> None:
        key = str(an_id())
        verdicts = await asyncio.gather(*(gate.limits.take(SLOW, key) for _ in range(30)))
        assert sum(verdict.allowed for verdict in verdicts) == 5

    async def test_retry_after_is_the_time_until_the_next_can_succeed_and_0_when_allowed(
        self, gate: Gate
    ) -> None:
        *allowed, refused = await gate.take(SLOW, str(an_id()), 6)
        assert {verdict.retry_after for verdict in allowed} == {0}
        assert 900 < refused.retry_after <= 1000

    async def test_one_more_is_allowed_after_each_emission_interval(self, gate: Gate) -> None:
        key = str(an_id())
        for _ in range(3):
            refused = await gate.exhaust(QUICK, key)
            assert 0 < refused.retry_after <= 0.05
            await gate.let_pass(refused.retry_after)
            assert (await gate.limits.take(QUICK, key)).allowed

    async def test_a_refused_take_costs_nothing(self, gate: Gate) -> None:
        key = str(an_id())
        first, *more = (await gate.take(SLOW, key, 25))[5:]
        assert all(verdict.retry_after <= first.retry_after for verdict in more)

    async def test_of_several_permits_all_are_taken_or_none(self, gate: Gate) -> None:
        key = str(an_id())
        first = await gate.limits.take(SLOW, key, 3)
        assert (first.allowed, first.remaining) == (True, 2)
        refused = await gate.limits.take(SLOW, key, 3)
        assert not refused.allowed
        assert 900 < refused.retry_after <= 1000
        rest = await gate.limits.take(SLOW, key, 2)
        assert (rest.allowed, rest.remaining) == (True, 0)

    async def test_more_permits_than_the_burst_count_as_the_burst(self, gate: Gate) -> None:
        key = str(an_id())
        assert (await gate.limits.take(SLOW, key, 50)).allowed
        assert not (await gate.limits.take(SLOW, key)).allowed

    async def test_keys_do_not_affect_each_other(self, gate: Gate) -> None:
        one, other = str(an_id()), str(an_id())
        await gate.exhaust(SLOW, one)
        assert (await gate.limits.take(SLOW, other)).remaining == 4

    async def test_rates_do_not_affect_each_other(self, gate: Gate) -> None:
        key = str(an_id())
        await gate.exhaust(SLOW, key)
        assert (await gate.limits.take(QUICK, key)).allowed

    async def test_any_text_is_a_key(self, gate: Gate) -> None:
        for key in ("", "grüße", "a b|c:d*", "x" * 5000):
            verdicts = await gate.take(SLOW, f"{an_id()}{key}", 6)
            assert [verdict.allowed for verdict in verdicts] == [True] * 5 + [False]
