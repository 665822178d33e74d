"""What is wrong in a frame, on the memory adapters."""

from collections.abc import AsyncIterator

import pytest

from entrypoints.ws.frames import COMMANDS, QUERIES
from tests.scenarios.bad_frames import FINE, WRONG, BadFrames
from tests.support.server import Served, serving, settings_for


@pytest.fixture
async def server() -> AsyncIterator[Served]:
    async with serving(settings_for()) as server:
        yield server


class TestBadFrames(BadFrames):
    pass


def test_every_frame_that_is_a_command_or_query_is_tried() -> None:
    assert {*COMMANDS, *QUERIES} == set(FINE) == set(WRONG)
