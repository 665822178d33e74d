"""The store's copy of who is online: true after a while, and not written all the time."""

from collections.abc import Mapping

from adapters.memory.caches import MemoryCaches
from adapters.memory.outbox import MemoryBroker, MemoryCommandLog, MemoryOutbox
from adapters.memory.presence import MemoryMirror, MemoryPresences, Roster
from adapters.memory.store import MemoryStore
from adapters.memory.system import MemoryClock
from application.outbox.relay import Relay
from application.ports.presence import Presence
from application.presence.mirroring import Mirroring
from application.testing.builders import a_user
from domain.shared.ids import UserId


class Counted(MemoryMirror):
    """Remembers what was written."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store)
        self.writes: list[tuple[UserId, bool]] = []

    async def write(self, presences: Mapping[UserId, Presence]) -> None:
        self.writes += [(id, presence.online) for id, presence in presences.items()]
        await super().write(presences)


class Scene:
    """One store, and servers that mirror into it; time stands still unless moved."""

    def __init__(self, again_after: float = 3600.0) -> None:
        self.store = MemoryStore()
        self.mirror = Counted(self.store)
        self.clock = MemoryClock()
        self.roster = Roster()
        self.again_after = again_after

    def person(self) -> UserId:
        user = a_user()
        self.store.put_user(user)
        return user.id

    def server(self) -> tuple[MemoryPresences, Mirroring]:
        presences = MemoryPresences(self.roster, self.clock, lifetime=30.0)
        relay = Relay(
            MemoryBroker(), MemoryOutbox(self.store), MemoryCaches(), self.clock, MemoryCommandLog(self.store)
        )
        mirroring = Mirroring(
            mirror=self.mirror, presences=presences, relay=relay, again_after=self.again_after
        )
        return presences, mirroring


async def test_who_was_noted_is_written_as_they_are_by_then() -> None:
    scene = Scene()
    ann, ben = scene.person(), scene.person()
    presences, mirroring = scene.server()
    await presences.beat([ann, ben])
    mirroring.note([ann, ben])
    await presences.leave([ben])
    mirroring.note([ben])
    await mirroring.write_noted()
    assert sorted(scene.mirror.writes) == sorted([(ann, True), (ben, False)])
    await mirroring.write_noted()
    assert len(scene.mirror.writes) == 2


async def test_a_person_is_written_once_in_a_while_and_the_last_state_is_not_forgotten() -> None:
    scene = Scene()
    ann = scene.person()
    presences, mirroring = scene.server()
    for _ in range(5):
        await presences.beat([ann])
        mirroring.note([ann])
        await mirroring.write_noted()
        await presences.leave([ann])
        mirroring.note([ann])
        await mirroring.write_noted()
        await mirroring.correct()
    assert scene.mirror.writes == [(ann, True)]
    mirroring._again_after = 0.0
    await mirroring.write_noted()
    assert scene.mirror.writes == [(ann, True), (ann, False)]


async def test_people_of_a_dead_server_are_corrected_by_another() -> None:
    scene = Scene()
    people = [scene.person() for _ in range(1100)]
    doomed, its_mirroring = scene.server()
    _, mirroring = scene.server()
    await doomed.beat(people)
    its_mirroring.note(people)
    await its_mirroring.write_noted()
    await mirroring.correct()
    assert len(scene.mirror.writes) == 1100
    scene.clock.advance(31)
    await mirroring.correct()
    assert sorted(scene.mirror.writes[1100:]) == sorted((id, False) for id in people)
    assert await scene.mirror.online(after=None, limit=1) == []
