"""The relay: what nobody sent goes out, and what cannot go out holds up nothing else."""

from collections.abc import Sequence

import pytest

from adapters.memory.caches import MemoryCaches
from adapters.memory.outbox import MemoryBroker, MemoryCommandLog, MemoryOutbox
from adapters.memory.store import MemoryStore
from adapters.memory.system import MemoryClock
from application.outbox.relay import REASON_AT_MOST, Relay
from application.ports.events import Frame
from application.testing.builders import AT, a_frame, an_id, later
from domain.shared.errors import Unavailable
from domain.shared.ids import ConversationId


class Choosy(MemoryBroker):
    """Takes no batch in which there is something it cannot send."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Frame] = []
        self.cannot: set[object] = set()
        self.is_out = False

    async def publish(self, frames: Sequence[Frame]) -> None:
        if self.is_out:
            raise Unavailable
        for frame in frames:
            if frame.id in self.cannot:
                raise ValueError("x" * 1000)
        self.sent += frames


class Scene:
    def __init__(self, *frames: Frame) -> None:
        self.store = MemoryStore()
        for frame in frames:
            self.store.put_frame(frame)
        self.broker = Choosy()
        self.outbox = MemoryOutbox(self.store)
        self.relay = Relay(
            self.broker, self.outbox, MemoryCaches(), MemoryClock(later(60)), MemoryCommandLog(self.store)
        )


async def test_one_that_cannot_go_out_is_parked_and_the_others_go() -> None:
    place = ConversationId(an_id())
    frames = [a_frame(place, n, at=AT) for n in range(1, 6)]
    scene = Scene(*frames)
    scene.broker.cannot = {frames[2].id}
    assert await scene.relay.sweep() == 5
    assert scene.broker.sent == [*frames[:2], *frames[3:]]
    backlog = await scene.outbox.backlog()
    assert (backlog.pending, backlog.parked) == (0, 1)
    assert len(scene.store.parked[frames[2].id]) == REASON_AT_MOST
    assert await scene.relay.sweep() == 0
    scene.broker.cannot = set()
    assert await scene.outbox.retry() == 1
    assert await scene.relay.sweep() == 1
    assert scene.broker.sent[-1] == frames[2]


async def test_an_outage_parks_nothing() -> None:
    scene = Scene(a_frame(at=AT), a_frame(at=AT))
    scene.broker.is_out = True
    with pytest.raises(Unavailable):
        await scene.relay.sweep()
    backlog = await scene.outbox.backlog()
    assert (backlog.pending, backlog.parked) == (2, 0)
