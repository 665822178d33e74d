"""From one person to another, through every layer: PostgreSQL, outbox, Redis, hub, WebSocket."""

import asyncio
import uuid
from typing import Any

import asyncpg
import pytest

from tests.support.server import Person, a_person, online, server_process, serving, settings_for


async def _direct(ann: Person, bob: Person) -> str:
    response = await ann.post("/v1/conversations/direct", {"user_id": bob.id})
    assert response.status_code in (200, 201), response.text
    return str(response.json()["id"])


def _message(conversation: str, text: str, client_id: str | None = None) -> dict[str, Any]:
    return {
        "type": "message.send",
        "conversation_id": conversation,
        "client_message_id": client_id or str(uuid.uuid4()),
        "content": text,
    }


async def test_two_people_talk_and_see_receipts(fresh_database: str, redis: str) -> None:
    async with serving(settings_for(fresh_database, redis)) as server:
        ann, bob = await a_person(server.url), await a_person(server.url)
        async with online(server.url, ann.token) as anns, online(server.url, bob.token) as bobs:
            conversation = await _direct(ann, bob)
            ack = await anns.ask(_message(conversation, "hello"))
            assert ack["type"] == "ack"
            assert ack["result"]["seq_id"] == 1

            created = await bobs.event("conversation.created")
            assert created["data"]["conversation"]["id"] == conversation
            heard = await bobs.event("message.created")
            assert heard["data"]["content"] == "hello"
            assert heard["revision"] == 1

            entry = (await bob.get("/v1/conversations")).json()["items"][0]
            assert entry["unread_count"] == 1
            assert entry["last_message"]["preview"] == "hello"
            assert entry["conversation"]["peer"]["display_name"] == ann.me["display_name"]

            read = await bobs.ask(
                {"type": "receipt.read", "conversation_id": conversation, "up_to_sequence": 1}
            )
            assert read["result"]["unread_count"] == 0
            receipt = await anns.event("receipt.updated")
            assert receipt["data"]["user_id"] == bob.id
            assert receipt["data"]["read_up_to"] == 1


async def test_two_servers_deliver_to_each_others_clients(fresh_database: str, redis: str) -> None:
    async with (
        server_process(fresh_database, redis) as (one, _),
        server_process(fresh_database, redis) as (two, _),
    ):
        ann, bob = await a_person(one), await a_person(two)
        conversation = await _direct(ann, bob)
        async with online(one, ann.token) as anns, online(two, bob.token) as bobs:
            for n in range(1, 51):
                sender = anns if n % 2 else bobs
                assert (await sender.ask(_message(conversation, str(n))))["result"]["seq_id"] == n
            for listener in (anns, bobs):
                heard = [await listener.event("message.created") for _ in range(50)]
                assert [event["revision"] for event in heard] == list(range(1, 51))
                assert [event["data"]["content"] for event in heard] == [str(n) for n in range(1, 51)]


async def test_a_repeat_on_another_server_is_the_first_message_again(fresh_database: str, redis: str) -> None:
    async with (
        server_process(fresh_database, redis) as (one, _),
        server_process(fresh_database, redis) as (two, _),
    ):
        ann, bob = await a_person(one), await a_person(two)
        conversation = await _direct(ann, bob)
        async with online(one, ann.token) as here, online(two, ann.token) as there:
            frame = _message(conversation, "once")
            answers = await asyncio.gather(here.ask(frame), there.ask(frame))
            assert answers[0]["result"] == answers[1]["result"]
            after = await here.ask(_message(conversation, "next"))
            assert after["result"]["seq_id"] == 2


async def test_what_a_killed_server_committed_and_never_published_is_swept_by_another(
    fresh_database: str, redis: str
) -> None:
    async with server_process(fresh_database, redis) as (one, first):
        ann, bob = await a_person(one), await a_person(one)
        conversation = await _direct(ann, bob)
        async with server_process(fresh_database, redis) as (two, _), online(two, bob.token) as bobs:
            async with online(one, ann.token) as anns:
                tasks = [asyncio.create_task(anns.send(_message(conversation, str(n)))) for n in range(20)]
                await asyncio.gather(*tasks)
                first.kill()
            await first.wait()
            connection = await asyncpg.connect(fresh_database)
            stored = await connection.fetch("SELECT revision FROM messages ORDER BY seq_id")
            await connection.close()
            heard = [await bobs.event("message.created") for _ in stored]
            assert [event["revision"] for event in heard] == [row["revision"] for row in stored]


@pytest.mark.parametrize("everywhere", [False, True])
async def test_logging_out_closes_the_sockets_of_the_session(
    fresh_database: str, redis: str, everywhere: bool
) -> None:
    async with serving(settings_for(fresh_database, redis)) as server:
        ann = await a_person(server.url)
        async with online(server.url, ann.token) as socket:
            path = "/v1/auth/logout-all" if everywhere else "/v1/auth/logout"
            assert (await ann.post(path)).status_code == 204
            ended = await socket.event("session.revoked")
            assert ended["data"]["session_id"]
            await socket.connection.wait_closed()
            assert socket.connection.close_code == 4401
        refused = await ann.get("/v1/users/me")
        assert (refused.status_code, refused.json()["code"]) == (401, "session_revoked")
