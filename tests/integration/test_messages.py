"""Messages on PostgreSQL and Redis."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from entrypoints.container import Container
from entrypoints.http.app import application
from entrypoints.lifespan import running
from tests.scenarios.bad_messages import BadMessages
from tests.scenarios.changing import Deleting, Editing
from tests.scenarios.forwarding import Forwarding
from tests.scenarios.messages import Looking, Messages, Replies
from tests.scenarios.reactions import Reactions
from tests.scenarios.wiping import Wiping
from tests.support.backstage import PostgresBackstage, postgres_backstage
from tests.support.server import settings_for


@pytest.fixture
async def backstage(database: str) -> AsyncIterator[PostgresBackstage]:
    async with postgres_backstage(database) as backstage:
        yield backstage


@asynccontextmanager
async def _client(database: str, redis: str, **more: str) -> AsyncIterator[httpx.AsyncClient]:
    async with running(settings_for(database, redis, **more)) as container, _client_of(container) as client:
        yield client


@asynccontextmanager
async def _client_of(container: Container) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(container), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=20) as client:
        yield client


@pytest.fixture
async def container(database: str, redis: str) -> AsyncIterator[Container]:
    async with running(settings_for(database, redis)) as container:
        yield container


@pytest.fixture
async def client(container: Container) -> AsyncIterator[httpx.AsyncClient]:
    async with _client_of(container) as client:
        yield client


@pytest.fixture
async def strict(database: str, redis: str) -> AsyncIterator[httpx.AsyncClient]:
    async with _client(database, redis, SENTINAL_EDIT_HOURS="0", SENTINAL_DELETE_HOURS="0") as client:
        yield client


class TestMessages(Messages):
    pass


class TestReplies(Replies):
    pass


class TestLooking(Looking):
    pass


class TestEditing(Editing):
    pass


class TestDeleting(Deleting):
    pass


class TestReactions(Reactions):
    pass


class TestForwarding(Forwarding):
    pass


class TestBadMessages(BadMessages):
    pass


class TestWiping(Wiping):
    @pytest.fixture
    def names(self) -> tuple[str, str, str]:
        return "messages", "outbox_events", "command_log"
