"""The schema has everything the original design asks for, or its documents say why not; and its triggers work."""

import re
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from tests.integration.seed_schema import DEFAULTS, ENUMS, FUNCTIONS, INDEXES, TABLES, TRIGGERS

DEPARTURES = (
    (Path(__file__).parents[2] / "docs" / "schema.md").read_text().partition("Departures from the seed")[2]
)


@pytest.fixture
async def connection(fresh_database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(fresh_database)
    yield connection
    await connection.close()


def _departed(name: str) -> bool:
    return re.search(rf"`{re.escape(name)}`", DEPARTURES) is not None


async def test_every_table_and_column_of_the_seed_exists(connection: asyncpg.Connection) -> None:
    rows = await connection.fetch(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    )
    have = {(row["table_name"], row["column_name"]) for row in rows}
    wanted = {(table, column) for table, columns in TABLES.items() for column in columns.split()}
    assert len(TABLES) == 13
    assert not [pair for pair in wanted - have if not _departed(".".join(pair))]


async def test_every_enum_value_of_the_seed_exists_in_its_order(connection: asyncpg.Connection) -> None:
    for name, values in ENUMS.items():
        rows = await connection.fetch(
            "SELECT enumlabel FROM pg_enum JOIN pg_type t ON t.oid = enumtypid WHERE typname = $1 "
            "ORDER BY enumsortorder",
            name,
        )
        assert [row["enumlabel"] for row in rows] == values.split(), name


async def test_every_trigger_and_function_of_the_seed_exists_and_others_are_named_departures(
    connection: asyncpg.Connection,
) -> None:
    rows = await connection.fetch(
        "SELECT tgname, tgrelid::regclass::text AS of FROM pg_trigger WHERE NOT tgisinternal"
    )
    triggers = {row["tgname"]: row["of"] for row in rows}
    assert {name: triggers.get(name) for name in TRIGGERS} == TRIGGERS
    functions = await connection.fetch("SELECT proname FROM pg_proc WHERE proname LIKE 'fn\\_%'")
    named = {row["proname"] for row in functions}
    assert named >= set(FUNCTIONS)
    assert not [
        name for name in (triggers.keys() - TRIGGERS.keys()) | (named - set(FUNCTIONS)) if not _departed(name)
    ]


async def test_every_index_of_the_seed_exists_or_is_a_named_departure(connection: asyncpg.Connection) -> None:
    rows = await connection.fetch("SELECT indexname FROM pg_indexes WHERE schemaname = 'public'")
    have = {row["indexname"] for row in rows}
    missing = [name for name in INDEXES if name not in have]
    assert not [name for name in missing if not _departed(name)]
    assert not [name for name in INDEXES if name in have and _departed(name)], "listed as departed, and there"


async def test_every_default_of_the_seed_reads_the_same(connection: asyncpg.Connection) -> None:
    rows = await connection.fetch(
        "SELECT table_name, column_name, column_default FROM information_schema.columns "
        "WHERE table_schema = 'public'"
    )
    have = {(row["table_name"], row["column_name"]): row["column_default"] for row in rows}
    assert {key: have[key] for key in DEFAULTS} == DEFAULTS


async def _somebody(connection: asyncpg.Connection, name: str) -> uuid.UUID:
    id: uuid.UUID = await connection.fetchval(
        "INSERT INTO users (username, password_hash, display_name) VALUES ($1::text, '-', $1::text) RETURNING id",
        name,
    )
    return id


async def _a_group(connection: asyncpg.Connection) -> uuid.UUID:
    id: uuid.UUID = await connection.fetchval(
        "INSERT INTO conversations (type, subject) VALUES ('GROUP', 'x') RETURNING id"
    )
    return id


async def test_a_message_inserted_by_plain_sql_gets_the_next_sequence(connection: asyncpg.Connection) -> None:
    sender, group = await _somebody(connection, "ann"), await _a_group(connection)
    insert = "INSERT INTO messages (conversation_id, sender_id, content) VALUES ($1, $2, 'x') RETURNING seq_id, revision"
    rows = [await connection.fetchrow(insert, group, sender) for _ in range(3)]
    assert [tuple(row) for row in rows if row] == [(1, 1), (2, 2), (3, 3)]
    head = await connection.fetchrow(
        "SELECT last_sequence, revision FROM conversation_sequences WHERE conversation_id = $1", group
    )
    assert head is not None
    assert tuple(head) == (3, 3)


async def test_a_message_moves_its_conversation_and_no_other(connection: asyncpg.Connection) -> None:
    sender, group, other = (
        await _somebody(connection, "ann"),
        await _a_group(connection),
        await _a_group(connection),
    )
    await connection.execute("UPDATE conversations SET updated_at = '2020-01-01Z'")
    await connection.execute(
        "INSERT INTO messages (conversation_id, sender_id, content) VALUES ($1, $2, 'x'), ($1, $2, 'y')",
        group,
        sender,
    )
    moved = await connection.fetch("SELECT id FROM conversations WHERE updated_at > '2020-01-01Z'")
    assert [row["id"] for row in moved] == [group]
    assert other != group


async def test_names_are_one_whatever_their_case(connection: asyncpg.Connection) -> None:
    await connection.execute(
        "INSERT INTO users (email, password_hash, display_name) VALUES ('ä@x.example', '-', 'A')"
    )
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute(
            "INSERT INTO users (email, password_hash, display_name) VALUES ('Ä@X.example', '-', 'A')"
        )


async def test_receipts_read_like_the_seeds_table(connection: asyncpg.Connection) -> None:
    ann, bob, cem = [await _somebody(connection, name) for name in ("ann", "bob", "cem")]
    group = await _a_group(connection)
    for id in (ann, bob, cem):
        await connection.execute(
            "INSERT INTO participants (conversation_id, user_id) VALUES ($1, $2)", group, id
        )
    for _ in range(3):
        await connection.execute(
            "INSERT INTO messages (conversation_id, sender_id, content) VALUES ($1, $2, 'x')", group, ann
        )
    ranges = [(bob, "DELIVERED", 1, 3, 10), (bob, "READ", 1, 2, 20), (cem, "DELIVERED", 1, 1, 30)]
    for who, status, start, end, second in ranges:
        await connection.execute(
            "INSERT INTO receipt_ranges VALUES ($1, $2, $3, $4, $5, to_timestamp($6))",
            group,
            who,
            status,
            start,
            end,
            second,
        )
    rows = await connection.fetch(
        "SELECT m.seq_id, r.user_id, r.status, extract(epoch FROM r.read_at)::int AS read_at "
        "FROM message_receipts r JOIN messages m ON m.id = r.message_id"
    )
    got = {(row["seq_id"], row["user_id"]): (row["status"], row["read_at"]) for row in rows}
    assert got == {
        (1, bob): ("READ", 20),
        (2, bob): ("READ", 20),
        (3, bob): ("DELIVERED", None),
        (1, cem): ("DELIVERED", None),
        (2, cem): ("SENT", None),
        (3, cem): ("SENT", None),
    }
