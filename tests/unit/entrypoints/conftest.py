"""The whole application in memory, without a socket."""

from collections.abc import AsyncIterator

import httpx
import pytest

from entrypoints.container import Container
from entrypoints.http.app import application
from entrypoints.lifespan import running
from tests.support.server import CLIENTS, settings_for


@pytest.fixture
async def container() -> AsyncIterator[Container]:
    async with running(settings_for()) as container:
        yield container


@pytest.fixture
async def client(container: Container) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(container), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.fixture(autouse=True)
async def people_hang_up() -> AsyncIterator[None]:
    """Whoever a test made closes their HTTP connections with it, while their loop still runs."""
    yield
    while CLIENTS:
        await CLIENTS.pop().aclose()
