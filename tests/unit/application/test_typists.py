"""Who types, as others hear it: what is passed on, what is over by itself, and what no fault leaves behind."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from adapters.memory.outbox import MemoryBroker
from adapters.memory.system import MemoryClock, MemoryIds
from application.ports.events import Delivery
from application.testing.builders import AT
from application.typing.typists import Typists
from application.typing.whispers import overheard
from domain.shared.errors import Silenced, Unavailable
from domain.shared.ids import ConversationId, UserId
from tests.unit.application.hub_stage import Ear

ANN, BEN = UserId(uuid.uuid4()), UserId(uuid.uuid4())
PLACE = ConversationId(uuid.uuid4())
EVERY, OVER_AFTER = 0.1, 0.2


@dataclass
class Anybody:
    """An audience that notes how often it was asked."""

    kept_from: frozenset[UserId] | None = frozenset()
    refusal: Exception | None = None
    asked: int = 0

    async def of(self, typist: UserId, id: ConversationId) -> frozenset[UserId] | None:
        self.asked += 1
        if self.refusal:
            raise self.refusal
        return self.kept_from


@dataclass
class Scene:
    typists: Typists
    audience: Anybody
    broker: MemoryBroker
    heard: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)

    async def start(self, by: Ear) -> None:
        if not self.typists.is_told(by, PLACE):
            await self.typists.start(by, PLACE)

    async def until(self, *types: str) -> None:
        async with asyncio.timeout(10):
            while self.heard != [f"typing.{each}" for each in types]:
                await asyncio.sleep(0.005)


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    broker, audience = MemoryBroker(), Anybody()

    class Door:
        kept_from = staticmethod(audience.of)

    typists = Typists(
        audience=Door(),  # type: ignore[arg-type]
        broker=broker,
        clock=MemoryClock(AT),
        ids=MemoryIds(),
        every=EVERY,
        over_after=OVER_AFTER,
    )
    s = Scene(typists, audience, broker)
    line = await broker.subscribe()
    await line.add([f"conversation:{PLACE}"])

    async def listen() -> None:
        async for item in line.deliveries():
            assert isinstance(item, Delivery)
            s.heard.append(item.event_type)
            s.bodies.append(overheard(item.body))

    listening = asyncio.create_task(listen())
    try:
        yield s
    finally:
        await typists.close()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_a_start_is_told_and_its_end_too() -> None:
    async with scene() as s:
        ann = Ear(ANN)
        s.audience.kept_from = frozenset({BEN})
        await s.start(ann)
        s.typists.stop(ann, PLACE)
        s.typists.stop(ann, PLACE)
        await s.until("started", "stopped")
        for body in s.bodies:
            assert body.kept_from == {BEN}
            frame = msgspec.json.decode(body.frame)
            assert frame["data"] == {"user_id": str(ANN)}
            assert frame["conversation_id"] == str(PLACE)


async def test_starts_in_a_row_are_one_and_cost_one_look() -> None:
    async with scene() as s:
        phone, tablet = Ear(ANN), Ear(ANN)
        for by in (phone, tablet) * 5:
            await s.start(by)
        await s.until("started")
        assert s.audience.asked == 1


async def test_what_is_said_again_goes_on_and_what_is_not_is_over() -> None:
    async with scene() as s:
        ann = Ear(ANN)
        for _ in range(8):
            await s.start(ann)
            await asyncio.sleep(OVER_AFTER / 4)
        assert "typing.stopped" not in s.heard
        assert len(s.heard) > 1
        await s.until(*["started"] * len(s.heard), "stopped")


async def test_a_start_right_after_an_end_waits_for_the_next() -> None:
    async with scene() as s:
        ann = Ear(ANN)
        await s.start(ann)
        s.typists.stop(ann, PLACE)
        await s.start(ann)
        await s.until("started", "stopped")
        await asyncio.sleep(EVERY * 1.5)
        await s.start(ann)
        await s.until("started", "stopped", "started")


async def test_it_ends_with_its_connection_and_with_no_other() -> None:
    async with scene() as s:
        phone, tablet = Ear(ANN), Ear(ANN)
        await s.start(phone)
        s.typists.forget(tablet)
        await asyncio.sleep(0)
        await s.until("started")
        s.typists.forget(phone)
        await s.until("started", "stopped")


async def test_it_ends_with_its_server() -> None:
    async with scene() as s:
        await s.start(Ear(ANN))
        await s.typists.close()
        await s.until("started", "stopped")


async def test_who_may_not_is_told_so_and_nobody_hears_of_it() -> None:
    async with scene() as s:
        s.audience.refusal = Silenced()
        with pytest.raises(Silenced):
            await s.start(Ear(ANN))
        s.audience.refusal, s.audience.kept_from = None, None
        await s.start(Ear(ANN))
        await asyncio.sleep(OVER_AFTER * 1.5)
        assert s.heard == []


async def test_a_broker_that_is_down_is_nobodys_mistake() -> None:
    async with scene() as s:

        async def fail(frames: Any) -> None:
            raise Unavailable

        s.broker.publish = fail  # type: ignore[method-assign]
        ann = Ear(ANN)
        await s.start(ann)
        s.typists.stop(ann, PLACE)
        await asyncio.sleep(0.01)
        assert s.heard == []
