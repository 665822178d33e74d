"""The machine's clock and randomness keep the promises of time and ids."""

import pytest

from adapters.system.clock import SystemClock, SystemIds
from application.ports.system import Clock, Ids
from application.testing.builders import AT
from application.testing.system import ClockContract, IdsContract


class TestSystemClock(ClockContract):
    @pytest.fixture
    def clock(self) -> Clock:
        return SystemClock()


class TestSystemIds(IdsContract):
    @pytest.fixture
    def ids(self) -> Ids:
        return SystemIds()

    def test_ids_of_one_millisecond_ascend(self) -> None:
        ids = SystemIds()
        made = [ids.new(AT) for _ in range(1000)]
        assert made == sorted(made)
