"""The whole application in memory, without a socket."""

from collections.abc import AsyncIterator

import httpx
import pytest

from entrypoints.http.app import application
from entrypoints.lifespan import running
from tests.support.server import settings_for


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with running(settings_for()) as container:
        transport = httpx.ASGITransport(application(container), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client
