"""What has no revision: receipts, few and never short of the last, and what not everybody hears."""

import asyncio
import uuid
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from application.ports.events import Delivery
from application.realtime.channels import of_conversation
from application.testing.builders import AT
from application.typing.whispers import STARTED, whisper
from domain.shared.ids import ConversationId, EventId, UserId
from tests.unit.application.hub_stage import Ear, HubStage, hub_stage

ANN, BEN, CEM = (UserId(uuid.uuid4()) for _ in range(3))


def _receipt(s: HubStage, place: ConversationId, who: UserId, delivered: int, read: int) -> None:
    data = {"user_id": str(who), "delivered_up_to": delivered, "read_up_to": read, "at": "…"}
    body = {"type": "receipt.updated", "conversation_id": str(place), "at": "…", "data": data}
    channel = of_conversation(place)
    s.line.waiting.put_nowait(Delivery(channel, "receipt.updated", 0, msgspec.json.encode(body)))


def _told(ear: Ear, who: UserId) -> list[tuple[int, int]]:
    receipts = [each["data"] for each in ear.heard if each["type"] == "receipt.updated"]
    mine = [each for each in receipts if each["user_id"] == str(who)]
    return [(each["delivered_up_to"], each["read_up_to"]) for each in mine]


async def test_many_receipts_of_one_reader_are_the_first_and_the_last() -> None:
    async with hub_stage() as s:
        place = s.place(ANN, BEN, CEM)
        ann = Ear(ANN)
        await s.hub.attach(ann)
        for n in range(1, 201):
            _receipt(s, place, BEN, n, n)
            _receipt(s, place, CEM, n, 0)
        await s.settled()
        assert _told(ann, BEN) == [(1, 1)]
        assert _told(ann, CEM) == [(1, 0)]
        await asyncio.sleep(0.3)
        assert _told(ann, BEN) == [(1, 1), (200, 200)]
        assert _told(ann, CEM) == [(1, 0), (200, 0)]


async def test_one_that_comes_in_the_next_quarter_waits_for_it_and_one_after_it_does_not() -> None:
    async with hub_stage() as s:
        place = s.place(ANN, BEN)
        ann = Ear(ANN)
        await s.hub.attach(ann)
        _receipt(s, place, BEN, 1, 0)
        _receipt(s, place, BEN, 2, 0)
        await asyncio.sleep(0.3)
        _receipt(s, place, BEN, 3, 0)
        await s.settled()
        assert _told(ann, BEN) == [(1, 0), (2, 0)]
        await asyncio.sleep(0.3)
        assert _told(ann, BEN) == [(1, 0), (2, 0), (3, 0)]
        await asyncio.sleep(0.3)
        _receipt(s, place, BEN, 4, 0)
        await s.settled()
        assert _told(ann, BEN)[-1] == (4, 0)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=30))
def test_whatever_comes_in_whatever_order_the_furthest_is_told(cursors: list[tuple[int, int]]) -> None:
    async def scene() -> None:
        async with hub_stage() as s:
            place = s.place(ANN, BEN)
            ann = Ear(ANN)
            await s.hub.attach(ann)
            for delivered, read in cursors:
                _receipt(s, place, BEN, delivered, read)
            await s.settled()
            await asyncio.sleep(0.28)
            told = _told(ann, BEN)
            assert len(told) <= 2
            assert [max(each) for each in zip(*told, strict=True)] == [
                max(each) for each in zip(*cursors, strict=True)
            ]

    asyncio.run(scene())


async def test_who_is_removed_before_a_receipt_was_told_does_not_hear_it() -> None:
    async with hub_stage() as s:
        place = s.place(ANN, BEN, CEM)
        ann, cem = Ear(ANN), Ear(CEM)
        await s.hub.attach(ann)
        await s.hub.attach(cem)
        _receipt(s, place, BEN, 1, 1)
        _receipt(s, place, BEN, 2, 2)
        s.hand_over(s.commit(place, "member.removed", user_id=str(CEM)))
        await s.settled()
        await asyncio.sleep(0.3)
        assert _told(ann, BEN) == [(1, 1), (2, 2)]
        assert _told(cem, BEN) == [(1, 1)]


async def test_typing_is_heard_by_listeners_but_those_it_is_kept_from() -> None:
    async with hub_stage() as s:
        place = s.place(ANN, BEN, CEM)
        ears: list[Any] = [Ear(who) for who in (ANN, BEN, CEM)]
        for ear in ears:
            await s.hub.attach(ear)
        said = whisper(STARTED, ANN, place, frozenset({CEM}), id=EventId(uuid.uuid4()), at=AT)
        s.hand_over(said)
        await s.settled()
        assert [ear.of(place) for ear in ears] == [[(STARTED, 0)], [(STARTED, 0)], []]
        assert ears[1].heard[-1]["data"] == {"user_id": str(ANN)}
