"""What servers share, kept in one process: broker, limits, health; and caches, which have nothing to keep."""

from datetime import timedelta

import pytest

from adapters.memory.caches import MemoryCaches
from adapters.memory.outbox import MemoryBroker, MemoryHealth, MemoryLimits
from adapters.memory.presence import MemoryPresences, Roster
from adapters.memory.seats import MemorySeats
from adapters.memory.store import MemoryStore
from adapters.memory.system import MemoryClock
from application.ports.limits import Rate
from application.testing.builders import an_id
from application.testing.caches import CachesContract, Remembering
from application.testing.caches import Servers as RememberingServers
from application.testing.events import Air, BrokerContract
from application.testing.health import HealthContract, Patients
from application.testing.limits import SLOW, Gate, LimitsContract
from application.testing.presence import PresencesContract, Servers
from application.testing.seats import Hall, SeatsContract
from application.testing.world import World
from domain.shared.ids import UserId
from tests.unit.adapters.memory_world import memory_world


class TestMemoryBroker(BrokerContract):
    @pytest.fixture
    def air(self) -> Air:
        return Air(broker=MemoryBroker())


def _gate() -> tuple[MemoryClock, Gate]:
    clock = MemoryClock()

    async def let_pass(seconds: float) -> None:
        clock.advance(seconds)

    return clock, Gate(limits=MemoryLimits(clock), let_pass=let_pass)


class TestMemoryLimits(LimitsContract):
    @pytest.fixture
    def gate(self) -> Gate:
        return _gate()[1]

    async def test_exactly_one_more_is_allowed_after_an_emission_interval(self) -> None:
        clock, gate = _gate()
        await gate.exhaust(SLOW, "key")
        clock.advance(999.999)
        assert not (await gate.limits.take(SLOW, "key")).allowed
        clock.advance(0.001)
        assert [v.allowed for v in await gate.take(SLOW, "key", 2)] == [True, False]

    async def test_a_whole_budget_is_regained_and_no_more(self) -> None:
        clock, gate = _gate()
        await gate.exhaust(SLOW, "key")
        clock.advance(timedelta(days=1).total_seconds())
        assert [v.allowed for v in await gate.take(SLOW, "key", 6)] == [True] * 5 + [False]

    async def test_a_clock_set_back_locks_nobody_out_for_longer_than_a_budget(self) -> None:
        clock, gate = _gate()
        await gate.exhaust(SLOW, "key")
        clock.advance(-1_000_000)
        assert (await gate.limits.take(SLOW, "key")).retry_after <= 1000

    async def test_keys_whose_budget_is_whole_are_forgotten(self) -> None:
        clock = MemoryClock()
        limits = MemoryLimits(clock)
        rate = Rate(name="short", burst=1, per_period=1, period=1.0)
        for number in range(30_000):
            clock.advance(0.001)
            await limits.take(rate, str(number))
        assert len(limits._due) <= 10_001


class TestMemoryHealth(HealthContract):
    @pytest.fixture
    def patients(self) -> Patients:
        return Patients(well=MemoryHealth(), ill=MemoryHealth(["The disk is full."]))


class TestMemoryCaches(CachesContract):
    @pytest.fixture
    def world(self) -> World:
        return memory_world(MemoryStore())

    @pytest.fixture
    def servers(self) -> RememberingServers:
        return lambda world: Remembering(
            profiles=world.profiles,
            sessions=world.sessions,
            descriptions=world.descriptions,
            caches=MemoryCaches(),
        )


class TestMemoryPresences(PresencesContract):
    @pytest.fixture
    def servers(self) -> Servers:
        clock, roster = MemoryClock(), Roster()

        async def let_pass(seconds: float) -> None:
            clock.advance(seconds)

        one, two = (MemoryPresences(roster, clock, lifetime=40.0) for _ in range(2))
        return Servers(one=one, two=two, lifetime=40.0, let_pass=let_pass)

    async def test_who_is_gone_leaves_nothing_but_when_they_were_seen(self, servers: Servers) -> None:
        ann, bob = (UserId(an_id()) for _ in range(2))
        await servers.one.beat([ann, bob])
        await servers.one.leave([ann])
        await servers.outlive()
        await servers.two.leave([bob])
        assert isinstance(servers.one, MemoryPresences)
        assert not servers.one._roster.until
        assert set(servers.one._roster.seen) == {ann, bob}


class TestMemorySeats(SeatsContract):
    @pytest.fixture
    def hall(self) -> Hall:
        clock = MemoryClock()

        async def let_pass(seconds: float) -> None:
            clock.advance(seconds)

        seats = MemorySeats(clock, lifetime=60.0)
        return Hall(one=seats, two=seats, lifetime=60.0, let_pass=let_pass)
