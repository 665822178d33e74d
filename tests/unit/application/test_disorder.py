"""Whatever order, doubling or loss a broker produces, a connection hears each event once and in order.

Three things mend what is lost: a hole shows by itself, heads are compared now and then, and after an interrupted line
everything is looked at. Each is tried alone.
"""

import asyncio
import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.ports.events import Interrupted
from domain.shared.ids import UserId
from tests.unit.application.hub_stage import Ear, HubStage, hub_stage

ANN, BEN = UserId(uuid.uuid4()), UserId(uuid.uuid4())
PLACES = 2


async def _nothing(*_: Any) -> None:
    pass


async def _no_repair(stream: Any, wait: float) -> None:
    stream.repairing = False


def _only(s: HubStage, path: str) -> None:
    """Leave one of the ways of mending, and switch the others off."""
    if path != "holes":
        s.hub._mender.repair = _no_repair  # type: ignore[method-assign]
    if path == "line":
        return
    s.hub._resynchronise = _nothing  # type: ignore[method-assign]
    if path == "holes":
        s.hub._mender.compare_heads = _nothing  # type: ignore[method-assign]


async def _mend(s: HubStage, path: str) -> None:
    await s.settled()
    if path == "heads":
        # Twice: of what moves between two looks nothing is known to be missing.
        for _ in range(2):
            await s.hub._mender.compare_heads()
    if path == "line":
        for _ in range(2):
            s.line.waiting.put_nowait(Interrupted())
            await s.settled()
    await s.settled()


@pytest.mark.parametrize("path", ["holes", "heads", "line"])
@settings(max_examples=120, deadline=None)
@given(
    places=st.lists(st.integers(0, PLACES - 1), min_size=1, max_size=25),
    lost=st.sets(st.integers(0, 24)),
    disorder=st.randoms(use_true_random=False),
)
def test_each_way_of_mending_alone_is_enough(
    path: str, places: list[int], lost: set[int], disorder: Any
) -> None:
    async def play() -> None:
        async with hub_stage(HOLE_MAY_CLOSE_BY_ITSELF_SECONDS=0, CHECK_HEADS_EVERY_SECONDS=3600) as s:
            _only(s, path)
            groups = [s.place(ANN, BEN) for _ in range(PLACES)]
            ears = [Ear(ANN), Ear(BEN), Ear(BEN)]
            for ear in ears:
                await s.hub.attach(ear)
            said = [s.commit(groups[place]) for place in places]
            handed = [
                frame
                for n, frame in enumerate(said)
                if n not in lost
                for _ in range(disorder.choice((1, 1, 2)))
            ]
            disorder.shuffle(handed)
            for frame in handed:
                s.hand_over(frame)
                if disorder.random() < 0.3:
                    await asyncio.sleep(0)
            await _mend(s, path)
            for group in groups:
                # A hole tells of what came before something that was heard; of what came after it, perhaps not.
                head = max((f.revision for f in handed if f.aggregate_id == group), default=0)
                if path != "holes":
                    head = len(s.database.events[group])
                for ear in ears:
                    heard = [revision for _, revision in ear.of(group)]
                    assert heard == list(range(1, len(heard) + 1))
                    assert len(heard) >= head

    asyncio.run(play())


async def test_with_every_way_of_mending_off_a_loss_stays() -> None:
    """So that the others show what they claim to."""
    async with hub_stage(HOLE_MAY_CLOSE_BY_ITSELF_SECONDS=0, CHECK_HEADS_EVERY_SECONDS=3600) as s:
        _only(s, "holes")
        s.hub._mender.repair = _no_repair  # type: ignore[method-assign]
        group = s.place(ANN)
        ear = Ear(ANN)
        await s.hub.attach(ear)
        first, _, third = (s.commit(group) for _ in range(3))
        for frame in (first, third):
            s.hand_over(frame)
        await _mend(s, "holes")
        assert ear.of(group) == [("message.created", 1)]


async def test_where_membership_changes_nobody_hears_beyond_it_whatever_the_order() -> None:
    for turn in range(40):
        async with hub_stage(HOLE_MAY_CLOSE_BY_ITSELF_SECONDS=0, CHECK_HEADS_EVERY_SECONDS=3600) as s:
            group = s.place(ANN, BEN)
            anns, bens = Ear(ANN), Ear(BEN)
            await s.hub.attach(anns)
            await s.hub.attach(bens)
            events = [s.commit(group) for _ in range(3)]
            events.append(s.commit(group, "member.removed", user_id=str(BEN)))
            events += [s.commit(group) for _ in range(3)]
            at = turn % len(events)
            for frame in (*events[at:], *reversed(events[:at]), *events):
                s.hand_over(frame)
            await s.settled()
            assert [revision for _, revision in bens.of(group)] == [1, 2, 3, 4]
            assert [revision for _, revision in anns.of(group)] == list(range(1, 8))
