"""An erased person is nowhere: every column is decided about, and every table is searched."""

import asyncio
import json
import re
import uuid
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from click.testing import CliRunner

from application.catalogue import COMMANDS
from application.identity.inventory import INVENTORY, Fate
from entrypoints.cli.replay import replay
from entrypoints.http.app import application
from entrypoints.lifespan import running
from tests.scenarios.people import PASSWORD, Someone, log_in, somebody
from tests.support.server import KEYS, settings_for

ROOT = Path(__file__).parents[2]
COLUMNS = """
SELECT c.relname::text AS table, a.attname::text AS column
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
"""


async def test_every_column_is_decided_about(database: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        stored = {(row["table"], row["column"]) for row in await connection.fetch(COLUMNS)}
    finally:
        await connection.close()
    decided = [
        (table, name)
        for table, groups in INVENTORY.items()
        for group in groups
        for name in group.names.split()
    ]
    assert len(decided) == len(set(decided))
    assert set(decided) == stored


def test_commands_that_name_their_giver_only_as_actor_are_the_indexed_ones() -> None:
    found_by_subject = {"RegisterUser", "LogIn"}
    personal = {kind.__name__ for kind in COMMANDS if kind.personal} - found_by_subject
    for name in ("src/adapters/postgres/wiping.py", "db/migrations/0008_people.sql"):
        (names,) = set(re.findall(r"name IN \(([^)]*)\)", (ROOT / name).read_text()))
        assert set(re.findall(r"\w+", names)) == personal


async def test_nothing_an_erased_person_said_or_was_called_is_left_anywhere(
    fresh_database: str, another_database: str, redis: str
) -> None:
    mark = uuid.uuid4().hex[:10]
    connection = await asyncpg.connect(fresh_database)
    async with running(settings_for(fresh_database, redis)) as container:
        transport = httpx.ASGITransport(application(container), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=20) as client:
            ann, ben = await _lives(client, connection, mark)
            export = json.loads((await ann.ask("GET", "/v1/users/me/export")).content)
            _every_exported_column_is_there(export)
            assert await _where(connection, mark) != []
            await ann.done("POST", "/v1/users/me/erase", {"password": PASSWORD, "redact_messages": True})
            async with asyncio.timeout(20):
                while await connection.fetchval("SELECT count(*) FROM users WHERE redaction_pending"):
                    await asyncio.sleep(0.05)
            assert await _where(connection, mark) == []
            assert await _where(connection, "203.0.113.77") == []
            emptied = await connection.fetchrow("SELECT * FROM users WHERE id = $1", uuid.UUID(ann.id))
            for group in INVENTORY["users"]:
                for name in group.names.split() if group.fate is Fate.EMPTIED else ():
                    assert not emptied[name], name
            assert (await ben.get(f"/v1/users/{ann.id}"))["display_name"] == "Deleted account"
    await connection.close()
    # And still the log leads to the same state, table by table.
    arguments = ["--from", fresh_database, "--into", another_database]
    environment = {"SENTINAL_SIGNING_KEYS": KEYS}
    result = await asyncio.to_thread(CliRunner().invoke, replay, arguments, env=environment)
    assert "every table is equal" in result.output, result.output


async def test_nothing_a_deleted_or_expired_message_said_is_left_anywhere(
    fresh_database: str, redis: str
) -> None:
    marks = [uuid.uuid4().hex[:10] for _ in range(3)]
    deleted, expired, kept = marks
    connection = await asyncpg.connect(fresh_database)
    async with running(settings_for(fresh_database, redis)) as container:
        transport = httpx.ASGITransport(application(container), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=20) as client:
            ann, ben = await somebody(client), await somebody(client)
            body = {"subject": "g", "member_ids": [ben.id], "expiry_seconds": 30}
            place = (await ann.done("POST", "/v1/conversations/groups", body))["conversation"]["id"]
            said = {mark: await _said(ann, ben, place, mark) for mark in marks}
            everywhere = {
                "command_log",
                "conversation_summaries",
                "message_reactions",
                "messages",
                "outbox_events",
            }
            assert set(await _where(connection, kept)) == everywhere
            for id in said[deleted]:
                await ann.done("DELETE", f"/v1/messages/{id}?for=everyone")
            assert await _where(connection, deleted) == []
            sql = "SELECT last_sequence, revision FROM conversation_sequences WHERE conversation_id = $1"
            before = await connection.fetchrow(sql, uuid.UUID(place))
            await _let_expire(connection, said[expired])
            async with asyncio.timeout(20):
                while await _where(connection, expired):
                    await asyncio.sleep(0.05)
            assert await connection.fetchrow(sql, uuid.UUID(place)) == before
            assert set(await _where(connection, kept)) == everywhere
            texts = [m["content"] for m in (await ben.get(f"/v1/conversations/{place}/messages"))["items"]]
            assert kept in str(texts)
    await connection.close()


async def _said(ann: Someone, ben: Someone, place: str, mark: str) -> list[str]:
    """Every way in which words get somewhere; the ids of the messages that say them, replies last."""
    path = f"/v1/conversations/{place}/messages"

    def new(**fields: Any) -> dict[str, Any]:
        return {"client_message_id": str(uuid.uuid4()), **fields}

    ids = []
    for fields in (
        {"content": f"first {mark}"},
        {"type": "LOCATION", "metadata": {"latitude": 1, "longitude": 1, "label": mark}},
        {"type": "CONTACT", "metadata": {"display_name": mark, "phone_number": "+4930123456"}},
        {"content": f"last {mark}"},
    ):
        sent = await ann.done("POST", path, new(**fields), idempotency_key=uuid.uuid4().hex)
        ids.append(sent["id"])
    for text in ("words", f"second {mark}", f"second {mark}", f"first {mark}"):
        await ann.done("PATCH", f"/v1/messages/{ids[0]}", {"content": text})
    assert (
        await ann.ask("PATCH", f"/v1/messages/{ids[0]}", {"content": mark, "expected_revision": 0})
    ).status_code == 409
    for who in (ann, ben):
        await who.done("PUT", f"/v1/messages/{ids[0]}/reactions/:{mark}:")
    await ben.done("DELETE", f"/v1/messages/{ids[0]}/reactions/:{mark}:")
    # A reply that shows it, in its answer and in its edit's event; and copies of it, of which one goes on.
    reply = await ben.done("POST", path, new(content="indeed", reply_to_msg_id=ids[0]), idempotency_key=mark)
    await ben.done("PATCH", f"/v1/messages/{reply['id']}", {"content": "indeed!"})
    other = await ann.group()
    for id in (ids[1], ids[0]):
        names = [str(uuid.uuid4()) for _ in range(2)]
        forward = {"conversation_ids": [place, other], "client_message_ids": names}
        key = uuid.uuid4().hex
        copies = await ann.done("POST", f"/v1/messages/{id}/forward", forward, idempotency_key=key)
        ids += [copy["id"] for copy in copies["items"]]
    await ann.done("PATCH", f"/v1/messages/{ids[-1]}", {"content": f"more {mark}"})
    again = {"conversation_ids": [place], "client_message_ids": [str(uuid.uuid4())]}
    further = await ann.done("POST", f"/v1/messages/{ids[-1]}/forward", again)
    ids.append(further["items"][0]["id"])
    refused = {"client_message_id": str(uuid.uuid4()), "content": mark, "reply_to_msg_id": str(uuid.uuid4())}
    assert (await ann.ask("POST", path, refused)).status_code == 422
    # The last thing said, so that the summary shows it.
    ids.append((await ann.done("POST", path, new(content=mark)))["id"])
    return ids


async def _let_expire(connection: Any, ids: list[str]) -> None:
    known = [uuid.UUID(id) for id in ids]
    for table, column in (("messages", "id"), ("conversation_summaries", "message_id")):
        sql = f"UPDATE {table} SET expires_at = now() - interval '1 minute' WHERE {column} = ANY($1)"  # noqa: S608
        await connection.execute(sql, known)


async def _lives(client: httpx.AsyncClient, connection: Any, mark: str) -> tuple[Someone, Someone]:
    """A person who leaves a mark in every place that can bear one, and somebody they know."""
    number = f"+49{int(mark, 16) % 10**12:012}"
    ann = await somebody(
        client, f"u{mark}", email=f"mail{mark}@example.org", device_id=f"device-{mark}", device_type=mark
    )
    ben = await somebody(client)
    change = {"bio": f"bio {mark}", "display_name": f"Name {mark}", "phone_number": number}
    await ann.done("PATCH", "/v1/users/me", {**change, "current_password": PASSWORD})
    await ann.refused("PATCH", "/v1/users/me", {"username": f"wrong {mark}"})
    await log_in(client, f"MAIL{mark}@example.org", device_id=f"other-{mark}")
    await client.post(
        "/v1/auth/login", json={"identifier": f"u{mark}", "password": "wrong horse", "device_id": mark}
    )
    await ann.done("PUT", f"/v1/contacts/{ben.id}", {"nickname": f"nick {mark}"})
    await ann.done("PATCH", "/v1/users/me/settings", {"notification_sound": f"sound {mark}"})
    place = await ann.direct(ben)
    keyed = {"client_message_id": str(uuid.uuid4()), "content": f"keyed {mark}"}
    await ann.done("POST", f"/v1/conversations/{place}/messages", keyed, idempotency_key="k")
    await ann.send(place, f"words {mark}")
    await ann.send(await ann.group(ben), f"words {mark}")
    await ben.send(place, "not ann's")
    await connection.execute(
        "UPDATE users SET avatar_url = $2, is_online = true, last_seen_at = now() WHERE id = $1",
        uuid.UUID(ann.id),
        f"/avatars/{mark}",
    )
    await connection.execute(
        "UPDATE user_sessions SET ip_address = '203.0.113.77', user_agent = $2 WHERE user_id = $1",
        uuid.UUID(ann.id),
        f"agent {mark}",
    )
    return ann, ben


def _every_exported_column_is_there(export: dict[str, Any]) -> None:
    for groups in INVENTORY.values():
        for group in groups:
            section = export.get(group.section)
            if not section:
                continue
            row = section[0] if isinstance(section, list) else section
            assert set(group.names.split()) <= set(row), group.section


async def _where(connection: Any, words: str) -> list[str]:
    """Tables in which some row says these words, in whatever column."""
    tables = {row["table"] for row in await connection.fetch(COLUMNS)}
    return [
        table
        for table in sorted(tables)
        if await connection.fetchval(
            f"SELECT count(*) FROM {table} AS t WHERE to_jsonb(t)::text ILIKE '%' || $1 || '%'",  # noqa: S608
            words,
        )
    ]
