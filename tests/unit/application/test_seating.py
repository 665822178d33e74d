"""Room for a person's connections, also while nobody can say how many they have elsewhere."""

import asyncio
import uuid
from collections.abc import Collection, Mapping
from contextlib import suppress

from adapters.memory.seats import MemorySeats
from adapters.memory.system import MemoryClock
from application.realtime.seating import Seating
from domain.shared.errors import Unavailable
from domain.shared.ids import UserId

ANN = UserId(uuid.uuid4())


class Moody(MemorySeats):
    """Seats that cannot always be reached."""

    is_down = False

    async def take(self, user_id: UserId, connection_id: str, at_most: int) -> bool:
        self._complain()
        return await super().take(user_id, connection_id, at_most)

    async def keep(self, taken: Mapping[UserId, Collection[str]]) -> None:
        self._complain()
        await super().keep(taken)

    async def leave(self, user_id: UserId, connection_id: str) -> None:
        self._complain()
        await super().leave(user_id, connection_id)

    def _complain(self) -> None:
        if self.is_down:
            raise Unavailable


async def test_those_on_other_servers_count_and_a_refused_one_does_not() -> None:
    seats = Moody(MemoryClock())
    one, two = Seating(seats, at_most=2), Seating(seats, at_most=2)
    assert [await one.take(ANN, "a"), await two.take(ANN, "b"), await two.take(ANN, "c")] == [
        True,
        True,
        False,
    ]
    await one.leave(ANN, "a")
    assert await two.take(ANN, "c")
    assert not await two.take(ANN, "d")


async def test_out_of_reach_those_that_are_here_count() -> None:
    seats = Moody(MemoryClock())
    one, two = Seating(seats, at_most=2), Seating(seats, at_most=2)
    seats.is_down = True
    for server in (one, two):
        assert [await server.take(ANN, f"{id(server)}{n}") for n in range(3)] == [True, True, False]
    await one.leave(ANN, f"{id(one)}0")
    assert await one.take(ANN, "d")


async def test_who_was_let_in_meanwhile_is_counted_afterwards() -> None:
    clock = MemoryClock()
    seats = Moody(clock, lifetime=60)
    one, two = Seating(seats, at_most=2, keep_every=0.01), Seating(seats, at_most=2)
    seats.is_down = True
    assert await one.take(ANN, "a")
    assert await one.take(ANN, "b")
    keeping = asyncio.create_task(one.run())
    await asyncio.sleep(0.05)
    seats.is_down = False
    async with asyncio.timeout(10):
        while not seats._until:
            await asyncio.sleep(0.01)
    assert not await two.take(ANN, "c")
    clock.advance(50)
    await asyncio.sleep(0.05)
    clock.advance(50)
    assert not await two.take(ANN, "c")
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping
