"""``sentinal outbox`` and ``sentinal relay``: what operators see and do of events that did not go out."""

import asyncio
import json
import os
import signal
import sys
import uuid
from typing import Any

import asyncpg
from click.testing import CliRunner, Result

from entrypoints.cli.app import cli
from tests.support.server import KEYS, a_person, online, serving, settings_for


def _environment(database: str, redis: str = "") -> dict[str, str]:
    return {
        "DATABASE_URL": database,
        "SENTINAL_SIGNING_KEYS": KEYS,
        "SENTINAL_BROKER": "redis" if redis else "memory",
        "REDIS_URL": redis,
    }


async def _run(database: str, *line: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, cli, ["outbox", *line], env=_environment(database))


async def _a_group(server: Any) -> tuple[Any, str]:
    ann = await a_person(server.url)
    made = await ann.post("/v1/conversations/groups", {"subject": "x", "member_ids": []})
    return ann, made.json()["conversation"]["id"]


async def test_status_retry_and_prune_say_what_there_is(fresh_database: str) -> None:
    connection = await asyncpg.connect(fresh_database)
    async with serving(settings_for(fresh_database)) as server:
        ann, place = await _a_group(server)
        for _ in range(3):
            body = {"client_message_id": str(uuid.uuid4()), "content": "words"}
            await ann.post(f"/v1/conversations/{place}/messages", body)
        async with asyncio.timeout(20):
            while json.loads((await _run(fresh_database, "status", "--json")).output)["pending"]:
                await asyncio.sleep(0.05)
    assert (await _run(fresh_database, "status")).output == "0 to be sent; 0 parked\n"
    await connection.execute(
        "UPDATE outbox_events SET processed_at = NULL, error = CASE WHEN revision = 1 THEN 'no good' END "
        "WHERE revision <= 2"
    )
    said = json.loads((await _run(fresh_database, "status", "--json")).output)
    assert (said["pending"], said["parked"]) == (1, 1)
    assert said["oldest"].endswith("Z")
    assert "1 to be sent, the oldest since 20" in (await _run(fresh_database, "status")).output
    assert (await _run(fresh_database, "retry")).output == "1 to be tried again\n"
    assert (await _run(fresh_database, "retry")).output == "0 to be tried again\n"
    assert (await _run(fresh_database, "prune")).output == "0 let go of\n"
    await connection.execute("UPDATE outbox_events SET created_at = created_at - interval '73 hours'")
    kept = await connection.fetchval("SELECT count(*) FROM outbox_events WHERE processed_at IS NOT NULL")
    assert (await _run(fresh_database, "prune")).output == f"{kept} let go of\n"
    await connection.close()


async def test_a_relay_without_a_server_sends_what_was_left_behind(fresh_database: str, redis: str) -> None:
    environment = {**os.environ, **_environment(fresh_database, redis), "SENTINAL_LIMITS": "off"}
    connection = await asyncpg.connect(fresh_database)
    async with serving(settings_for(fresh_database, redis, SENTINAL_RELAY="off")) as server:
        ann, place = await _a_group(server)
        async with online(server.url, ann.token) as socket:
            body = {"client_message_id": str(uuid.uuid4()), "content": "words"}
            await ann.post(f"/v1/conversations/{place}/messages", body)
            await socket.event("message.created")
            await connection.execute(
                "UPDATE outbox_events SET processed_at = NULL, created_at = created_at - interval '1 minute'"
            )
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "entrypoints.cli", "relay", env=environment
            )
            async with asyncio.timeout(30):
                while await connection.fetchval(
                    "SELECT count(*) FROM outbox_events WHERE processed_at IS NULL"
                ):
                    await asyncio.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
            # Sent twice, and heard once.
            assert (await socket.ask({"type": "ping"}))["type"] == "pong"
            assert [each["type"] for each in socket.events if each["type"] == "message.created"] == []
    await connection.close()
