"""Time that stands until it is moved, ids that repeat in every run, passwords that hash fast."""

from datetime import timedelta

import pytest

from adapters.memory.passwords import MemoryPasswords
from adapters.memory.system import START, MemoryClock, MemoryIds
from application.ports.security import Passwords
from application.ports.system import Clock, Ids
from application.testing.security import PasswordsContract
from application.testing.system import ClockContract, IdsContract


class TestMemoryClock(ClockContract):
    @pytest.fixture
    def clock(self) -> Clock:
        return MemoryClock(START + timedelta(microseconds=1234))

    def test_time_passes_by_advance_only(self) -> None:
        clock = MemoryClock()
        assert clock.now() == clock.now() == START
        clock.advance(1.5)
        assert clock.now() == START + timedelta(seconds=1.5)


class TestMemoryIds(IdsContract):
    @pytest.fixture
    def ids(self) -> Ids:
        return MemoryIds()

    def test_ids_are_the_same_in_every_run_and_different_for_every_seed(self) -> None:
        one, same, other = MemoryIds("a"), MemoryIds("a"), MemoryIds("b")
        assert [one.new(START), one.new(START)] == [same.new(START), same.new(START)]
        assert other.new(START) != MemoryIds("a").new(START)


class TestMemoryPasswords(PasswordsContract):
    @pytest.fixture
    def passwords(self) -> Passwords:
        return MemoryPasswords()

    async def test_a_hash_of_another_cost_is_outdated(self) -> None:
        assert MemoryPasswords(cost=16).is_outdated(await MemoryPasswords().hash("password"))
