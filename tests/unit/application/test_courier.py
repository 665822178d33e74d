"""The courier: what is committed goes out at once, and is marked while more goes out."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import pytest

from adapters.memory.caches import MemoryCaches
from adapters.memory.outbox import MemoryBroker, MemoryOutbox
from adapters.memory.store import MemoryStore
from adapters.memory.system import MemoryClock
from application.outbox.courier import PUBLISH_AT_MOST, QUEUE_AT_MOST, ImmediateCourier
from application.ports.events import Frame
from application.testing.builders import a_frame
from domain.shared.errors import Unavailable

PATIENCE_SECONDS = 5


class Busy(MemoryBroker):
    """Publishes the first batch at once, and the second only when somebody lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []
        self.may_go_on = asyncio.Event()
        self.is_out = False

    async def publish(self, frames: Sequence[Frame]) -> None:
        if self.is_out:
            raise Unavailable
        self.batches.append(len(frames))
        if len(self.batches) > 1:
            await self.may_go_on.wait()


class Marking(MemoryOutbox):
    def __init__(self) -> None:
        super().__init__(MemoryStore())
        self.marked: list[object] = []
        self.has_marked = asyncio.Event()

    async def mark(self, ids: Sequence[object], at: object) -> None:
        self.marked += ids
        self.has_marked.set()


@dataclass(slots=True)
class Stage:
    broker: Busy
    outbox: Marking
    courier: ImmediateCourier


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    broker, outbox = Busy(), Marking()
    courier = ImmediateCourier(broker, outbox, MemoryCaches(), MemoryClock())
    running = asyncio.create_task(courier.run())
    yield Stage(broker, outbox, courier)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_what_has_gone_out_is_marked_while_more_goes_out(stage: Stage) -> None:
    frames = [a_frame() for _ in range(PUBLISH_AT_MOST + 3)]
    stage.courier.dispatch(frames)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await stage.outbox.has_marked.wait()
    assert stage.outbox.marked == [frame.id for frame in frames[:PUBLISH_AT_MOST]]
    assert stage.broker.batches == [PUBLISH_AT_MOST, 3]
    stage.broker.may_go_on.set()


async def test_what_could_not_go_out_is_not_marked(stage: Stage) -> None:
    stage.broker.is_out = True
    lost, kept = a_frame(), a_frame()
    stage.courier.dispatch([lost])
    await stage.courier.flush()
    stage.broker.is_out = False
    stage.courier.dispatch([kept])
    async with asyncio.timeout(PATIENCE_SECONDS):
        await stage.outbox.has_marked.wait()
    assert stage.outbox.marked == [kept.id]


async def test_beyond_its_bound_frames_are_left_to_the_relay(stage: Stage) -> None:
    stage.broker.may_go_on.set()
    for frames in ([a_frame()] * QUEUE_AT_MOST, [a_frame()] * 3):
        stage.courier.dispatch(frames)
    await stage.courier.flush()
    assert sum(stage.broker.batches) == QUEUE_AT_MOST
