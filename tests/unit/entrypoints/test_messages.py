"""Messages on the memory adapters."""

from collections.abc import AsyncIterator
from typing import Any

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
from tests.support.backstage import MemoryBackstage
from tests.support.server import settings_for


@pytest.fixture
def backstage(container: Container) -> MemoryBackstage:
    units: Any = container.store().units
    return MemoryBackstage(units._store)


@pytest.fixture
async def strict() -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_for(SENTINAL_EDIT_HOURS="0", SENTINAL_DELETE_HOURS="0")
    async with running(settings) as container:
        transport = httpx.ASGITransport(application(container), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
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
        return "messages", "frames", "log"
