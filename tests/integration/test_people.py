"""Accounts, sessions, contacts and blocks on PostgreSQL and Redis."""

from collections.abc import AsyncIterator

import httpx
import pytest

from entrypoints.http.app import application
from entrypoints.lifespan import running
from tests.scenarios.accounts import Accounts, Sessions
from tests.scenarios.contacts import Blocks, Contacts
from tests.scenarios.erasure import Erasure
from tests.support.server import settings_for


@pytest.fixture
async def client(database: str, redis: str) -> AsyncIterator[httpx.AsyncClient]:
    async with running(settings_for(database, redis)) as container:
        transport = httpx.ASGITransport(application(container), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=20) as client:
            yield client


class TestAccounts(Accounts):
    pass


class TestSessions(Sessions):
    pass


class TestContacts(Contacts):
    pass


class TestBlocks(Blocks):
    pass


class TestErasure(Erasure):
    pass
