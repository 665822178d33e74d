"""What is wrong in a frame, on PostgreSQL and Redis."""

from collections.abc import AsyncIterator

import pytest

from tests.scenarios.bad_frames import BadFrames
from tests.support.server import Served, serving, settings_for


@pytest.fixture
async def server(database: str, redis: str) -> AsyncIterator[Served]:
    async with serving(settings_for(database, redis)) as server:
        yield server


class TestBadFrames(BadFrames):
    pass
