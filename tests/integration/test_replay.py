"""An empty database rebuilt from the command log equals the first, table by table and row by row."""

import uuid
from typing import Any

import asyncpg
from click.testing import CliRunner

from entrypoints.cli.replay import replay
from tests.support.server import KEYS, PASSWORD, Person, a_person, serving, settings_for


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
        await _own_places(ann, bob, direct, three)
        await _group_life(server.url, ann, bob, three)
        assert (await cem.post("/v1/auth/logout")).status_code == 204


async def _own_places(ann: Person, bob: Person, direct: str, three: str) -> None:
    """What people do to their own places: among it a message that takes one out of the archive, and one that does not."""
    steps: list[tuple[Person, str, Any]] = [
        (ann, direct, {"archived": True, "pinned": True}),
        (bob, direct, {"archived": True, "muted_until": "2126-01-01T00:00:00.5Z"}),
        (bob, three, {"muted_until": "2126-01-01T00:00:00Z"}),
        (bob, three, {"muted_until": None}),
    ]
    for person, place, body in steps:
        answer = await person.http.patch(f"/v1/conversations/{place}/me", json=body)
        assert answer.status_code == 200, answer.text
    body = {"client_message_id": str(uuid.uuid4()), "content": "words"}
    assert (await ann.post(f"/v1/conversations/{direct}/messages", body)).status_code == 201
    for person in (ann, bob):
        answer = await person.http.patch(f"/v1/conversations/{direct}/me", json={"pinned": False})
        assert answer.json()["archived"] is (person is bob)
        await person.post(f"/v1/conversations/{direct}/read", {"up_to_sequence": 9})
        assert (await person.post(f"/v1/conversations/{direct}/clear")).status_code == 204


async def _group_life(url: str, ann: Person, bob: Person, place: str) -> None:
    """Everything that may happen to a group, and what a direct conversation shares of it."""
    dan, eve = await a_person(url), await a_person(url)
    path = f"/v1/conversations/{place}"
    steps: list[tuple[Person, str, str, Any, int]] = [
        (ann, "POST", f"{path}/members", {"user_ids": [dan.id, eve.id, bob.id, str(uuid.uuid4())]}, 200),
        (ann, "PATCH", f"{path}/members/{dan.id}", {"role": "ADMIN"}, 200),
        (dan, "PATCH", f"{path}/members/{eve.id}", {"silenced_until": "2126-01-01T00:00:00Z"}, 200),
        (dan, "PATCH", path, {"subject": "four", "description": "words", "post_policy": "ADMINS"}, 200),
        (dan, "DELETE", f"{path}/members/{eve.id}", None, 204),
        (eve, "POST", f"{path}/leave", None, 403),
        (dan, "POST", f"{path}/members", {"user_ids": [eve.id]}, 200),
        (ann, "POST", f"{path}/transfer", {"user_id": eve.id}, 200),
        (eve, "PATCH", path, {"expiry_seconds": None}, 200),
        (eve, "POST", f"{path}/leave", {"successor_id": bob.id}, 204),
        (bob, "DELETE", f"{path}/members/{bob.id}", None, 204),
        (dan, "PATCH", path, {"subject": "ann's or dan's"}, 200),
    ]
    for person, method, address, body, status in steps:
        answer = await person.http.request(method, address, json=body)
        assert answer.status_code == status, (method, address, answer.text)
    made = await dan.post("/v1/conversations/groups", {"subject": "short", "member_ids": [eve.id]})
    closed = made.json()["conversation"]["id"]
    assert (await dan.http.delete(f"/v1/conversations/{closed}")).status_code == 204
    direct = (await dan.post("/v1/conversations/direct", {"user_id": eve.id})).json()["id"]
    limited = await dan.http.patch(f"/v1/conversations/{direct}", json={"expiry_seconds": 60})
    assert limited.status_code == 200


async def test_replay_rebuilds_every_table(fresh_database: str, another_database: str) -> None:
    await _live(fresh_database)
    environment = {"DATABASE_URL": fresh_database, "SENTINAL_SIGNING_KEYS": KEYS}
    result = await _in_thread(["--into", another_database], environment)
    assert "every table is equal" in result, result
    assert "replayed 45 commands" in result, result


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
