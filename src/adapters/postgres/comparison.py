"""Whether two databases say the same: every table, row by row, but for what no log can know."""

from itertools import count
from typing import Any

import asyncpg

EXEMPT = {
    "messages": {"is_changed"},
    "users": {"password_hash", "is_online", "last_seen_at"},
    "user_sessions": {"refresh_token_hash", "ip_address", "user_agent"},
    "outbox_events": {"processed_at", "error"},
    "command_log": {"position"},
}
"""What is there for an index and guessed of old messages, secrets, who is online, where somebody logged in from, what the
courier does afterwards, and numbers that refused commands have taken; of those the order is compared."""

EXEMPT_UNLESS = {("messages", "body_hash"): "deleted_at IS NULL"}
"""The hash of what a wiped message once said: the log no longer knows the words."""

NOT_COMPARED = frozenset(("schema_migrations", "database_epoch"))
"""When each database was made, and which one it is."""

_TABLES = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
_COLUMNS = """
SELECT a.attname::text AS name, quote_ident(a.attname) AS quoted, coalesce(i.place, 0) AS place
  FROM pg_attribute a
  LEFT JOIN (SELECT x.indrelid, k.attnum, k.place
               FROM pg_index x, unnest(x.indkey::smallint[]) WITH ORDINALITY AS k(attnum, place)
              WHERE x.indisprimary) i ON i.indrelid = a.attrelid AND i.attnum = a.attnum
 WHERE a.attrelid = ('public.' || quote_ident($1))::regclass AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum
"""
_AT_A_TIME = 500


async def differences(one: str, other: str) -> list[str]:
    """One sentence for every table that differs, with its first difference; empty when nothing does.

    ``one`` and ``other`` are addresses. Reads one snapshot of each, a part at a time, at any size.
    """
    first, second = await asyncpg.connect(one), await asyncpg.connect(other)
    try:
        async with (
            first.transaction(isolation="repeatable_read", readonly=True),
            second.transaction(isolation="repeatable_read", readonly=True),
        ):
            tables = [{row["tablename"] for row in await each.fetch(_TABLES)} for each in (first, second)]
            found = [f"{table}: only one has it" for table in sorted(tables[0] ^ tables[1])]
            for table in sorted((tables[0] & tables[1]) - NOT_COMPARED):
                difference = await _difference(first, second, table)
                if difference is not None:
                    found.append(f"{table}: {difference}")
            return found
    finally:
        await first.close()
        await second.close()


async def _difference(first: Any, second: Any, table: str) -> str | None:
    """The first row in which a table differs, in the order of its primary key."""
    shapes = [await each.fetch(_COLUMNS, table) for each in (first, second)]
    if [row["name"] for row in shapes[0]] != [row["name"] for row in shapes[1]]:
        return "its columns differ"
    sql = _selection(table, shapes[0])
    cursors = await first.cursor(sql), await second.cursor(sql)
    for part in count():
        left, right = [await cursor.fetch(_AT_A_TIME) for cursor in cursors]
        for number, (mine, theirs) in enumerate(zip(left, right, strict=False), part * _AT_A_TIME + 1):
            if differing := [name for name, text in mine.items() if text != theirs[name]]:
                return f"row {number} differs in {', '.join(differing)}: {dict(mine)} against {dict(theirs)}"
        if len(left) != len(right):
            return f"from row {part * _AT_A_TIME + min(len(left), len(right)) + 1} on, only one has more"
        if not left:
            return None
    raise AssertionError("unreachable")


def _selection(table: str, shape: list[Any]) -> str:
    """Every compared column, as text exactly as stored. Names come from the catalogue, quoted by it."""
    exempt = EXEMPT.get(table, set())
    compared = ", ".join(
        f"CASE WHEN {EXEMPT_UNLESS.get((table, row['name']), 'true')} THEN {row['quoted']}::text END"
        f" AS {row['quoted']}"
        for row in shape
        if row["name"] not in exempt
    )
    key = sorted((row["place"], row["quoted"]) for row in shape if row["place"])
    order = ", ".join(f"t.{quoted}" for _, quoted in key)
    where = " WHERE refused IS NULL" if table == "command_log" else ""
    return f"SELECT {compared} FROM public.{table} AS t{where} ORDER BY {order}"
