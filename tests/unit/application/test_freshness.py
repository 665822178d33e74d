"""Forgetting before telling: bus, courier and relay, with caches that do not always answer."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from adapters.memory.outbox import MemoryBroker
from adapters.memory.store import MemoryStore
from adapters.memory.system import MemoryClock
from application.bus.messages import Actor, Secret
from application.conversation.create_group import CreateGroup
from application.identity.log_out import LogOut
from application.identity.my_profile import ChangeMyProfile
from application.identity.register_user import RegisterUser
from application.messaging.send_message import SendMessage
from application.outbox.relay import Relay
from application.ports.events import Frame
from application.testing.builders import an_id, later
from application.testing.caches import frames_of
from application.testing.stage import commit
from domain.identity.events import ProfileChanged
from domain.shared.errors import Unavailable
from domain.shared.ids import ClientMessageId, UserId
from entrypoints.container import Container
from entrypoints.lifespan import opened
from tests.support.server import settings_for
from tests.unit.adapters.memory_world import memory_world

AFTER_A_WHILE = 2.0


@dataclass(slots=True)
class Diary:
    """A broker and caches in one, which note what is asked of them and in which order."""

    entries: list[tuple[str, str]] = field(default_factory=list)
    is_out: bool = False

    def wrote(self, what: str) -> list[str]:
        return [kind for did, kind in self.entries if did == what]

    async def forget(self, frames: Sequence[Frame]) -> None:
        if self.is_out:
            raise Unavailable
        self.entries += [("forgot", frame.event_type) for frame in frames]


class Told(MemoryBroker):
    def __init__(self, diary: Diary) -> None:
        super().__init__()
        self._diary = diary

    async def publish(self, frames: Sequence[Frame]) -> None:
        self._diary.entries += [("told", frame.event_type) for frame in frames]


@dataclass(slots=True)
class Stage:
    container: Container
    clock: MemoryClock
    diary: Diary
    actor: Actor

    async def rename(self) -> None:
        await self.container.bus().execute(ChangeMyProfile(display_name="Another"), self.actor)

    async def say_something(self) -> None:
        bus = self.container.bus()
        group = await bus.execute(CreateGroup(subject="x", member_ids=[]), self.actor)
        message = SendMessage(
            conversation_id=group.conversation.id,
            client_message_id=ClientMessageId(an_id()),
            content="words",
        )
        await bus.execute(message, self.actor)

    async def unmarked(self) -> list[str]:
        frames = await self.container.store().outbox.pending(later(10**9), 100)
        return [frame.event_type for frame in frames]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with opened(settings_for()) as container:
        clock, diary = MemoryClock(), Diary()
        container.clock.override(clock)
        container.realtime.override(replace(container.realtime(), broker=Told(diary), caches=diary))
        command = RegisterUser(
            username="ann", password=Secret("correct horse"), display_name="Ann", device_id="d"
        )
        tokens = (await container.bus().execute(command, Actor())).tokens
        await container.courier().flush()
        diary.entries.clear()
        yield Stage(container, clock, diary, Actor(user_id=tokens.user.id, session_id=tokens.session_id))


async def test_what_changed_is_forgotten_before_the_answer(stage: Stage) -> None:
    await stage.rename()
    assert stage.diary.entries == [("forgot", "profile.updated")]
    await stage.container.bus().execute(LogOut(), stage.actor)
    assert stage.diary.wrote("forgot")[1:] == ["session.revoked"]


async def test_caches_are_asked_for_nothing_where_nothing_can_be_remembered(stage: Stage) -> None:
    await stage.say_something()
    await stage.container.courier().flush()
    assert "message.created" in stage.diary.wrote("told")
    assert stage.diary.wrote("forgot") == []


async def test_the_courier_forgets_before_it_publishes(stage: Stage) -> None:
    await stage.rename()
    stage.diary.entries.clear()
    await stage.container.courier().flush()
    assert stage.diary.entries == [("forgot", "profile.updated"), ("told", "profile.updated")]
    assert await stage.unmarked() == []


async def test_what_cannot_be_forgotten_is_answered_kept_back_and_told_later(stage: Stage) -> None:
    stage.diary.is_out = True
    await stage.rename()
    await stage.say_something()
    await stage.container.courier().flush()
    assert "message.created" in stage.diary.wrote("told")
    assert "profile.updated" not in stage.diary.wrote("told")
    assert await stage.unmarked() == ["profile.updated"]

    stage.clock.advance(AFTER_A_WHILE)
    with pytest.raises(Unavailable):
        await stage.container.relay().sweep()
    assert await stage.unmarked() == ["profile.updated"]

    stage.diary.is_out = False
    assert await stage.container.relay().sweep() == 1
    assert stage.diary.entries[-2:] == [("forgot", "profile.updated"), ("told", "profile.updated")]
    assert await stage.unmarked() == []


async def test_a_relay_that_cannot_make_servers_forget_lets_another_one_try() -> None:
    world, clock = memory_world(MemoryStore()), MemoryClock(later(100))
    cut_off, well = Diary(is_out=True), Diary()
    relays = [
        Relay(Told(cut_off), world.outbox, cut_off, clock, world.command_log),
        Relay(Told(well), world.rival_outbox, well, clock, world.command_log),
    ]
    async with world.units.open() as uow:
        await commit(uow, *frames_of(ProfileChanged(user_ids=(UserId(an_id()),))))
    assert await world.outbox.claim()
    running = [asyncio.create_task(relay.run()) for relay in relays]
    async with asyncio.timeout(30):
        while await world.outbox.pending(later(100), 1):
            await asyncio.sleep(0.01)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    assert well.entries == [("forgot", "profile.updated"), ("told", "profile.updated")]
    assert cut_off.entries == []
