"""Groups on PostgreSQL and Redis."""

from collections.abc import AsyncIterator

import httpx
import pytest

from entrypoints.container import Container
from entrypoints.http.app import application
from entrypoints.lifespan import running
from tests.scenarios.bad_conversations import BadConversations
from tests.scenarios.group_info import Info
from tests.scenarios.group_input import GroupInput
from tests.scenarios.group_rights import GroupRights
from tests.scenarios.groups import Joining, Leaving, Roles
from tests.scenarios.succession import Succession
from tests.support.server import settings_for


@pytest.fixture
async def container(database: str, redis: str) -> AsyncIterator[Container]:
    async with running(settings_for(database, redis)) as container:
        yield container


@pytest.fixture
async def client(container: Container) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(container), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=20) as client:
        yield client


class TestGroupRights(GroupRights):
    pass


class TestJoining(Joining):
    pass


class TestLeaving(Leaving):
    pass


class TestRoles(Roles):
    pass


class TestSuccession(Succession):
    pass


class TestInfo(Info):
    pass


class TestGroupInput(GroupInput):
    pass


class TestBadConversations(BadConversations):
    pass
