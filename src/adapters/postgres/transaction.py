"""One transaction, and how several readers share its round trips.

A connection answers one statement at a time. Look-ups of one kind that are made within one tick of the event
loop, or while the connection is busy, therefore go out together, as one statement over all their keys: a unit
of work that serves a hundred handlers asks as often as one that serves a single one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterable
from contextlib import suppress
from typing import Any, Generic, TypeVar

import asyncpg

from adapters.postgres.pool import ACQUIRE_TIMEOUT_SECONDS, Connection, Pool, translating
from application.errors import Collision

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

# With the second half, the trigger that keeps updated_at leaves it to the application's clock.
# Plans do not depend on how many rows there are: planning each statement again would cost more than doing it.
_BEGIN = (
    "BEGIN ISOLATION LEVEL READ COMMITTED; "
    "SET LOCAL sentinal.clock = 'application'; SET LOCAL plan_cache_mode = force_generic_plan"
)

_endings: set[asyncio.Task[None]] = set()


class Transaction:
    """Begins with the first statement (READ COMMITTED); ends by ``commit``, or by ``abandon``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._connection: Connection | None = None
        self._open = False
        self._ended = False
        self._lookups: set[asyncio.Task[None]] = set()
        self.turn = asyncio.Lock()

    async def fetch(self, sql: str, *arguments: Any) -> list[Any]:
        async with self.turn:
            return await self.fetch_in_turn(sql, *arguments)

    async def fetch_in_turn(self, sql: str, *arguments: Any) -> list[Any]:
        """The same for who holds ``turn`` already."""
        with translating():
            return list(await (await self._begun()).fetch(sql, *arguments))

    async def execute(self, sql: str, *arguments: Any) -> None:
        async with self.turn:
            with translating():
                await (await self._begun()).execute(sql, *arguments)

    async def commit(self) -> None:
        """Make it durable. Cancelled or cut off in here, the outcome is unknown."""
        async with self.turn:
            with translating():
                outcome = await (await self._begun()).execute("COMMIT")
            self._open = False
        if outcome != "COMMIT":
            raise Collision("a statement of this transaction had failed")

    async def abandon(self) -> None:
        """Roll back what was not committed, and give the connection back, healthy or not at all.

        Never raises, and finishes even when whoever waits for it is cancelled.
        """
        self._ended = True
        if self._connection is None and not self._lookups and not self.turn.locked():
            return
        ending = asyncio.create_task(self._end())
        _endings.add(ending)
        ending.add_done_callback(_endings.discard)
        await asyncio.shield(ending)

    def look_up(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a look-up beside its askers; it ends with the transaction at the latest."""
        task = asyncio.create_task(work)
        self._lookups.add(task)
        task.add_done_callback(self._lookups.discard)

    async def _begun(self) -> Connection:
        if self._ended:
            raise RuntimeError("the unit of work has ended")
        if self._connection is None:
            self._connection = await self._pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS)
        if not self._open:
            # Said before it is true: who is cancelled in between must still roll back.
            self._open = True
            await self._connection.execute(_BEGIN)
        return self._connection

    async def _end(self) -> None:
        lookups = list(self._lookups)
        for task in lookups:
            task.cancel()
        await asyncio.gather(*lookups, return_exceptions=True)
        async with self.turn:
            connection, self._connection = self._connection, None
            if connection is None:
                return
            try:
                if self._open:
                    await connection.execute("ROLLBACK")
            except Exception:
                # A lost connection has left the pool by itself, and then cannot even be terminated.
                with suppress(asyncpg.InterfaceError):
                    connection.terminate()
            finally:
                self._open = False
                with suppress(Exception):
                    await self._pool.release(connection)


class Batcher(Generic[K, V]):
    """Look-ups by key, several at once. Remembers nothing."""

    def __init__(self, transaction: Transaction, load: Callable[[list[K]], Awaitable[dict[K, V]]]) -> None:
        self._transaction = transaction
        self._load = load
        self._wanted: dict[K, list[asyncio.Future[V | None]]] = {}

    async def get(self, key: K) -> V | None:
        """The value, or None."""
        return await self._ask(key)

    async def get_many(self, keys: Iterable[K]) -> None:
        """Look several up; whoever remembers them knows them then."""
        await asyncio.gather(*map(self._ask, keys))

    def _ask(self, key: K) -> asyncio.Future[V | None]:
        """A future of one's own: others may wait for the same key, and giving up is nobody else's business."""
        if not self._wanted:
            self._transaction.look_up(self._run())
        future: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self._wanted.setdefault(key, []).append(future)
        return future

    async def _run(self) -> None:
        asked: dict[K, list[asyncio.Future[V | None]]] = {}
        try:
            await asyncio.sleep(0)
            async with self._transaction.turn:
                asked, self._wanted = self._wanted, asked
                found = await self._load(list(asked))
        except asyncio.CancelledError:
            for future in _waiting(asked or self._wanted):
                future.cancel()
            raise
        except Exception as error:
            for future in _waiting(asked):
                future.set_exception(error)
                future.exception()  # whoever asked may be gone by the time it is told
            return
        for key, futures in asked.items():
            for future in futures:
                if not future.done():
                    future.set_result(found.get(key))


def _waiting(asked: dict[K, list[asyncio.Future[V | None]]]) -> list[asyncio.Future[V | None]]:
    return [future for futures in asked.values() for future in futures if not future.done()]
