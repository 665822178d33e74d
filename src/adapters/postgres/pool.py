"""Connections to PostgreSQL, and its errors in the application's words."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import asyncpg

from application.errors import Collision
from domain.shared.errors import IdentifierTaken, Invalid, Refusal, Unavailable

COMMAND_TIMEOUT_SECONDS = 3.0
ACQUIRE_TIMEOUT_SECONDS = 2.0

Connection = Any
Pool = asyncpg.Pool

IDENTIFIERS = {
    "users_username_key": "/username",
    "users_email_key": "/email",
    "users_phone_number_key": "/phone_number",
}


async def open_pool(dsn: str, size: int, *, statement_cache_size: int = 100) -> Pool:
    """A pool of at most ``size`` connections. Raises ``Unavailable`` when the server cannot be reached.

    Behind PgBouncer in transaction mode ``statement_cache_size`` must be 0.
    """
    with translating():
        return await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size,
            command_timeout=COMMAND_TIMEOUT_SECONDS,
            timeout=ACQUIRE_TIMEOUT_SECONDS,
            statement_cache_size=statement_cache_size,
            init=_prepare,
            server_settings={"application_name": "sentinal-chat"},
        )


async def _prepare(connection: Connection) -> None:
    """Plain UUIDs: the driver's own kind is a subclass that encoders do not know."""
    await connection.set_type_codec(
        "uuid",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: value.bytes,
        decoder=lambda data: UUID(bytes=bytes(data)),
    )


@contextmanager
def translating() -> Iterator[None]:
    """Turns the driver's exceptions into refusals, ``Collision`` or ``Unavailable``. Cancellation passes."""
    try:
        yield
    except (Refusal, Collision, asyncio.CancelledError):
        raise
    except asyncpg.UniqueViolationError as error:
        pointer = IDENTIFIERS.get(error.constraint_name or "")
        if pointer is not None:
            raise IdentifierTaken(pointer=pointer) from error
        raise Collision(error.constraint_name) from error
    except (
        asyncpg.DeadlockDetectedError,
        asyncpg.SerializationError,
        asyncpg.LockNotAvailableError,
    ) as error:
        raise Collision(type(error).__name__) from error
    except (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError) as error:
        raise Invalid("Must not contain the NUL character.", pointer="") from error
    except (
        TimeoutError,
        OSError,
        asyncpg.InterfaceError,
        asyncpg.PostgresConnectionError,
        asyncpg.TooManyConnectionsError,
        asyncpg.CannotConnectNowError,
        asyncpg.AdminShutdownError,
        asyncpg.CrashShutdownError,
        asyncpg.QueryCanceledError,
        asyncpg.InsufficientResourcesError,
        asyncpg.InvalidAuthorizationSpecificationError,
        asyncpg.InvalidCatalogNameError,
    ) as error:
        raise Unavailable("The database cannot be reached.") from error


class Reading:
    """What every reader is: statements on whichever connection is free, errors translated."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def fetch(self, sql: str, *arguments: Any) -> list[Any]:
        with translating():
            return list(await self._pool.fetch(sql, *arguments))

    async def fetchrow(self, sql: str, *arguments: Any) -> Any:
        with translating():
            return await self._pool.fetchrow(sql, *arguments)

    async def execute(self, sql: str, *arguments: Any) -> str:
        with translating():
            return str(await self._pool.execute(sql, *arguments))
