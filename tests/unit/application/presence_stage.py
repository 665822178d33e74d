"""People, servers and watchers on memory adapters, for what presence promises."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from adapters.memory.caches import MemoryCaches
from adapters.memory.outbox import MemoryBroker, MemoryCommandLog, MemoryOutbox, MemorySubscription
from adapters.memory.people_readers import MemoryProfiles, MemoryRelations
from adapters.memory.presence import MemoryMirror, MemoryPresences, Roster
from adapters.memory.store import MemoryStore
from adapters.memory.system import MemoryIds
from adapters.system.clock import SystemClock
from application.outbox.relay import Relay
from application.ports.events import Delivery, Frame, Interrupted
from application.ports.presence import Presence
from application.presence.attendance import Attendance
from application.presence.mirroring import Mirroring
from application.presence.sight import Sight
from application.presence.signals import signals
from application.presence.watching import Watching
from application.realtime.outgoing import Outgoing
from application.testing.builders import a_contact, a_user, an_id, settings_for
from domain.identity.settings import Privacy
from domain.shared.errors import Unavailable
from domain.shared.ids import SessionId, UserId

CLOCK = SystemClock()
IDS = MemoryIds()


class Severable(MemorySubscription):
    """A subscription whose line can be lost."""

    async def deliveries(self) -> AsyncIterator[Delivery | Interrupted]:
        async for item in super().deliveries():
            yield Interrupted() if isinstance(item, Delivery) and item.event_type == "cut" else item

    def cut(self) -> None:
        for channel in sorted(self._channels)[:1]:
            self.hear(Delivery(channel, "cut", 0, b""))


class Careless(MemoryBroker):
    """Drops, doubles or turns round what it is given, or refuses it, as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.how: Callable[[list[Frame]], list[Frame]] = list
        self.is_away = False

    async def publish(self, frames: Sequence[Frame]) -> None:
        if self.is_away:
            raise Unavailable
        await super().publish(self.how(list(frames)))

    async def subscribe(self) -> MemorySubscription:
        self._subscriptions.append(Severable())
        return self._subscriptions[-1]

    def cut(self) -> None:
        """Every listener loses its line and has it again."""
        for subscription in self._subscriptions:
            if isinstance(subscription, Severable):
                subscription.cut()


class Flaky(MemoryPresences):
    """Fails or keeps its answer when told to, having done what it was asked to."""

    is_away = False
    looks = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.lets_answers_go = asyncio.Event()
        self.lets_answers_go.set()
        self.kept = 0

    async def beat(self, user_ids: Sequence[UserId]) -> set[UserId]:
        return await self._or_fail(await super().beat(user_ids))

    async def leave(self, user_ids: Sequence[UserId], *, after: float = 0.0) -> set[UserId]:
        return await self._or_fail(await super().leave(user_ids, after=after))

    async def of(self, user_ids: Sequence[UserId]) -> dict[UserId, Presence]:
        self.looks += 1
        return await self._or_fail(await super().of(user_ids))

    async def _or_fail(self, answer: Any) -> Any:
        self.kept += 1
        await self.lets_answers_go.wait()
        self.kept -= 1
        if self.is_away:
            raise Unavailable
        return answer


@dataclass(eq=False, slots=True)
class Watcher:
    """A connection that keeps the latest state it heard of each person, answers included."""

    user_id: UserId
    session_id: SessionId = field(default_factory=lambda: SessionId(an_id()))
    heard: list[dict[str, Any]] = field(default_factory=list)
    knows: dict[str, tuple[Any, bool]] = field(default_factory=dict)

    def deliver(self, outgoing: Outgoing) -> None:
        frame = msgspec.json.decode(outgoing.body)
        assert frame["type"] == "presence.changed"
        self.heard.append(frame["data"])
        self._learn(frame["data"])

    def end(self, code: int, reason: str) -> None:
        raise AssertionError(reason)

    async def watch(self, watching: Watching, *people: UserId) -> list[Any]:
        items = [msgspec.to_builtins(each) for each in await watching.watch(self, people)]
        for item in items:
            self._learn(item)
        return [item["is_online"] for item in items]

    def states(self, id: UserId) -> list[bool | None]:
        """What was heard of somebody after the answer."""
        return [data["is_online"] for data in self.heard if data["user_id"] == str(id)]

    def sees(self, id: UserId) -> bool | None:
        """How somebody is, as far as this one knows."""
        return self.knows[str(id)][0]

    def _learn(self, data: dict[str, Any]) -> None:
        self.knows[data["user_id"]] = (data["is_online"], data["last_seen_at"] is not None)


@dataclass(slots=True)
class Server:
    """What presence needs in one process."""

    presences: Flaky
    attendance: Attendance
    mirroring: Mirroring
    watching: Watching
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def die(self) -> None:
        """Stop at once, without a word."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@dataclass(slots=True)
class Stage:
    """Several servers over one store, one broker and one roster; time is real and lives are short."""

    lifetime: float = 0.6
    leave_after: float = 0.15
    store: MemoryStore = field(default_factory=MemoryStore)
    broker: Careless = field(default_factory=Careless)
    roster: Roster = field(default_factory=Roster)
    servers: list[Server] = field(default_factory=list)

    def person(self, **settings: Any) -> UserId:
        user = a_user()
        self.store.put_user(user)
        self.store.put_settings(settings_for(user, **settings))
        return user.id

    async def set(self, id: UserId, **settings: Any) -> None:
        """Change somebody's settings, and tell those who listen, as the outbox would."""
        for name, value in settings.items():
            setattr(self.store.settings[id], name, Privacy(value))
        await self.broker.publish(signals([id], CLOCK, IDS))

    async def relate(self, one: UserId, other: UserId, **contact: Any) -> None:
        """Save or block somebody, and tell those who listen."""
        self.store.put_contact(a_contact(one, other, **contact))
        await self.broker.publish(signals([one], CLOCK, IDS))

    async def server(self) -> Server:
        presences = Flaky(self.roster, CLOCK, lifetime=self.lifetime)
        mirroring = Mirroring(
            mirror=MemoryMirror(self.store),
            presences=presences,
            relay=Relay(
                self.broker, MemoryOutbox(self.store), MemoryCaches(), CLOCK, MemoryCommandLog(self.store)
            ),
            turn_every=self.lifetime / 3,
            again_after=self.lifetime * 2,
        )
        attendance = Attendance(
            presences=presences,
            broker=self.broker,
            mirroring=mirroring,
            clock=CLOCK,
            ids=IDS,
            beat_every=self.lifetime / 3,
            leave_after=self.leave_after,
        )
        sight = Sight(MemoryProfiles(self.store), MemoryRelations(self.store), presences)
        watching = Watching(broker=self.broker, sight=sight, clock=CLOCK)
        await watching.start()
        server = Server(presences, attendance, mirroring, watching)
        server.tasks += [asyncio.create_task(work.run()) for work in (attendance, watching, mirroring)]
        self.servers.append(server)
        return server


@asynccontextmanager
async def stage(**options: Any) -> AsyncIterator[Stage]:
    """An empty stage; its servers end with it."""
    it = Stage(**options)
    yield it
    for server in it.servers:
        await server.die()
        await server.watching.stop()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that must become true."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)
