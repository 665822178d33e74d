"""The same protocol as JSON and as MessagePack, on the server of the product and on any other."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect

from entrypoints.ws.direct import DirectProtocol
from tests.support.server import Person, Served, a_person, online, serving, settings_for

PACK = "sentinal.v1.msgpack"


@pytest.fixture(params=[DirectProtocol, "websockets-sansio"], ids=["direct", "asgi"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    async with serving(settings_for(), request.param) as server:
        yield server


async def _say(socket: ClientConnection, frame: Any) -> Any:
    await socket.send(msgspec.msgpack.encode(frame))
    return await _hear(socket)


async def _hear(socket: ClientConnection) -> Any:
    async with asyncio.timeout(10):
        received = await socket.recv()
    assert isinstance(received, bytes)
    return msgspec.msgpack.decode(received)


@asynccontextmanager
async def _packed(server: Served, person: Person) -> AsyncIterator[ClientConnection]:
    async with connect(server.realtime, subprotocols=[PACK]) as socket:  # type: ignore[list-item]
        assert socket.subprotocol == PACK
        welcome = await _say(socket, {"type": "authenticate", "access_token": person.token})
        assert (welcome["type"], welcome["user_id"], welcome["server_time"][-1]) == (
            "welcome",
            person.id,
            "Z",
        )
        yield socket


async def test_everything_reads_the_same_in_both(server: Served) -> None:
    ann = await a_person(server.url)
    group = (await ann.post("/v1/conversations/groups", {"subject": "x", "member_ids": []})).json()
    place = group["conversation"]["id"]
    async with online(server.url, ann.token) as text, _packed(server, ann) as packed:
        assert (await _say(packed, {"type": "ping", "ref": "p"}))["ref"] == "p"
        frame = {
            "type": "message.send",
            "ref": "1",
            "conversation_id": place,
            "client_message_id": str(uuid.uuid4()),
            "message_type": "LOCATION",
            "metadata": {"latitude": 52.5, "longitude": 13, "label": "grüße \U0001f600"},
        }
        first = await _say(packed, frame)
        assert first["type"] != "error", first
        answers = [first, await _hear(packed)]
        event = await text.event("message.created")
        assert event in answers
        assert event["data"]["metadata"] == frame["metadata"]
        assert {"ack", "message.created"} == {each["type"] for each in answers}
        asked = {"type": "conversation.history", "conversation_id": place}
        history = await _say(packed, {**asked, "ref": "2"})
        assert history["result"] == (await text.ask(asked))["result"]
        refused = await _say(packed, {"type": "message.send", "ref": "3", "conversation_id": 1})
        assert (refused["ref"], refused["problem"]["code"]) == ("3", "validation_failed")


async def test_the_order_of_the_client_decides(server: Served) -> None:
    for offered, chosen in (
        ([PACK, "sentinal.v1.json"], PACK),
        (["sentinal.v1.json", PACK], "sentinal.v1.json"),
        (["sentinal.v9", PACK], PACK),
    ):
        async with connect(server.realtime, subprotocols=offered) as socket:  # type: ignore[arg-type]
            assert socket.subprotocol == chosen


async def test_frames_of_the_wrong_kind_close_with_1003(server: Served) -> None:
    ann = await a_person(server.url)
    header = {"Authorization": f"Bearer {ann.token}"}
    for subprotocol, wrong in ((PACK, '{"type": "ping"}'), ("sentinal.v1.json", b"\x80")):
        for headers in ({}, header):
            async with connect(
                server.realtime,
                subprotocols=[subprotocol],  # type: ignore[list-item]
                additional_headers=headers,
            ) as socket:
                await socket.send(wrong)
                await socket.wait_closed()
                assert socket.close_code == 1003


async def test_what_json_cannot_say_is_malformed(server: Served) -> None:
    ann = await a_person(server.url)
    pack = msgspec.msgpack.encode
    async with _packed(server, ann) as socket:
        for payload in (
            b"",
            b"\xc1",
            pack({"type": "ping"}) + b"\x00",
            pack({"type": "ping"})[:-1],
            pack([]),
            pack({"type": "ping", "ref": b"bytes"}),
            pack({"type": "ping", "x": datetime(2026, 1, 1, tzinfo=UTC)}),
            pack({"type": "ping", 1: 2}),
            b"\x91" * 60_000 + b"\x01",
        ):
            await socket.send(payload)
            answer = await _hear(socket)
            assert (answer["type"], answer["problem"]["code"]) == ("error", "malformed_frame"), payload[:20]
        assert (await _say(socket, {"type": "ping"}))["type"] == "pong"
        await socket.send(pack({"x": float("nan")}))
        assert (await _hear(socket))["problem"]["code"] == "malformed_frame"
        await socket.wait_closed()
        assert socket.close_code == 4400


async def test_the_size_of_a_frame_is_counted_in_bytes(server: Served) -> None:
    ann = await a_person(server.url)
    for text, closes in (("ä" * 30_000, False), ("ä" * 33_000, True)):
        async with online(server.url, ann.token) as socket:
            await socket.connection.send(json.dumps({"type": "x", "text": text}, ensure_ascii=False))
            if not closes:
                assert (await socket.receive())["problem"]["code"] == "malformed_frame"
                continue
            await socket.connection.wait_closed()
            assert socket.connection.close_code == 1009
