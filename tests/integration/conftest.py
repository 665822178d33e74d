"""Databases of their own for every worker, and for every test that asks for a fresh one."""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from tests.conftest import TEMPLATE, sibling
from tests.support.server import CLIENTS

_numbers = itertools.count(1)


def _worker() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "gw0")


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    """This worker's migrated database. Tests that use it leave it as they like; whoever comes next cleans."""
    yield from _clone(f"worker_{_worker()}")


@pytest.fixture
def fresh_database() -> Iterator[str]:
    """A migrated, empty database for one test."""
    yield from _clone(f"fresh_{_worker()}_{next(_numbers)}")


@pytest.fixture
def another_database() -> Iterator[str]:
    """One more of these."""
    yield from _clone(f"another_{_worker()}_{next(_numbers)}")


@pytest.fixture(scope="session")
def redis() -> str:
    """This worker's Redis database."""
    base = os.environ["SENTINAL_TEST_REDIS_URL"]
    return base.rsplit("/", 1)[0] + f"/{int(_worker().removeprefix('gw')) + 1}"


def _clone(name: str) -> Iterator[str]:
    server = os.environ["SENTINAL_TEST_DATABASE_URL"]
    asyncio.run(_execute(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    asyncio.run(_execute(server, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
    yield sibling(server, name)
    asyncio.run(_execute(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for _ in range(50):
            try:
                await connection.execute(statement)
                return
            except asyncpg.ObjectInUseError:
                # Another worker is cloning the template at this moment.
                await asyncio.sleep(0.1)
        raise TimeoutError(statement)
    finally:
        await connection.close()


@pytest.fixture(autouse=True)
async def people_hang_up() -> AsyncIterator[None]:
    """Whoever a test made closes their HTTP connections with it."""
    yield
    while CLIENTS:
        await CLIENTS.pop().aclose()
