"""The promise of seats: so many of a person's connections and no more, on all servers together."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from application.ports.seats import Seats
from application.testing.builders import an_id
from domain.shared.errors import Unavailable
from domain.shared.ids import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Hall:
    """Seats as two servers have them, out of reach where there is a line, and how time passes for them."""

    one: Seats
    two: Seats
    lifetime: float
    unreachable: Seats | None = None
    let_pass: Callable[[float], Awaitable[None]] = asyncio.sleep


def _somebody() -> UserId:
    return UserId(an_id())


class SeatsContract:
    """The promise of ``Seats``. Supply the fixture ``hall``."""

    async def test_there_are_so_many_on_all_servers_and_no_more(self, hall: Hall) -> None:
        ann = _somebody()
        assert [await each.take(ann, str(n), 3) for n, each in enumerate((hall.one, hall.two, hall.one))] == [
            True
        ] * 3
        assert not await hall.one.take(ann, "fourth", 3)
        assert not await hall.two.take(ann, "fifth", 3)

    async def test_of_many_at_once_so_many_get_one(self, hall: Hall) -> None:
        ann = _somebody()
        taken = await asyncio.gather(*((hall.one, hall.two)[n % 2].take(ann, str(n), 5) for n in range(20)))
        assert sum(taken) == 5

    async def test_whoever_has_one_may_take_it_again(self, hall: Hall) -> None:
        ann = _somebody()
        for _ in range(3):
            assert await hall.one.take(ann, "a", 1)
        assert not await hall.one.take(ann, "b", 1)

    async def test_one_that_is_left_is_free(self, hall: Hall) -> None:
        ann = _somebody()
        await hall.one.take(ann, "a", 1)
        await hall.one.leave(ann, "none of theirs")
        assert not await hall.two.take(ann, "b", 1)
        await hall.one.leave(ann, "a")
        assert await hall.two.take(ann, "b", 1)

    async def test_one_that_nobody_keeps_for_a_lifetime_is_free(self, hall: Hall) -> None:
        ann = _somebody()
        await hall.one.take(ann, "a", 2)
        await hall.two.take(ann, "b", 2)
        for _ in range(2):
            await hall.let_pass(hall.lifetime * 0.6)
            await hall.one.keep({ann: ["a"]})
        assert await hall.two.take(ann, "c", 2)
        assert not await hall.two.take(ann, "d", 2)

    async def test_what_is_kept_counts_also_if_it_was_forgotten(self, hall: Hall) -> None:
        ann, ben = _somebody(), _somebody()
        await hall.one.keep({ann: ["a", "b"], ben: ["c"]})
        assert not await hall.two.take(ann, "d", 2)
        assert await hall.two.take(ben, "d", 2)

    async def test_people_do_not_affect_each_other(self, hall: Hall) -> None:
        ann, ben = _somebody(), _somebody()
        assert await hall.one.take(ann, "a", 1)
        assert await hall.one.take(ben, "a", 1)
        await hall.one.leave(ann, "a")
        assert not await hall.one.take(ben, "b", 1)

    async def test_out_of_reach_it_is_unavailable(self, hall: Hall) -> None:
        if hall.unreachable is None:
            pytest.skip("there is no line to lose")
        with pytest.raises(Unavailable):
            await hall.unreachable.take(_somebody(), "a", 1)
        with pytest.raises(Unavailable):
            await hall.unreachable.keep({_somebody(): ["a"]})
        with pytest.raises(Unavailable):
            await hall.unreachable.leave(_somebody(), "a")
