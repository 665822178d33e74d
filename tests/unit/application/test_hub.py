"""The hub in memory: what the broker loses, doubles or reorders is mended; who has gone leaves nothing behind."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pytest

from adapters.memory.outbox import MemoryBroker
from application.bus.messages import Actor, Secret
from application.conversation.start_direct_conversation import StartDirectConversation
from application.identity.register_user import RegisterUser
from application.messaging.send_message import SendMessage
from application.ports.events import Frame
from application.realtime.hub import Hub
from application.realtime.outgoing import Outgoing
from domain.shared.ids import ClientMessageId, ConversationId, SessionId, UserId
from entrypoints.container import Container
from entrypoints.lifespan import opened
from tests.support.server import settings_for


class Careless(MemoryBroker):
    """Treats message events as it is told: drops, doubles or turns them round."""

    def __init__(self) -> None:
        super().__init__()
        self.how = "faithful"
        self.bitten = 0

    async def publish(self, frames: Sequence[Frame]) -> None:
        kept = list(frames)
        if self.how != "faithful" and any(frame.revision for frame in frames):
            self.bitten += 1
            if self.how == "drops":
                kept = [frame for frame in frames if frame.revision % 3]
            elif self.how == "drops everything":
                kept = [frame for frame in frames if not frame.revision]
            elif self.how == "doubles":
                kept = [frame for frame in frames for _ in range(2)]
            elif self.how == "turns round":
                kept.reverse()
        await super().publish(kept)


@dataclass(eq=False, slots=True)
class Listener:
    user_id: UserId
    session_id: SessionId
    heard: list[dict[str, Any]] = field(default_factory=list)
    ended: tuple[int, str] | None = None

    def deliver(self, outgoing: Outgoing) -> None:
        self.heard.append(msgspec.json.decode(outgoing.body))

    def end(self, code: int, reason: str) -> None:
        self.ended = (code, reason)

    async def ready(self) -> None:
        pass

    @property
    def revisions(self) -> list[int]:
        return [frame["revision"] for frame in self.heard if frame["type"] == "message.created"]


@dataclass(slots=True)
class Stage:
    container: Container
    broker: Careless
    hub: Hub

    async def person(self, name: str) -> Listener:
        command = RegisterUser(
            username=name, password=Secret("correct horse"), display_name=name, device_id="d"
        )
        tokens = (await self.container.bus().execute(command, Actor(address="a"))).tokens
        return Listener(tokens.user.id, tokens.session_id)

    async def direct(self, one: Listener, other: Listener) -> ConversationId:
        started = await self.container.bus().execute(
            StartDirectConversation(user_id=other.user_id), Actor(user_id=one.user_id)
        )
        return started.conversation.id

    async def say(self, who: Listener, where: ConversationId, times: int = 1) -> None:
        for n in range(times):
            command = SendMessage(
                conversation_id=where, client_message_id=ClientMessageId(uuid.uuid4()), content=str(n)
            )
            await self.container.bus().execute(command, Actor(user_id=who.user_id))


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    async with opened(settings_for()) as container:
        broker = Careless()
        container.realtime.override(replace(container.realtime(), broker=broker))
        hub = container.hub()
        await hub.start()
        tasks = [asyncio.create_task(hub.run()), asyncio.create_task(container.courier().run())]
        yield Stage(container, broker, hub)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await hub.stop()


async def _until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("how", ["faithful", "drops", "doubles", "turns round", "drops everything"])
async def test_a_connection_hears_every_revision_once_and_in_order(how: str) -> None:
    async with stage() as s:
        ann, ben = await s.person("ann"), await s.person("ben")
        where = await s.direct(ann, ben)
        await s.hub.attach(ben)
        s.broker.how = how
        await s.say(ann, where, 40)
        await _until(lambda: len(ben.revisions) >= 40)
        assert ben.revisions == list(range(1, 41))
        assert how == "faithful" or s.broker.bitten


async def test_who_gets_a_conversation_while_connected_hears_it_from_its_first_message() -> None:
    async with stage() as s:
        ann, ben = await s.person("ann"), await s.person("ben")
        await s.hub.attach(ann)
        await s.hub.attach(ben)
        where = await s.direct(ann, ben)
        await s.say(ann, where, 5)
        await _until(lambda: len(ben.revisions) >= 5 and len(ann.revisions) >= 5)
        assert ben.revisions == ann.revisions == [1, 2, 3, 4, 5]
        kinds = [frame["type"] for frame in ben.heard]
        assert kinds.index("conversation.created") < kinds.index("message.created")


async def test_what_neither_broker_nor_outbox_has_is_reset() -> None:
    async with stage() as s:
        ann, ben = await s.person("ann"), await s.person("ben")
        where = await s.direct(ann, ben)
        await s.hub.attach(ben)
        s.broker.how = "drops everything"
        await s.say(ann, where, 3)
        await s.container.courier().flush()
        store = s.container.store()
        assert await store.outbox.prune(s.container.clock().now().replace(year=2100)) > 0
        await _until(lambda: any(frame["type"] == "reset" for frame in ben.heard))
        told = next(frame for frame in ben.heard if frame["type"] == "reset")
        assert (told["conversation_id"], told["revision"]) == (str(where), 3)
        s.broker.how = "faithful"
        await s.say(ann, where)
        await _until(lambda: ben.revisions == [4])


async def test_who_has_gone_leaves_nothing_behind() -> None:
    async with stage() as s:
        ann, ben = await s.person("ann"), await s.person("ben")
        await s.say(ann, await s.direct(ann, ben))
        for _ in range(3):
            await s.hub.attach(ann)
            await s.hub.attach(ben)
            assert set(s.hub.connections) == {ann, ben}
            await s.hub.detach(ben)
            await s.hub.detach(ann)
            await s.hub.detach(ann)
        assert s.hub.connections == []
        left = [part for part in ("_streams", "_people", "_heard") if getattr(s.hub, part)]
        assert left == []
        heard = len(ben.heard)
        await s.say(ann, await s.direct(ann, ben))
        await s.container.courier().flush()
        assert len(ben.heard) == heard
