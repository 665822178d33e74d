"""An empty database rebuilt from the command log equals the first, table by table and row by row."""

import uuid

import asyncpg
from click.testing import CliRunner

from entrypoints.cli.replay import replay
from tests.support.server import KEYS, PASSWORD, a_person, serving, settings_for


async def _live(database: str) -> None:
    async with serving(settings_for(database)) as server:
        ann, bob, cem = [await a_person(server.url) for _ in range(3)]
        login = {"identifier": bob.name, "password": PASSWORD, "device_id": "second"}
        assert (await bob.post("/v1/auth/login", login)).status_code == 200
        assert (await bob.post("/v1/auth/refresh")).status_code == 200
        changed = await cem.http.patch("/v1/users/me", json={"display_name": "Cem", "bio": "hi"})
        assert changed.status_code == 200
        direct = (await ann.post("/v1/conversations/direct", {"user_id": bob.id})).json()["id"]
        group = await ann.post(
            "/v1/conversations/groups",
            {"subject": "three", "member_ids": [bob.id, cem.id], "expiry_seconds": 3600},
        )
        three = group.json()["conversation"]["id"]
        for place in (direct, three):
            for person in (ann, bob, ann):
                body = {"client_message_id": str(uuid.uuid4()), "content": "words"}
                sent = await person.post(f"/v1/conversations/{place}/messages", body)
                assert sent.status_code == 201, sent.text
        refused = await cem.post(
            f"/v1/conversations/{direct}/messages",
            {"client_message_id": str(uuid.uuid4()), "content": "not mine"},
        )
        assert refused.status_code == 404
        assert (await bob.post(f"/v1/conversations/{three}/read", {"up_to_sequence": 2})).status_code == 200
        assert (
            await cem.post(f"/v1/conversations/{three}/delivered", {"up_to_sequence": 9})
        ).status_code == 200
        assert (await cem.post("/v1/auth/logout")).status_code == 204


async def test_replay_rebuilds_every_table(fresh_database: str, another_database: str) -> None:
    await _live(fresh_database)
    environment = {"DATABASE_URL": fresh_database, "SENTINAL_SIGNING_KEYS": KEYS}
    result = await _in_thread(["--into", another_database], environment)
    assert "every table is equal" in result, result
    assert "replayed 17 commands" in result, result


async def test_replay_sees_a_row_that_differs(fresh_database: str, another_database: str) -> None:
    await _live(fresh_database)
    connection = await asyncpg.connect(fresh_database)
    await connection.execute("UPDATE messages SET content = 'tampered' WHERE seq_id = 1 AND type = 'TEXT'")
    await connection.close()
    environment = {"DATABASE_URL": fresh_database, "SENTINAL_SIGNING_KEYS": KEYS}
    result = await _in_thread(["--into", another_database], environment)
    assert "differs" in result
    assert "messages" in result


async def _in_thread(arguments: list[str], environment: dict[str, str]) -> str:
    import asyncio

    result = await asyncio.to_thread(CliRunner().invoke, replay, arguments, env=environment)
    return result.output + (repr(result.exception) if result.exception else "")
