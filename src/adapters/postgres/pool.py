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

_IDENTIFIERS = {
    "users_username_key": "/username",
    "users_email_key": "/email",
    "users_phone_number_key": "/phone_number",
}

# Just-in-time compilation takes longer than any statement here. A unit of work whose process stands still
# must not hold its conversations for ever.
_SESSION = {"jit": "off", "idle_in_transaction_session_timeout": "30s"}

_MET = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.ForeignKeyViolationError,
    asyncpg.InFailedSQLTransactionError,
    asyncpg.InvalidCachedStatementError,
)
_AWAY = (
    OSError,  # TimeoutError is one
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)


async def open_pool(dsn: str, size: int, *, statement_cache_size: int = 100) -> Pool:
    """A pool of at most ``size`` connections. Raises ``Unavailable`` when the server cannot be reached.

    Behind PgBouncer in transaction mode ``statement_cache_size`` must be 0; it refuses settings it does not
    know, so they are then the database's own.
    """
    settings = {"application_name": "sentinal-chat"} | (_SESSION if statement_cache_size else {})
    with translating():
        return await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size,
            command_timeout=COMMAND_TIMEOUT_SECONDS,
            timeout=ACQUIRE_TIMEOUT_SECONDS,
            statement_cache_size=statement_cache_size,
            init=_prepare,
            reset=_keep,
            server_settings=settings,
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


async def _keep(connection: Connection) -> None:
    """Nothing here leaves anything in a session, so giving a connection back costs no round trip.

    The driver still rolls back what is open. Locks of a session need a connection of their own.
    """


@contextmanager
def translating() -> Iterator[None]:
    """Turns the driver's exceptions into refusals, ``Collision`` or ``Unavailable``. Cancellation passes.

    What is left, such as a check that fails, is a mistake of the program: ``RuntimeError``.
    """
    try:
        yield
    except (Refusal, Collision, asyncio.CancelledError):
        raise
    except asyncpg.UniqueViolationError as error:
        pointer = _IDENTIFIERS.get(error.constraint_name or "")
        if pointer is not None:
            raise IdentifierTaken(pointer=pointer) from error
        raise Collision(error.constraint_name) from error
    except _MET as error:
        raise Collision(type(error).__name__) from error
    except (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError) as error:
        raise Invalid("Must not contain the NUL character.", pointer="") from error
    except asyncpg.ClientConfigurationError as error:
        raise Unavailable("The database's address is not understood.") from error
    except _AWAY as error:
        raise Unavailable("The database cannot be reached.") from error
    except asyncpg.PostgresError as error:
        # The driver's own words for what it cannot encode, a lone surrogate or a number too large.
        if type(error) is asyncpg.DataError:
            raise Invalid("Must be well-formed Unicode and within range.", pointer="") from error
        raise RuntimeError(f"the database refuses this: {type(error).__name__}") from error


class Reading:
    """What every reader is: statements on whichever connection is free, errors translated, waits bounded."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def fetch(self, sql: str, *arguments: Any) -> list[Any]:
        with translating():
            async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS) as connection:
                return list(await connection.fetch(sql, *arguments))

    async def fetchrow(self, sql: str, *arguments: Any) -> Any:
        found = await self.fetch(sql, *arguments)
        return found[0] if found else None

    async def execute(self, sql: str, *arguments: Any) -> int:
        """Returns how many rows it touched."""
        with translating():
            async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS) as connection:
                status = str(await connection.execute(sql, *arguments))
        return int(status.rsplit(" ", 1)[-1])
