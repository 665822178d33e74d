"""A hub on a stage: a database that remembers, and a broker that hands over what the test says, as the test says."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from adapters.memory.system import MemoryClock
from application.ports.events import Delivery, Frame, Interrupted
from application.realtime import hub as hub_module
from application.realtime.channels import of_conversation
from application.realtime.hub import Hub
from application.realtime.outgoing import Outgoing
from application.testing.builders import AT, a_frame, a_session
from domain.identity.session import Session
from domain.shared.ids import ConversationId, SessionId, UserId


@dataclass(eq=False, slots=True)
class Ear:
    """A connection that notes what it hears."""

    user_id: UserId
    session_id: SessionId = field(default_factory=lambda: SessionId(uuid.uuid4()))
    heard: list[dict[str, Any]] = field(default_factory=list)
    ended: tuple[int, str] | None = None
    breaths: int = 0

    def deliver(self, outgoing: Outgoing) -> None:
        self.heard.append(msgspec.json.decode(outgoing.body))

    def end(self, code: int, reason: str) -> None:
        self.ended = (code, reason)

    async def ready(self) -> None:
        self.breaths += 1
        await asyncio.sleep(0)

    def of(self, place: ConversationId) -> list[tuple[str, int]]:
        """Types and revisions of what was heard of a conversation."""
        mine = [each for each in self.heard if each.get("conversation_id") == str(place)]
        return [(each["type"], each.get("revision", 0)) for each in mine]


class Line:
    """A subscription whose deliveries are the test's."""

    def __init__(self) -> None:
        self.channels: set[str] = set()
        self.waiting: asyncio.Queue[Delivery | Interrupted | None] = asyncio.Queue()

    async def add(self, channels: Sequence[str]) -> None:
        await asyncio.sleep(0)
        self.channels.update(channels)

    async def remove(self, channels: Sequence[str]) -> None:
        self.channels.difference_update(channels)

    async def deliveries(self) -> AsyncIterator[Delivery | Interrupted]:
        while (item := await self.waiting.get()) is not None:
            yield item

    async def close(self) -> None:
        self.waiting.put_nowait(None)


class Database:
    """What is committed: of each conversation its events, from ``kept_from`` on, and who takes part."""

    def __init__(self) -> None:
        self.events: dict[ConversationId, list[Frame]] = {}
        self.kept_from: dict[ConversationId, int] = {}
        self.members: dict[ConversationId, set[UserId]] = {}
        self.former: dict[ConversationId, set[UserId]] = {}
        self.asked: list[str] = []

    async def since(self, conversation_id: ConversationId, revision: int, limit: int) -> list[Frame]:
        self.asked.append("since")
        await asyncio.sleep(0)
        kept_from = self.kept_from.get(conversation_id, 0)
        found = self.events[conversation_id]
        return [each for each in found if each.revision > max(revision, kept_from)][:limit]

    async def since_each(
        self, positions: Mapping[ConversationId, int], limit: int
    ) -> dict[ConversationId, list[Frame]]:
        return {id: await self.since(id, revision, limit) for id, revision in positions.items()}

    async def heads_of(self, ids: Sequence[ConversationId]) -> dict[ConversationId, int]:
        self.asked.append("heads_of")
        await asyncio.sleep(0)
        return {id: len(self.events[id]) for id in ids if id in self.events}

    async def heads(self, user_ids: Sequence[UserId]) -> dict[UserId, dict[ConversationId, int]]:
        self.asked.append("heads")
        await asyncio.sleep(0)
        return {
            user_id: {id: len(self.events[id]) for id, people in self.members.items() if user_id in people}
            for user_id in user_ids
        }

    async def left_among(self, user_id: UserId, ids: Sequence[ConversationId]) -> set[ConversationId]:
        self.asked.append("left_among")
        await asyncio.sleep(0)
        return {id for id in ids if user_id in self.former.get(id, ())}

    async def present(self, id: ConversationId, among: Sequence[UserId]) -> set[UserId]:
        return self.members[id] & set(among)

    async def find(self, session_id: SessionId) -> Session | None:
        return a_session(UserId(uuid.uuid4()), id=session_id)


class Everybody:
    """Nobody's session is over."""

    def end(self, session_id: SessionId) -> None: ...


class Gaps(list[str]):
    """What the hub noticed the broker had lost, by how that ended."""

    def gap(self, *, filled: bool) -> None:
        self.append("filled" if filled else "reset")


@dataclass(slots=True)
class HubStage:
    hub: Hub
    database: Database
    line: Line
    gaps: Gaps

    def place(self, *members: UserId) -> ConversationId:
        id = ConversationId(uuid.uuid4())
        self.database.events[id] = []
        self.database.members[id] = set(members)
        return id

    def commit(self, place: ConversationId, type: str = "message.created", **data: Any) -> Frame:
        """An event that is committed, and not yet handed over."""
        revision = len(self.database.events[place]) + 1
        body = {"type": type, "conversation_id": str(place), "revision": revision, "data": data}
        frame = a_frame(place, revision, event_type=type, body=msgspec.json.encode(body))
        self.database.events[place].append(frame)
        return frame

    def hand_over(self, frame: Frame) -> None:
        channel = of_conversation(ConversationId(frame.aggregate_id))
        if channel in self.line.channels:
            self.line.waiting.put_nowait(Delivery(channel, frame.event_type, frame.revision, frame.body))

    async def settled(self) -> None:
        """Until the hub has nothing left to do by itself."""
        for _ in range(5):
            while not self.line.waiting.empty() or self.hub._tasks:
                await asyncio.sleep(0)
            await asyncio.sleep(0)


@asynccontextmanager
async def hub_stage(**hub_settings: Any) -> AsyncIterator[HubStage]:
    """``hub_settings``: other values for the hub's constants."""
    kept = {name: getattr(hub_module, name) for name in hub_settings}
    for name, value in hub_settings.items():
        setattr(hub_module, name, value)
    database, line, gaps = Database(), Line(), Gaps()

    class Broker:
        async def subscribe(self) -> Line:
            return line

    hub = Hub(
        broker=Broker(),  # type: ignore[arg-type]
        outbox=database,  # type: ignore[arg-type]
        conversations=database,  # type: ignore[arg-type]
        sessions=database,  # type: ignore[arg-type]
        authentication=Everybody(),  # type: ignore[arg-type]
        clock=MemoryClock(AT),
        witness=gaps,
    )
    await hub.start()
    running = asyncio.create_task(hub.run())
    try:
        yield HubStage(hub, database, line, gaps)
    finally:
        for name, value in kept.items():
            setattr(hub_module, name, value)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await hub.stop()
