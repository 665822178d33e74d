"""Whether a device that was away has what a fresh one fetches, on a store that SENTINAL_SABOTAGE breaks.

Beside the contracts, so that what catching up must notice is noticed by it, and not by them before.
"""

import os

import pytest

from tests.integration.test_sync_convergence import converges
from tests.sabotage.convergence_breaks import CONVERGENCE_BREAKS
from tests.support.company import in_memory
from tests.unit.adapters.memory_world import memory_world

BREAK = os.environ.get("SENTINAL_SABOTAGE", "")
EXAMPLES = 200


@pytest.mark.timeout(40)
class TestCatchingUp:
    def test_a_device_that_was_away_has_what_a_fresh_one_fetches(self) -> None:
        converges(in_memory(CONVERGENCE_BREAKS.get(BREAK, memory_world)), EXAMPLES)
