"""Every frame there is, exchanged with a server and judged by the document that this server publishes."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from entrypoints.lifespan import drain
from entrypoints.ws.asyncapi import asyncapi
from tests.scenarios.group_stage import path_of
from tests.scenarios.people import Someone, log_in, somebody
from tests.support.schemas import Judge, Overheard, mistakes_in
from tests.support.server import Realtime, online, serving, settings_for


def test_the_document_is_valid_asyncapi() -> None:
    document = asyncapi()
    assert mistakes_in(document) == []
    assert mistakes_in({**document, "channels": {"realtime": {"messages": 1}}})


@asynccontextmanager
async def _judged(url: str, someone: Someone, judge: Judge) -> AsyncIterator[Realtime]:
    async with online(url, someone.token) as socket:
        overheard = Overheard(socket.connection, judge)
        judge.received(id(overheard), socket.welcome)
        socket.connection = overheard  # type: ignore[assignment]
        yield socket


async def _done(socket: Realtime, type: str, **fields: Any) -> Any:
    answer = await socket.ask({"type": type, **fields})
    assert answer["type"] != "error", answer
    return answer.get("result")


async def test_every_frame_of_the_document_occurs_and_looks_as_it_says(database: str, redis: str) -> None:
    async with (
        serving(settings_for(database, redis)) as server,
        httpx.AsyncClient(base_url=server.url, timeout=20) as client,
    ):
        judge = Judge((await client.get("/asyncapi.json")).json())
        ann, ben, cem = [await somebody(client) for _ in range(3)]
        tablet = await log_in(client, ann.me["username"], device_id="tablet")
        async with (
            _judged(server.url, ann, judge) as anns,
            _judged(server.url, tablet, judge) as tablets,
            _judged(server.url, ben, judge) as bens,
        ):
            await _in_a_direct_conversation(anns, bens, tablets, await ann.direct(ben))
            await _in_a_group(anns, bens, ann, ben, cem)
            await _about_people(anns, server.url, ann, ben, cem, tablets)
            await _about_the_connection(anns, bens, ann, ben)
            drain(server.container)
            assert (await bens.event("reconnect"))["after_ms"] >= 0
        assert judge.missing == set()


async def _in_a_direct_conversation(anns: Realtime, bens: Realtime, tablets: Realtime, place: str) -> None:
    here = {"conversation_id": place}
    send = {**here, "client_message_id": str(uuid.uuid4()), "content": "hello"}
    message = await _done(anns, "message.send", **send)
    this = {"message_id": message["id"]}
    await bens.event("conversation.created")
    await bens.event("message.created")
    await _done(bens, "receipt.delivered", **here, up_to_sequence=1)
    await _done(bens, "receipt.read", **here, up_to_sequence=1)
    for _ in range(2):
        told = (await anns.event("receipt.updated"))["data"]
    assert told["read_up_to"] == 1
    await bens.event("participation.updated")
    reply = {"client_message_id": str(uuid.uuid4()), "content": "hello", "reply_to_msg_id": message["id"]}
    await _done(bens, "message.send", **here, **reply)
    place_of_it = {"message_type": "LOCATION", "metadata": {"latitude": 1.5, "longitude": 2}}
    await _done(bens, "message.send", **here, client_message_id=str(uuid.uuid4()), **place_of_it)
    await _done(bens, "reaction.add", **this, reaction_code="👍")
    await anns.event("reaction.added")
    await _done(bens, "reaction.remove", **this, reaction_code="👍")
    await anns.event("reaction.removed")
    await _done(anns, "message.edit", **this, content="hello!")
    await bens.event("message.updated")
    forward = {"conversation_ids": [place], "client_message_ids": [str(uuid.uuid4())]}
    await _done(bens, "message.forward", **this, **forward)
    await _done(anns, "message.delete", **this, **{"for": "everyone"}, idempotency_key="k")
    await bens.event("message.deleted")
    await _done(anns, "message.delete", **this, **{"for": "me"})
    await tablets.event("message.hidden")
    history = await _done(bens, "conversation.history", **here, limit=10)
    assert len(history["items"]) == 4
    await _done(anns, "typing.start", **here)
    await bens.event("typing.started")
    await _done(anns, "typing.stop", **here)
    await bens.event("typing.stopped")


async def _in_a_group(anns: Realtime, bens: Realtime, ann: Someone, ben: Someone, cem: Someone) -> None:
    place = await ann.group(ben)
    await ann.done("PATCH", path_of(place), {"subject": "Another", "expiry_seconds": 3600})
    await bens.event("conversation.updated")
    await ann.done("POST", path_of(place, "members"), {"user_ids": [cem.id]})
    await bens.event("member.added")
    silence = {"silenced_until": "2999-01-01T00:00:00.000Z"}
    await ann.done("PATCH", path_of(place, f"members/{cem.id}"), silence)
    await bens.event("member.updated")
    await ann.done("DELETE", path_of(place, f"members/{cem.id}"))
    await bens.event("member.removed")
    await ann.done("DELETE", path_of(place))
    await bens.event("conversation.deleted")


async def _about_people(
    anns: Realtime, url: str, ann: Someone, ben: Someone, cem: Someone, tablets: Realtime
) -> None:
    await ann.done("PUT", f"/v1/contacts/{ben.id}", {"nickname": "B."})
    await anns.event("contact.updated")
    await _done(anns, "presence.watch", user_ids=[cem.id, str(uuid.uuid4())])
    async with online(url, cem.token):
        assert (await anns.event("presence.changed"))["data"]["is_online"] is True
    await ann.done("DELETE", f"/v1/sessions/{tablets.welcome['session_id']}")
    told = (await tablets.event("session.revoked"))["data"]
    assert told["session_id"] == tablets.welcome["session_id"]


async def _about_the_connection(anns: Realtime, bens: Realtime, ann: Someone, ben: Someone) -> None:
    await _done(anns, "authenticate", access_token=ann.token)
    await _done(anns, "ping")
    await anns.send({"type": "ping"})
    await anns.event("pong")
    place = await ann.direct(ben)
    epoch = bens.welcome["epoch"]
    await _done(bens, "resume", epoch=epoch, revisions={place: 1})
    await _done(bens, "resume", epoch=str(uuid.uuid4()), revisions={place: 1})
    await bens.event("reset")
    for wrong in (
        {"type": "message.send", "conversation_id": place},
        {"type": "typing.start", "conversation_id": 1},
        {"type": "presence.watch", "user_ids": ["x"]},
        {"type": "ping", "unknown": 1},
    ):
        bens.connection.valid = False  # type: ignore[attr-defined]
        assert (await bens.ask(wrong))["problem"]["code"] == "validation_failed"
        bens.connection.valid = True  # type: ignore[attr-defined]
