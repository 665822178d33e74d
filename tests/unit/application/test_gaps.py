"""What the broker loses is counted, by how it ended: operators should see a lossy line before their users do."""

import asyncio
import uuid
from typing import Any

from domain.shared.ids import UserId
from tests.unit.application.hub_stage import Ear, hub_stage

ANN = UserId(uuid.uuid4())


async def _until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_hole_that_is_filled_counts_once_and_one_that_closes_by_itself_does_not() -> None:
    async with hub_stage() as s:
        place, ann = s.place(ANN), Ear(ANN)
        await s.hub.attach(ann)
        first, second = s.commit(place), s.commit(place)
        s.hand_over(second)
        s.hand_over(first)
        await s.settled()
        s.commit(place)
        s.hand_over(s.commit(place))
        await _until(lambda: len(ann.of(place)) == 4)
        await s.settled()
        assert s.gaps == ["filled"]


async def test_a_hole_that_cannot_be_filled_is_a_reset() -> None:
    async with hub_stage() as s:
        place, ann = s.place(ANN), Ear(ANN)
        await s.hub.attach(ann)
        s.commit(place)
        lost, next_one = s.commit(place), s.commit(place)
        s.database.kept_from[place] = lost.revision
        s.hand_over(next_one)
        await _until(lambda: len(ann.of(place)) == 2)
        assert ann.of(place) == [("reset", 2), ("message.created", 3)]
        assert s.gaps == ["reset"]


async def test_a_last_event_that_never_came_is_found_by_its_head() -> None:
    async with hub_stage(CHECK_HEADS_EVERY_SECONDS=0.05) as s:
        place, ann = s.place(ANN), Ear(ANN)
        await s.hub.attach(ann)
        s.commit(place)
        await _until(lambda: ann.of(place) == [("message.created", 1)])
        await _until(lambda: s.gaps == ["filled"])
