"""An export while it is sent: nothing waits for a slow reader, and a failure is an answer and no half of a document."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from adapters.memory.archive import MemoryArchive
from application.ports.readers import Archive
from domain.shared.errors import Unavailable
from domain.shared.ids import UserId
from entrypoints.container import Container
from entrypoints.http.app import application
from entrypoints.http.spool import CHUNK_BYTES, IN_MEMORY_BYTES, spooled
from entrypoints.lifespan import opened
from tests.scenarios.people import Someone, somebody
from tests.support.server import settings_for


class Watched:
    """An archive that knows whether it is being read; it may fail in the middle, and has as many rows as wanted."""

    def __init__(self, inner: Archive) -> None:
        self._inner = inner
        self.is_read = False
        self.rows = 0
        self.fails = False

    async def everything(self, user_id: UserId) -> AsyncGenerator[tuple[str, dict[str, Any]], None]:
        self.is_read = True
        try:
            async for found in self._inner.everything(user_id):
                yield found
            for n in range(self.rows):
                yield "commands", {"n": n, "words": "x" * 100}
            if self.fails:
                raise Unavailable
        finally:
            self.is_read = False


@pytest.fixture
async def container() -> AsyncIterator[Container]:
    async with opened(settings_for()) as container:
        store = container.store()
        assert isinstance(store.archive, MemoryArchive)
        container.store.override(replace(store, archive=Watched(store.archive)))
        yield container


@pytest.fixture
async def ann(container: Container) -> AsyncIterator[Someone]:
    transport = httpx.ASGITransport(application(container), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield await somebody(client)


async def test_nothing_is_read_any_more_when_the_first_byte_is_sent(
    container: Container, ann: Someone
) -> None:
    archive: Any = container.store().archive
    archive.rows = 3 * IN_MEMORY_BYTES // 100
    was_read_when_sent: list[bool] = []
    done = asyncio.Event()

    async def send(message: Any) -> None:
        was_read_when_sent.append(archive.is_read)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            done.set()

    async def receive() -> Any:
        # A client that stays until it has everything.
        await done.wait()
        return {"type": "http.disconnect"}

    headers = [(b"host", b"test"), (b"authorization", f"Bearer {ann.token}".encode())]
    path = "/v1/users/me/export"
    scope: Any = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
        "scheme": "http",
        "http_version": "1.1",
        "root_path": "",
    }
    await application(container)(scope, receive, send)
    assert len(was_read_when_sent) > 3 * IN_MEMORY_BYTES // CHUNK_BYTES
    assert not any(was_read_when_sent)


async def test_its_length_is_known_and_true(container: Container, ann: Someone) -> None:
    archive: Any = container.store().archive
    for rows in (0, 2000, 3 * IN_MEMORY_BYTES // 100):
        archive.rows = rows
        response = await ann.ask("GET", "/v1/users/me/export")
        assert int(response.headers["content-length"]) == len(response.content)
        assert len(response.json()["commands"]) == rows + 1


async def test_a_failure_in_the_middle_is_an_answer_of_its_own(container: Container, ann: Someone) -> None:
    archive: Any = container.store().archive
    archive.rows, archive.fails = 2000, True
    response = await ann.ask("GET", "/v1/users/me/export")
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert not archive.is_read


async def test_what_is_not_read_to_its_end_is_closed() -> None:
    async def pieces() -> AsyncGenerator[bytes, None]:
        yield b"x" * (IN_MEMORY_BYTES + 1)

    size, chunks = await spooled(pieces())
    assert size == IN_MEMORY_BYTES + 1
    assert await anext(chunks) == b"x" * CHUNK_BYTES
    assert isinstance(chunks, AsyncGenerator)
    await chunks.aclose()
