"""What happens to people, as their open sockets hear it: on another server than the one it happened on."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.scenarios.people import NEW_PASSWORD, PASSWORD, log_in, somebody
from tests.support.server import Realtime, online, serving, settings_for

ENDINGS = {
    "revoked": ("DELETE", "/v1/sessions/{session}", None),
    "logged_out_everywhere": ("POST", "/v1/auth/logout-all", None),
    "password_changed": (
        "PUT",
        "/v1/auth/password",
        {"current_password": PASSWORD, "new_password": NEW_PASSWORD},
    ),
    "deactivated": ("POST", "/v1/users/me/deactivate", {"password": PASSWORD}),
    "erased": ("POST", "/v1/users/me/erase", {"password": PASSWORD, "redact_messages": False}),
}


@pytest.fixture
async def servers(database: str, redis: str) -> AsyncIterator[tuple[str, httpx.AsyncClient]]:
    """The address of one server, and a client of another."""
    settings = settings_for(database, redis)
    async with (
        serving(settings) as one,
        serving(settings) as two,
        httpx.AsyncClient(base_url=two.url, timeout=20) as client,
    ):
        yield one.url, client


async def _closed(socket: Realtime) -> int:
    """Read on until the socket closes, and say with which code."""
    async with asyncio.timeout(10):
        while True:
            try:
                socket.events.append(await socket.receive())
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 0


@pytest.mark.parametrize("reason", ENDINGS)
async def test_a_session_that_ends_is_told_and_its_sockets_close(
    servers: tuple[str, httpx.AsyncClient], reason: str
) -> None:
    url, client = servers
    ann = await somebody(client)
    other = await log_in(client, ann.me["username"])
    async with online(url, other.token) as socket:
        method, path, body = ENDINGS[reason]
        await ann.done(method, path.format(session=other.session_id), body)
        assert await _closed(socket) == 4401
        told = [event["data"] for event in socket.events if event["type"] == "session.revoked"]
        assert {"session_id": other.session_id, "reason": reason} in told


async def test_a_block_takes_effect_on_open_sockets(servers: tuple[str, httpx.AsyncClient]) -> None:
    url, client = servers
    ann, ben = await somebody(client), await somebody(client)
    place = await ann.direct(ben)
    async with online(url, ann.token) as anns, online(url, ben.token) as bens:
        assert (await _send(bens, place))["type"] == "ack"
        await ann.done("PUT", f"/v1/contacts/{ben.id}/block")
        for socket in (bens, anns):
            refused = await _send(socket, place)
            assert refused["problem"]["code"] == "recipient_unavailable"
        told = (await anns.event("contact.updated"))["data"]
        assert told == {"user_id": ben.id, "nickname": None, "is_contact": False, "is_blocked": True}
        # No receipt crosses it, and the blocked hear nothing of it.
        read = {"type": "receipt.read", "conversation_id": place, "up_to_sequence": 1}
        assert (await anns.ask(read))["result"]["last_read_sequence"] == 1
        assert (await anns.event("participation.updated"))["data"]["last_read_sequence"] == 1
        await ann.done("DELETE", f"/v1/contacts/{ben.id}/block")
        assert (await _send(bens, place))["type"] == "ack"
        assert (await bens.ask({"type": "ping"}))["type"] == "pong"
        heard = {event["type"] for event in bens.events}
        assert heard <= {"message.created", "conversation.created", "participation.updated"}


async def test_what_was_read_is_told_unless_either_side_has_receipts_off(
    servers: tuple[str, httpx.AsyncClient],
) -> None:
    url, client = servers
    ann, ben = await somebody(client), await somebody(client)
    place = await ann.direct(ben)
    for _ in range(3):
        await ann.send(place)
    read = {"type": "receipt.read", "conversation_id": place}
    async with online(url, ann.token) as anns, online(url, ben.token) as bens:
        await bens.ask({**read, "up_to_sequence": 1})
        told = (await anns.event("receipt.updated"))["data"]
        assert (told["delivered_up_to"], told["read_up_to"]) == (1, 1)
        for up_to, who in ((2, ann), (3, ben)):
            await who.done("PATCH", "/v1/users/me/settings", {"read_receipts": False})
            await bens.ask({**read, "up_to_sequence": up_to})
            told = (await anns.event("receipt.updated"))["data"]
            assert (told["delivered_up_to"], told["read_up_to"]) == (up_to, 0)
            await who.done("PATCH", "/v1/users/me/settings", {"read_receipts": True})


async def test_members_hear_that_an_erased_person_is_gone(servers: tuple[str, httpx.AsyncClient]) -> None:
    url, client = servers
    ann, ben = await somebody(client), await somebody(client)
    place = await ann.group(ben)
    async with online(url, ben.token) as bens:
        await ann.done("POST", "/v1/users/me/erase", {"password": PASSWORD, "redact_messages": False})
        gone = await bens.event("member.removed")
        assert gone["data"] == {"user_id": ann.id, "by": ann.id, "reason": "erased"}
        assert gone["conversation_id"] == place
        heard = [event for event in bens.events if event.get("revision")] + [gone]
        revisions = sorted(event["revision"] for event in heard)
        assert revisions == [2, 3, 4, 5, 6]
        roles = {e["data"]["user_id"]: e["data"]["role"] for e in heard if e["type"] == "member.updated"}
        assert roles == {ann.id: "ADMIN", ben.id: "OWNER"}


async def _send(socket: Realtime, place: str) -> dict[str, Any]:
    frame = {"type": "message.send", "conversation_id": place, "client_message_id": str(uuid.uuid4())}
    return await socket.ask({**frame, "content": "words"})
