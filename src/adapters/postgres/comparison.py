"""Whether two databases say the same: every table, row by row, but for what no log can know."""

from typing import Any

import asyncpg

EXEMPT = {
    "users": {"password_hash"},
    "user_sessions": {"refresh_token_hash", "ip_address", "user_agent"},
    "outbox_events": {"processed_at", "error"},
    "command_log": {"position"},
}
"""Secrets, where somebody logged in from, what the courier does afterwards, and numbers of refused commands."""

NOT_COMPARED = {"schema_migrations", "database_epoch"}
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


async def differences(one: str, other: str) -> list[str]:
    """One sentence for every table that differs; empty when nothing does."""
    first, second = await asyncpg.connect(one), await asyncpg.connect(other)
    try:
        found = []
        for table in [row["tablename"] for row in await first.fetch(_TABLES)]:
            if table in NOT_COMPARED:
                continue
            left, right = await _rows(first, table), await _rows(second, table)
            if left != right:
                only = [row for row in left if row not in right] + [row for row in right if row not in left]
                found.append(f"{table}: {len(left)} rows against {len(right)}; first difference {only[:1]}")
        return found
    finally:
        await first.close()
        await second.close()


async def _rows(connection: Any, table: str) -> list[Any]:
    where = " WHERE refused IS NULL" if table == "command_log" else ""
    exempt = sorted(EXEMPT.get(table, set()))
    rows = await connection.fetch(
        f"SELECT (to_jsonb(t) - $1::text[])::text AS row FROM {table} t{where}",
        exempt,
    )
    return sorted(row["row"] for row in rows)
