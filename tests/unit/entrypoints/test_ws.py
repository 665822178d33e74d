"""A socket's way in and out, and what it answers to frames that are none."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.support.server import Served, a_person, online, serving, settings_for


@pytest.fixture
async def server() -> AsyncIterator[Served]:
    async with serving(settings_for()) as server:
        yield server


async def _closes(server: Served, *frames: Any, **options: Any) -> int | None:
    async with connect(server.realtime, compression=None, **options) as socket:
        for frame in frames:
            await socket.send(frame)
        async with asyncio.timeout(10):
            await socket.wait_closed()
        return socket.close_code


async def test_without_a_token_the_way_in_is_closed(server: Served) -> None:
    for frame in (
        '{"type": "ping"}',
        '{"type": "authenticate"}',
        '{"type": "authenticate", "access_token": "x"}',
        "{",
        "[]",
    ):
        assert await _closes(server, frame) == 4401


async def test_another_subprotocol_another_origin_and_binary_frames_are_refused(server: Served) -> None:
    assert await _closes(server, subprotocols=["sentinal.v9"]) == 4406
    assert await _closes(server, origin="https://evil.example") == 4403
    assert await _closes(server, b"\x00") == 1003
    ann = await a_person(server.url)
    header = {"Authorization": f"Bearer {ann.token}"}
    assert await _closes(server, "x" * (64 * 1024 + 1), additional_headers=header) == 1009
    await ann.http.aclose()


async def test_the_token_may_come_in_the_header(server: Served) -> None:
    ann = await a_person(server.url)
    header = {"Authorization": f"Bearer {ann.token}"}
    async with connect(server.realtime, additional_headers=header) as socket:
        welcome = json.loads(await socket.recv())
        assert (welcome["type"], welcome["user_id"], welcome["heartbeat_seconds"]) == ("welcome", ann.id, 25)
    await ann.http.aclose()


async def test_ten_frames_that_are_none_end_the_connection_and_nine_do_not(server: Served) -> None:
    ann = await a_person(server.url)
    async with online(server.url, ann.token) as socket:
        for frame in ("{", "[]", "1", '{"type": "none"}', '{"type": 1}', "{}", '"x"', "null", "\ufeff{}"):
            await socket.connection.send(frame)
            answer = await socket.receive()
            assert (answer["type"], answer["problem"]["code"]) == ("error", "malformed_frame")
        assert (await socket.ask({"type": "ping"}))["type"] == "pong"
        await socket.connection.send("{")
        await socket.connection.wait_closed()
        assert socket.connection.close_code == 4400
    await ann.http.aclose()


async def test_wrong_fields_are_answered_and_not_counted(server: Served) -> None:
    ann = await a_person(server.url)
    async with online(server.url, ann.token) as socket:
        for n in range(15):
            answer = await socket.ask({"type": "message.send", "conversation_id": n})
            assert answer["problem"]["code"] == "validation_failed"
        answer = await socket.ask({"type": "message.send", "type_": "x", "message_type": "TEXT"})
        assert answer["problem"]["code"] == "validation_failed"
    await ann.http.aclose()


async def test_another_persons_token_ends_the_connection_and_a_bad_one_changes_nothing(
    server: Served,
) -> None:
    ann, ben = await a_person(server.url), await a_person(server.url)
    async with online(server.url, ann.token) as socket:
        bad = await socket.ask({"type": "authenticate", "access_token": "x"})
        assert bad["problem"]["code"] == "unauthenticated"
        assert (await socket.ask({"type": "authenticate", "access_token": ann.token}))["type"] == "ack"
        await socket.send({"type": "authenticate", "access_token": ben.token})
        await socket.connection.wait_closed()
        assert socket.connection.close_code == 4401
    for person in (ann, ben):
        await person.http.aclose()


async def test_the_21st_connection_of_a_person_is_the_one_closed(server: Served) -> None:
    ann = await a_person(server.url)
    header = {"Authorization": f"Bearer {ann.token}"}
    sockets = [await connect(server.realtime, additional_headers=header) for _ in range(20)]
    for socket in sockets:
        assert json.loads(await socket.recv())["type"] == "welcome"
    assert await _closes(server, additional_headers=header) == 4409
    pong = await sockets[0].ping()
    await pong
    for socket in sockets:
        await socket.close()
    await ann.http.aclose()


async def test_twenty_who_have_not_said_who_they_are_may_wait_at_one_address() -> None:
    async with serving(settings_for(SENTINAL_LIMITS="commands=60:10/s")) as server:
        waiting = [await connect(server.realtime) for _ in range(20)]
        ann = await a_person(server.url)
        # A client may be accepted before the others are counted, so it says nothing and waits like them.
        assert await _closes(server) == 4409
        header = {"Authorization": f"Bearer {ann.token}"}
        async with connect(server.realtime, additional_headers=header) as known:
            assert json.loads(await known.recv())["type"] == "welcome"
        await waiting[0].send(json.dumps({"type": "authenticate", "access_token": ann.token}))
        assert json.loads(await waiting[0].recv())["type"] == "welcome"
        async with online(server.url, ann.token):
            pass
        for socket in waiting:
            await socket.close()


async def test_open_sockets_are_counted_for_operators(server: Served) -> None:
    ann = await a_person(server.url)

    async def counted() -> list[str]:
        lines = (await ann.get("/metrics")).text.splitlines()
        assert any(line.startswith("sentinal_slow_consumers_total ") for line in lines)
        assert any(line.startswith('sentinal_hub_gaps_total{outcome="reset"} ') for line in lines)
        return [line for line in lines if line.startswith("sentinal_ws_connections ")]

    before = await counted()
    async with online(server.url, ann.token):
        assert await counted() != before
    async with asyncio.timeout(10):
        while await counted() != before:
            await asyncio.sleep(0.01)


async def test_watching_presence_is_answered_then_heard_and_bounded(server: Served) -> None:
    ann, ben = await a_person(server.url), await a_person(server.url)
    async with online(server.url, ann.token) as socket:
        unknown = str(uuid.uuid4())
        answer = await socket.ask({"type": "presence.watch", "user_ids": [ben.id, unknown, ann.id]})
        assert [(i["user_id"], i["is_online"]) for i in answer["result"]["items"]] == [
            (ben.id, False),
            (ann.id, True),
        ]
        async with online(server.url, ben.token):
            heard = await socket.event("presence.changed")
            assert (heard["data"]["user_id"], heard["data"]["is_online"]) == (ben.id, True)
            assert heard["data"]["last_seen_at"].endswith("Z")
        for wrong in ([unknown] * 201, "x", ["x"], None):
            answer = await socket.ask({"type": "presence.watch", "user_ids": wrong})
            assert answer["problem"]["code"] == "validation_failed"
        answer = await socket.ask({"type": "presence.watch", "user_ids": []})
        assert answer["result"] == {"items": []}
    for person in (ann, ben):
        await person.http.aclose()


async def test_watching_presence_has_the_rate_limit_of_commands() -> None:
    async with serving(settings_for(SENTINAL_LIMITS="commands=3:1/h")) as server:
        ann = await a_person(server.url)
        async with online(server.url, ann.token) as socket:
            answers = [await socket.ask({"type": "presence.watch", "user_ids": []}) for _ in range(4)]
            assert [answer["type"] for answer in answers] == ["ack"] * 3 + ["error"]
            assert answers[3]["problem"]["code"] == "rate_limited"
        await ann.http.aclose()


async def test_history_is_asked_for_in_a_frame_as_over_http(server: Served) -> None:
    ann = await a_person(server.url)
    group = (await ann.post("/v1/conversations/groups", {"subject": "x", "member_ids": []})).json()
    place = group["conversation"]["id"]
    for word in ("one", "two", "three"):
        body = {"client_message_id": str(uuid.uuid4()), "content": word}
        await ann.post(f"/v1/conversations/{place}/messages", body)
    async with online(server.url, ann.token) as socket:
        for fields, query in (
            ({}, ""),
            ({"limit": 2}, "?limit=2"),
            ({"before": 3, "limit": 1}, "?before=3&limit=1"),
            ({"after": 2}, "?after=2"),
        ):
            answer = await socket.ask({"type": "conversation.history", "conversation_id": place, **fields})
            assert answer["type"] == "ack", answer
            assert answer["result"] == (await ann.get(f"/v1/conversations/{place}/messages{query}")).json()
        for fields, code in (
            ({"before": 3, "after": 1}, "validation_failed"),
            ({"limit": 0}, "validation_failed"),
            ({"limit": "2"}, "validation_failed"),
            ({"x": 1}, "validation_failed"),
            ({"conversation_id": str(uuid.uuid4())}, "conversation_not_found"),
        ):
            wrong = {"type": "conversation.history", "conversation_id": place, **fields}
            answer = await socket.ask(wrong)
            assert (answer["type"], answer["problem"]["code"]) == ("error", code), fields


async def test_my_other_devices_hear_of_my_own_changes(server: Served) -> None:
    ann = await a_person(server.url)
    group = (await ann.post("/v1/conversations/groups", {"subject": "x", "member_ids": []})).json()
    place = group["conversation"]["id"]
    async with online(server.url, ann.token) as socket:
        answered = await ann.http.patch(f"/v1/conversations/{place}/me", json={"pinned": True})
        heard = await socket.event("participation.updated")
        assert (heard["conversation_id"], heard["my_revision"]) == (place, 1)
        assert heard["data"] == answered.json()
        assert "revision" not in heard
        await ann.post(f"/v1/conversations/{place}/clear")
        heard = await socket.event("participation.updated")
        assert (heard["my_revision"], heard["data"]["cleared_through_sequence"]) == (2, 1)
