"""One transaction, and how several readers share its round trips.

A connection answers one statement at a time. Look-ups of one kind that are made within one tick of the event
loop therefore go out together, as one statement over all their keys: a unit of work that serves a hundred
handlers asks as often as one that serves a single one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Generic, TypeVar

from adapters.postgres.pool import ACQUIRE_TIMEOUT_SECONDS, Connection, Pool, translating

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Transaction:
    """Begins with the first statement (READ COMMITTED); ends by ``commit``, or by ``abandon``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._connection: Connection | None = None
        self._open = False
        self._turn = asyncio.Lock()

    async def fetch(self, sql: str, *arguments: Any) -> list[Any]:
        async with self._turn:
            with translating():
                return list(await (await self._begun()).fetch(sql, *arguments))

    async def execute(self, sql: str, *arguments: Any) -> None:
        async with self._turn:
            with translating():
                await (await self._begun()).execute(sql, *arguments)

    async def commit(self) -> None:
        async with self._turn:
            with translating():
                await (await self._begun()).execute("COMMIT")
                self._open = False

    async def abandon(self) -> None:
        """Roll back what was not committed, and give the connection back, healthy or not at all."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            if self._open:
                with translating():
                    await connection.execute("ROLLBACK")
        except Exception:
            connection.terminate()
            raise
        finally:
            self._open = False
            await asyncio.shield(self._pool.release(connection))

    async def _begun(self) -> Connection:
        if self._connection is None:
            self._connection = await self._pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS)
        if not self._open:
            await self._connection.execute("BEGIN")
            self._open = True
        return self._connection


class Batcher(Generic[K, V]):
    """Look-ups by key, remembered: what was found once is the same object for the rest of the unit of work."""

    def __init__(self, load: Callable[[list[K]], Awaitable[dict[K, V]]]) -> None:
        self._load = load
        self._known: dict[K, V | None] = {}
        self._wanted: dict[K, asyncio.Future[V | None]] = {}

    async def get(self, key: K) -> V | None:
        """The value, or None."""
        if key in self._known:
            return self._known[key]
        future = self._wanted.get(key)
        if future is None:
            if not self._wanted:
                self._task = asyncio.create_task(self._run())
            future = self._wanted[key] = asyncio.get_running_loop().create_future()
        return await asyncio.shield(future)

    async def get_many(self, keys: list[K]) -> dict[K, V]:
        """Those that there are."""
        values = await asyncio.gather(*(self.get(key) for key in keys))
        return {key: value for key, value in zip(keys, values, strict=True) if value is not None}

    def remember(self, key: K, value: V) -> None:
        """Say what a key's value is, without asking."""
        self._known[key] = value

    def known(self, key: K) -> V | None:
        """What is remembered of a key, without asking."""
        return self._known.get(key)

    async def _run(self) -> None:
        await asyncio.sleep(0)
        wanted, self._wanted = self._wanted, {}
        try:
            found = await self._load(list(wanted))
        except BaseException as error:
            for future in wanted.values():
                if not future.done():
                    future.set_exception(error)
                    future.exception()
            if not isinstance(error, Exception):
                raise
            return
        for key, future in wanted.items():
            self._known.setdefault(key, found.get(key))
            if not future.done():
                future.set_result(self._known[key])
