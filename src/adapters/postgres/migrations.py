"""Forward-only schema migrations: what is not applied yet is, in order, each file exactly once.

Each file runs in one transaction together with the row that records it. A no-transaction file runs alone and
may run a second time when the process dies before its row is written: let it say `IF NOT EXISTS`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import asyncpg

from adapters.postgres.migration_files import (
    DEFAULT_DIRECTORY,
    NO_TRANSACTION,
    DatabaseUnreachable,
    Migration,
    MigrationEdited,
    MigrationError,
    MigrationFailed,
    MigrationMissing,
    MigrationOutOfOrder,
    MigrationsLocked,
    MigrationState,
    MigrationStatus,
    NotOneStatement,
    UnknownTarget,
    discover,
    new,
)

__all__ = [
    "DEFAULT_DIRECTORY",
    "Migration",
    "MigrationError",
    "MigrationStatus",
    "discover",
    "is_current",
    "migrate",
    "new",
    "status",
    "verify",
]

_ADVISORY_LOCK = 0x53454E54_4D494752  # "SENTMIGR", one lock per database
_POLL = 0.05
_TABLE = """
CREATE TABLE IF NOT EXISTS public.schema_migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)"""
_RECORD = "INSERT INTO public.schema_migrations (version, name, checksum) VALUES ($1, $2, $3)"
_TRANSACTION_ID = "SELECT pg_current_xact_id()::text"


class Fetches(Protocol):
    """A connection, pooled or not, as far as it is needed to read."""

    async def fetch(self, query: str, /, *args: Any) -> list[asyncpg.Record]:
        """The rows the query returns."""
        ...


async def migrate(
    dsn: str,
    directory: Path = DEFAULT_DIRECTORY,
    *,
    target: int | None = None,
    wait: float = 60.0,
    lock_timeout: float = 5.0,
) -> list[Migration]:
    """Applies what is not applied yet, up to and including version `target`, and returns it.

    Any number of runners may start at once: one works, the others poll up to `wait` seconds and then find it
    done. A file in a transaction waits up to `lock_timeout` seconds for each lock, so that it does not queue
    the product's own transactions behind it. Connect directly, not through a transaction pooler.

    Raises every `MigrationError`. What was applied before it stays applied.
    """
    migrations = discover(directory)
    if target is not None and target not in {each.version for each in migrations}:
        raise UnknownTarget(f"There is no migration {target:04d} in {directory}. Choose one that is there.")
    applied: list[Migration] = []
    async with _connected(dsn) as guard:
        await _take_turn(guard, wait)
        await guard.execute(_TABLE)
        pending = _pending(migrations, await _history(guard))
        # The lock stays on a connection of its own: resetting the one at work would release it.
        async with _connected(dsn) as work:
            for each in pending:
                if target is None or each.version <= target:
                    await _apply(work, each, lock_timeout)
                    await work.reset()  # what one file SETs is not seen by the next
                    applied.append(each)
    return applied


async def status(dsn: str, directory: Path = DEFAULT_DIRECTORY) -> list[MigrationStatus]:
    """Every migration that is a file or is applied, by version. Changes nothing at all."""
    migrations = discover(directory)
    async with _connected(dsn) as connection:
        return _compare(migrations, await _history(connection))


async def verify(dsn: str, directory: Path = DEFAULT_DIRECTORY) -> list[Migration]:
    """What is not applied yet, when everything that is applied agrees with its file.

    Raises `MigrationEdited`, `MigrationMissing`, `MigrationOutOfOrder`. Changes nothing.
    """
    migrations = discover(directory)
    async with _connected(dsn) as connection:
        return _pending(migrations, await _history(connection))


async def is_current(connection: Fetches, migrations: Iterable[Migration]) -> bool:
    """Whether each of `migrations` is applied, unedited. One query.

    A database that is ahead is current: while a new version is rolled out, the old one's servers stay ready.
    """
    history = await _history(connection)
    return all(
        each.version in history and history[each.version]["checksum"] == each.checksum for each in migrations
    )


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    try:
        connection = await asyncpg.connect(
            dsn, timeout=10, statement_cache_size=0, server_settings={"application_name": "sentinal migrate"}
        )
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DatabaseUnreachable(
            f"No connection to the database: {type(error).__name__}: {error}. "
            "Is it running, and is DATABASE_URL right?"
        ) from error
    try:
        yield connection
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise MigrationFailed(
            f"The list of migrations could not be read or written: {error}. "
            "See that the database stays up and that its user may create tables in public; run it again."
        ) from error
    finally:
        await connection.close(timeout=10)


async def _take_turn(guard: asyncpg.Connection[asyncpg.Record], wait: float) -> None:
    """Holds the advisory lock when it returns.

    It polls, because a statement that waits holds a snapshot, for which another runner's `CREATE INDEX
    CONCURRENTLY` would wait in turn: a deadlock.
    """
    deadline = time.monotonic() + wait
    while not await guard.fetchval("SELECT pg_try_advisory_lock($1)", _ADVISORY_LOCK):
        if time.monotonic() >= deadline:
            raise MigrationsLocked(
                f"Backend {await _holder(guard)} has been migrating this database for {wait:g} s. "
                "Wait for it and try again; if nobody is at work, end it with pg_terminate_backend."
            )
        await asyncio.sleep(_POLL)


async def _holder(guard: asyncpg.Connection[asyncpg.Record]) -> str:
    pid = await guard.fetchval(
        "SELECT l.pid FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database"
        " WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.granted"
        " AND l.classid::bigint << 32 | l.objid::bigint = $1",
        _ADVISORY_LOCK,
    )
    return "just gone" if pid is None else str(pid)


async def _history(connection: Fetches) -> dict[int, asyncpg.Record]:
    """Rows of `schema_migrations` by version; empty where there is no such table yet."""
    try:
        rows = await connection.fetch(
            "SELECT version, name, checksum, applied_at FROM public.schema_migrations"
        )
    except asyncpg.UndefinedTableError:
        return {}
    return {row["version"]: row for row in rows}


def _compare(migrations: Sequence[Migration], history: dict[int, asyncpg.Record]) -> list[MigrationStatus]:
    files = {each.version: each for each in migrations}
    last = max(history, default=0)
    result = []
    for version in sorted(files.keys() | history.keys()):
        file, row = files.get(version), history.get(version)
        state: MigrationState
        if row is None:
            state = "out of order" if version < last else "pending"
        elif file is None:
            state = "missing"
        else:
            state = "applied" if (row["name"], row["checksum"]) == (file.name, file.checksum) else "edited"
        name = row["name"] if file is None and row is not None else files[version].name
        at = None if row is None else row["applied_at"]
        result.append(MigrationStatus(version=version, name=name, state=state, applied_at=at))
    return result


def _pending(migrations: Sequence[Migration], history: dict[int, asyncpg.Record]) -> list[Migration]:
    statuses = _compare(migrations, history)
    for each in statuses:
        label = f"{each.version:04d}_{each.name}.sql"
        if each.state == "edited":
            raise MigrationEdited(
                f"{label} is not what was applied as {history[each.version]['name']} at {each.applied_at}. "
                "Put the file back as it was, and make the change in a new migration."
            )
        if each.state == "missing":
            raise MigrationMissing(
                f"{label} was applied at {each.applied_at} and there is no such file. "
                "Put it back, or use the version of the program that has it."
            )
        if each.state == "out of order":
            raise MigrationOutOfOrder(
                f"{label} is not applied, but {max(history):04d} is. Give it a number above that."
            )
    waiting = {each.version for each in statuses if each.state == "pending"}
    return [each for each in migrations if each.version in waiting]


async def _apply(work: asyncpg.Connection[asyncpg.Record], migration: Migration, lock_timeout: float) -> None:
    try:
        if migration.transactional:
            await _apply_in_transaction(work, migration, lock_timeout)
        else:
            await _apply_alone(work, migration)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise MigrationFailed(_what_failed(migration, error)) from error


async def _apply_in_transaction(
    work: asyncpg.Connection[asyncpg.Record], migration: Migration, lock_timeout: float
) -> None:
    async with work.transaction():
        await work.execute(f"SET LOCAL lock_timeout = '{round(lock_timeout * 1000)}ms'")
        # First, so that a runner that lost the advisory lock unnoticed meets a duplicate key here.
        await work.execute(_RECORD, migration.version, migration.name, migration.checksum)
        before = await work.fetchval(_TRANSACTION_ID)
        await work.execute(migration.sql)
        if before != await work.fetchval(_TRANSACTION_ID):
            raise MigrationFailed(
                f"{migration.path.name} ends its transaction itself, so part of it may be done. Take COMMIT "
                f"and ROLLBACK out of it, undo the part that is done, delete row {migration.version} from "
                "schema_migrations if there is one, and run it again."
            )


async def _apply_alone(work: asyncpg.Connection[asyncpg.Record], migration: Migration) -> None:
    refusal = NotOneStatement(
        f"{migration.path.name} says '{NO_TRANSACTION}' and does not hold exactly one statement. "
        "Nothing of it was run. Make one file of each statement."
    )
    try:
        # Prepared statements are what PostgreSQL itself limits to one; no parser of ours is needed.
        statement = await work.prepare(migration.sql)
    except asyncpg.PostgresSyntaxError as error:
        if error.position is None:  # a mistake inside a statement has a position, a second statement has none
            raise refusal from error
        raise
    await statement.fetch()
    if not statement.get_statusmsg():
        raise refusal
    await work.execute(_RECORD, migration.version, migration.name, migration.checksum)


def _what_failed(migration: Migration, error: Exception) -> str:
    where, what = migration.path.name, " ".join(str(error).split())
    if isinstance(error, asyncpg.PostgresError):
        if error.position is not None:
            where += f", line {migration.sql.count(chr(10), 0, int(error.position) - 1) + 1}"
        what += f" (SQLSTATE {error.sqlstate})"
    advice = "Nothing of it was kept; mend it and run it again."
    if isinstance(error, asyncpg.LockNotAvailableError):
        advice = "Somebody holds a lock it needs. Nothing of it was kept; run it again when they are done."
    if not migration.transactional:
        advice = "It ran without a transaction: drop what it left, such as an INVALID index, and run again."
    return f"{where}: {what}. {advice}"
