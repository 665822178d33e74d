"""The migration runner on a real PostgreSQL, over directories of its own."""

import asyncio
import hashlib
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from adapters.postgres.migration_files import (
    NO_TRANSACTION,
    BadMigrationFile,
    DatabaseUnreachable,
    DuplicateMigration,
    MigrationEdited,
    MigrationFailed,
    MigrationMissing,
    MigrationOutOfOrder,
    MigrationsLocked,
    NotOneStatement,
    UnknownTarget,
)
from adapters.postgres.migrations import (
    DEFAULT_DIRECTORY,
    MigrationError,
    discover,
    is_current,
    migrate,
    new,
    status,
    verify,
)
from entrypoints.embedded.postgres import EmbeddedPostgres

Write = Callable[[str, str], Path]

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def postgres() -> Iterator[EmbeddedPostgres]:
    place = Path(tempfile.mkdtemp(prefix="sentinal-test-"))
    place.chmod(0o711)  # the server may run as another account
    with EmbeddedPostgres(place, settings={"max_connections": "50"}) as server:
        yield server
    shutil.rmtree(place)


@pytest.fixture
async def dsn(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """An empty database."""
    name = f"migrated_{next(_numbers)}"
    await _execute(postgres.url, f"CREATE DATABASE {name}")
    yield postgres.dsn(name)
    await _execute(postgres.url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    path = tmp_path / "migrations"
    path.mkdir()
    return path


@pytest.fixture
def write(directory: Path) -> Write:
    def write_one(name: str, sql: str) -> Path:
        path = directory / name
        path.write_text(sql, encoding="utf-8")
        return path

    return write_one


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _value(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def _versions(dsn: str) -> object:
    return await _value(dsn, "SELECT array_agg(version ORDER BY version) FROM schema_migrations")


def test_files_are_found_in_the_order_of_their_numbers(write: Write, directory: Path) -> None:
    for name in ("0010_last.sql", "0002_second.sql", "0001_first_of_all.sql"):
        write(name, "SELECT 1;\n")
    write("README.md", "not one of them")
    assert [(each.version, each.name) for each in discover(directory)] == [
        (1, "first_of_all"),
        (2, "second"),
        (10, "last"),
    ]


def test_the_checksum_does_not_depend_on_line_ends(write: Write, directory: Path) -> None:
    path = write("0001_first.sql", "")
    for text in (
        b"SELECT 1;\nSELECT 2;\n",
        b"SELECT 1;\r\nSELECT 2;\r\n",
        b"\xef\xbb\xbfSELECT 1;\nSELECT 2;\n",
    ):
        path.write_bytes(text)
        (found,) = discover(directory)
        assert found.checksum == hashlib.sha256(b"SELECT 1;\nSELECT 2;\n").hexdigest()


@pytest.mark.parametrize(
    "name",
    [
        "1_short.sql",
        "0001-dash.sql",
        "0001_Upper.sql",
        "0001_.sql",
        "0000_zero.sql",
        "first.sql",
        "0001_shout.SQL",
    ],
)
def test_a_bad_name_is_refused(name: str, write: Write, directory: Path) -> None:
    write(name, "SELECT 1;")
    with pytest.raises(BadMigrationFile, match="Rename it"):
        discover(directory)


def test_two_files_of_one_number_are_refused(write: Write, directory: Path) -> None:
    write("0001_one.sql", "SELECT 1;")
    write("0001_other.sql", "SELECT 1;")
    with pytest.raises(DuplicateMigration, match="next free number"):
        discover(directory)


def test_a_file_that_is_not_text_is_refused(write: Write, directory: Path) -> None:
    write("0001_one.sql", "").write_bytes(b"SELECT '\xff';")
    with pytest.raises(BadMigrationFile, match="UTF-8"):
        discover(directory)


def test_a_directory_that_is_not_there_is_refused(directory: Path) -> None:
    with pytest.raises(BadMigrationFile, match="no directory"):
        discover(directory / "nowhere")


def test_a_new_migration_gets_the_next_number(write: Write, directory: Path) -> None:
    assert new(directory, "Extensions and enums!").name == "0001_extensions_and_enums.sql"
    write("0041_gap.sql", "SELECT 1;")
    assert new(directory, "next").name == "0042_next.sql"
    assert len(discover(directory)) == 3
    with pytest.raises(BadMigrationFile, match="letters or digits"):
        new(directory, "¡!")


def test_the_products_own_migrations_are_the_default() -> None:
    assert DEFAULT_DIRECTORY.parts[-2:] == ("db", "migrations")
    assert (DEFAULT_DIRECTORY.parents[1] / "pyproject.toml").exists()


async def test_each_file_is_applied_once_and_recorded(dsn: str, write: Write, directory: Path) -> None:
    write(
        "0001_table.sql",
        "CREATE TABLE a (x int);\nCREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\n"
        "BEGIN\n  INSERT INTO a VALUES (1); RETURN 1;\nEND $$;\n",
    )
    write("0002_rows.sql", "INSERT INTO a VALUES (1);")
    assert [each.version for each in await migrate(dsn, directory)] == [1, 2]
    assert await migrate(dsn, directory) == []
    assert await _value(dsn, "SELECT count(*) FROM a") == 1
    recorded = await _value(dsn, "SELECT array_agg(checksum ORDER BY version) FROM schema_migrations")
    assert recorded == [each.checksum for each in discover(directory)]
    write("0003_more.sql", "INSERT INTO a VALUES (2);")
    assert [each.version for each in await migrate(dsn, directory)] == [3]


async def test_migration_stops_at_a_target(dsn: str, write: Write, directory: Path) -> None:
    for version in (1, 2, 3):
        write(f"000{version}_step.sql", f"CREATE TABLE t{version} ();")
    assert [each.version for each in await migrate(dsn, directory, target=2)] == [1, 2]
    assert await migrate(dsn, directory, target=1) == []
    with pytest.raises(UnknownTarget, match="0009"):
        await migrate(dsn, directory, target=9)
    assert await _versions(dsn) == [1, 2]
    assert [each.version for each in await verify(dsn, directory)] == [3]


async def test_a_file_that_fails_leaves_nothing_of_itself(dsn: str, write: Write, directory: Path) -> None:
    write("0001_good.sql", "CREATE TABLE good ();")
    write("0002_bad.sql", "CREATE TABLE half ();\n\nSELECT nonsense;\nCREATE TABLE other ();")
    write("0003_after.sql", "CREATE TABLE after ();")
    with pytest.raises(MigrationFailed, match=r"0002_bad\.sql, line 3: .*nonsense.*42703"):
        await migrate(dsn, directory)
    assert await _versions(dsn) == [1]
    assert await _value(dsn, "SELECT to_regclass('half')") is None
    write("0002_bad.sql", "CREATE TABLE half ();")
    assert [each.version for each in await migrate(dsn, directory)] == [2, 3]


async def test_an_edited_file_is_refused(dsn: str, write: Write, directory: Path) -> None:
    write("0001_first.sql", "CREATE TABLE a ();")
    await migrate(dsn, directory)
    write("0001_first.sql", "CREATE TABLE a (x int);")
    write("0002_second.sql", "CREATE TABLE b ();")
    for refusing in (migrate, verify):
        with pytest.raises(MigrationEdited, match="new migration"):
            await refusing(dsn, directory)
    assert await _versions(dsn) == [1]


async def test_a_renamed_file_is_refused(dsn: str, write: Write, directory: Path) -> None:
    path = write("0001_first.sql", "CREATE TABLE a ();")
    await migrate(dsn, directory)
    path.rename(directory / "0001_begin.sql")
    with pytest.raises(MigrationEdited, match="applied as first"):
        await verify(dsn, directory)


async def test_an_applied_file_that_is_gone_is_refused(dsn: str, write: Write, directory: Path) -> None:
    write("0001_first.sql", "SELECT 1;")
    path = write("0002_second.sql", "SELECT 1;")
    await migrate(dsn, directory)
    path.unlink()
    for refusing in (migrate, verify):
        with pytest.raises(MigrationMissing, match=r"0002_second\.sql"):
            await refusing(dsn, directory)


async def test_a_file_below_an_applied_one_is_refused(dsn: str, write: Write, directory: Path) -> None:
    write("0003_third.sql", "SELECT 1;")
    await migrate(dsn, directory)
    write("0002_late.sql", "CREATE TABLE late ();")
    for refusing in (migrate, verify):
        with pytest.raises(MigrationOutOfOrder, match="above that"):
            await refusing(dsn, directory)
    assert await _value(dsn, "SELECT to_regclass('late')") is None


async def test_status_tells_all_and_changes_nothing(dsn: str, write: Write, directory: Path) -> None:
    gone = write("0001_gone.sql", "SELECT 1;")
    assert [each.state for each in await status(dsn, directory)] == ["pending"]
    assert [each.version for each in await verify(dsn, directory)] == [1]
    assert await _value(dsn, "SELECT to_regclass('schema_migrations')") is None
    write("0002_edited.sql", "SELECT 1;")
    write("0004_same.sql", "SELECT 1;")
    await migrate(dsn, directory)
    gone.unlink()
    write("0002_edited.sql", "SELECT 2;")
    write("0003_late.sql", "SELECT 1;")
    write("0005_next.sql", "SELECT 1;")
    found = await status(dsn, directory)
    assert [(each.version, each.name, each.state) for each in found] == [
        (1, "gone", "missing"),
        (2, "edited", "edited"),
        (3, "late", "out of order"),
        (4, "same", "applied"),
        (5, "next", "pending"),
    ]
    assert [each.applied_at is None for each in found] == [False, False, True, False, True]


async def test_four_servers_that_start_at_once_apply_each_file_once(
    dsn: str, write: Write, directory: Path
) -> None:
    write("0001_table.sql", "CREATE TABLE a (x int);")
    write("0002_slow.sql", "SELECT pg_sleep(0.2); INSERT INTO a VALUES (1);")
    # An index built concurrently waits for every transaction and statement that began before it.
    write("0003_index.sql", f"{NO_TRANSACTION}\nCREATE INDEX CONCURRENTLY a_x ON a (x);")
    write("0004_rows.sql", "INSERT INTO a VALUES (2);")
    results = await asyncio.gather(*(migrate(dsn, directory) for _ in range(4)))
    assert sorted(len(each) for each in results) == [0, 0, 0, 4]
    assert await _value(dsn, "SELECT array_agg(x ORDER BY x) FROM a") == [1, 2]
    assert await _value(dsn, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_x'::regclass") is True


async def test_a_no_transaction_file_that_failed_says_so(dsn: str, write: Write, directory: Path) -> None:
    write("0001_table.sql", "CREATE TABLE a (x int); INSERT INTO a VALUES (1), (1);")
    write("0002_index.sql", f"{NO_TRANSACTION}\nCREATE UNIQUE INDEX CONCURRENTLY a_x ON a (x);")
    with pytest.raises(MigrationFailed, match=r"0002_index\.sql: .*duplicated.*INVALID index"):
        await migrate(dsn, directory)
    assert await _versions(dsn) == [1]


@pytest.mark.parametrize(
    "sql",
    ["CREATE TABLE a (); CREATE TABLE b ();", "-- nothing\n/* here */ ;", ""],
    ids=["two statements", "only comments", "nothing"],
)
async def test_a_no_transaction_file_holds_exactly_one_statement(
    sql: str, dsn: str, write: Write, directory: Path
) -> None:
    write("0001_alone.sql", f"{NO_TRANSACTION}\n{sql}")
    with pytest.raises(NotOneStatement, match="one file of each"):
        await migrate(dsn, directory)
    assert await _versions(dsn) is None
    assert await _value(dsn, "SELECT to_regclass('a')") is None


async def test_a_syntax_error_is_not_taken_for_a_second_statement(
    dsn: str, write: Write, directory: Path
) -> None:
    write("0001_alone.sql", f"{NO_TRANSACTION}\nCREATE INDEXX a;")
    with pytest.raises(MigrationFailed, match="line 2"):
        await migrate(dsn, directory)


async def test_what_needs_no_transaction_is_refused_in_one(dsn: str, write: Write, directory: Path) -> None:
    write("0001_table.sql", "CREATE TABLE a (x int);")
    write("0002_index.sql", "CREATE INDEX CONCURRENTLY a_x ON a (x);")
    with pytest.raises(MigrationFailed, match="25001"):
        await migrate(dsn, directory)


@pytest.mark.parametrize("ending", ["COMMIT;", "ROLLBACK;", "COMMIT; BEGIN;"])
async def test_a_file_that_ends_its_transaction_is_found_out(
    ending: str, dsn: str, write: Write, directory: Path
) -> None:
    write("0001_own_way.sql", f"CREATE TABLE a ();\n{ending}\nCREATE TABLE b ();")
    with pytest.raises(MigrationFailed, match="ends its transaction itself"):
        await migrate(dsn, directory)


async def test_what_one_file_sets_is_not_seen_by_the_next(dsn: str, write: Write, directory: Path) -> None:
    write("0001_sets.sql", "CREATE SCHEMA elsewhere; SET search_path = elsewhere; SET work_mem = '7MB';")
    write("0002_sees.sql", "CREATE TABLE here AS SELECT current_setting('work_mem') AS work_mem;")
    await migrate(dsn, directory)
    assert await _value(dsn, "SELECT work_mem FROM public.here") != "7MB"


async def test_a_runner_gives_up_on_another_that_does_not_end(
    dsn: str, write: Write, directory: Path
) -> None:
    write("0001_waits.sql", "SELECT pg_sleep(600);")
    first = asyncio.create_task(migrate(dsn, directory))
    busy = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%'"
    while not await _value(dsn, busy):
        assert not first.done()
    with pytest.raises(MigrationsLocked, match=r"Backend \d+ has been"):
        await migrate(dsn, directory, wait=0.1)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    write("0001_waits.sql", "SELECT 1;")
    assert len(await migrate(dsn, directory)) == 1


async def test_a_file_does_not_queue_long_for_a_lock(dsn: str, write: Write, directory: Path) -> None:
    write("0001_table.sql", "CREATE TABLE a (x int);")
    await migrate(dsn, directory)
    write("0002_column.sql", "ALTER TABLE a ADD COLUMN y int;")
    reader = await asyncpg.connect(dsn)
    try:
        async with reader.transaction():
            await reader.execute("SELECT * FROM a")
            with pytest.raises(MigrationFailed, match=r"lock.*55P03.*run it again when they are done"):
                await migrate(dsn, directory, lock_timeout=0.05)
    finally:
        await reader.close()
    assert len(await migrate(dsn, directory)) == 1


async def test_readiness_asks_for_its_own_migrations_only(dsn: str, write: Write, directory: Path) -> None:
    write("0001_first.sql", "SELECT 1;")
    write("0002_second.sql", "SELECT 1;")
    both = discover(directory)
    async with asyncpg.create_pool(dsn, min_size=1, max_size=1) as pool, pool.acquire() as connection:
        assert not await is_current(connection, both)
        await migrate(dsn, directory, target=1)
        assert not await is_current(connection, both)
        await migrate(dsn, directory)
        assert await is_current(connection, both)
        assert await is_current(connection, both[:1])
        write("0002_second.sql", "SELECT 2;")
        assert not await is_current(connection, discover(directory))


async def test_an_unreachable_database_is_one_of_our_errors_and_keeps_the_secret(
    directory: Path, dsn: str
) -> None:
    for wrong in ("postgresql://user:hush@127.0.0.1:1/x", "mysql://user:hush@127.0.0.1/x", dsn + "_missing"):
        with pytest.raises(DatabaseUnreachable) as refused:
            await status(wrong, directory)
        assert isinstance(refused.value, MigrationError)
        assert "hush" not in str(refused.value)
