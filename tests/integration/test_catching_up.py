"""One's own place in conversations, receipts and catching up, on PostgreSQL."""

from collections.abc import AsyncIterator

import httpx
import pytest

from entrypoints.container import Container
from entrypoints.http.app import application
from entrypoints.lifespan import running
from tests.scenarios.participation import Participation, Unread
from tests.scenarios.receipts import Receipts
from tests.scenarios.syncing import Changes, Sync
from tests.support.server import settings_for


@pytest.fixture
async def container(database: str) -> AsyncIterator[Container]:
    async with running(settings_for(database)) as container:
        yield container


@pytest.fixture
async def client(container: Container) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(container), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=20) as client:
        yield client


class TestParticipation(Participation):
    pass


class TestUnread(Unread):
    pass


class TestReceipts(Receipts):
    pass


class TestChanges(Changes):
    pass


class TestSync(Sync):
    pass
