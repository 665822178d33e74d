"""What becomes of messages, as open sockets hear it: on another server than the one it happened on."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.scenarios.forwarding import to
from tests.scenarios.messages import PLACE, body, say
from tests.scenarios.people import Someone, somebody
from tests.support.backstage import postgres_backstage, upload
from tests.support.server import Realtime, online, serving, settings_for


@dataclass(slots=True)
class Scene:
    """Two people with sockets to one server, and HTTP to another; a direct conversation of theirs, and a group."""

    ann: Someone
    ben: Someone
    anns: Realtime
    bens: Realtime
    direct: str
    group: str


@pytest.fixture
async def scene(database: str, redis: str) -> AsyncIterator[Scene]:
    settings = settings_for(database, redis)
    async with (
        serving(settings) as one,
        serving(settings) as two,
        httpx.AsyncClient(base_url=two.url, timeout=20) as client,
    ):
        ann, ben = await somebody(client), await somebody(client)
        direct, group = await ann.direct(ben), await ann.group(ben)
        async with online(one.url, ann.token) as anns, online(one.url, ben.token) as bens:
            yield Scene(ann, ben, anns, bens, direct, group)


async def _acked(socket: Realtime, type: str, **fields: Any) -> Any:
    answer = await socket.ask({"type": type, **fields})
    assert answer["type"] == "ack", answer
    return answer["result"]


async def _refused(socket: Realtime, type: str, **fields: Any) -> str:
    answer = await socket.ask({"type": type, **fields})
    assert answer["type"] == "error", answer
    return str(answer["problem"]["code"])


async def _next(socket: Realtime, place: str) -> dict[str, Any]:
    """The next event of a conversation that has a revision."""
    while True:
        event = socket.events.pop(0) if socket.events else await socket.receive()
        if event.get("conversation_id") == place and "revision" in event:
            return event


async def test_every_event_of_a_message_is_heard_in_order_and_the_same_by_everybody(scene: Scene) -> None:
    ann, ben = scene.ann, scene.ben
    target = await say(ann, scene.direct, content="first")
    sent = await say(ben, scene.direct, reply_to_msg_id=target["id"])
    path = f"/v1/messages/{sent['id']}"
    await ann.done("PUT", f"{path}/reactions/👍")
    edited = await ben.done("PATCH", path, {"content": "after"})
    await ann.done("DELETE", f"{path}/reactions/👍")
    (copy,) = (await ann.done("POST", f"{path}/forward", to(scene.direct)))["items"]
    common = {"message_id": sent["id"], "user_id": ann.id, "reaction_code": "👍"}
    broadcast = {**edited, "reactions": [{"reaction_code": "👍", "count": 1, "mine": None}]}
    wanted = [
        ("message.created", target),
        ("message.created", sent),
        ("reaction.added", {**common, "count": 1}),
        ("message.updated", broadcast),
        ("reaction.removed", {**common, "count": 0}),
        ("message.created", {**copy, "forwarded_from_msg_id": None}),
    ]
    assert copy["forwarded_from_msg_id"] == sent["id"]
    for socket in (scene.anns, scene.bens):
        for revision, (type, data) in enumerate(wanted, 1):
            heard = await _next(socket, scene.direct)
            assert (heard["type"], heard["revision"]) == (type, revision)
            assert heard["data"] == data
    # Only now that everything is heard: of what is wiped, a server that is late hears the tombstone alone.
    await ben.done("DELETE", f"{path}?for=everyone")
    wiped = {"message_id": sent["id"], "seq_id": 2, "deleted_by": ben.id}
    for socket in (scene.anns, scene.bens):
        heard = await _next(socket, scene.direct)
        assert (heard["type"], heard["revision"], heard["data"]) == ("message.deleted", 7, wiped)


async def test_hiding_is_heard_by_ones_own_devices_only(scene: Scene) -> None:
    sent = await say(scene.ann, scene.group)
    await scene.bens.event("message.created")
    await scene.ben.done("DELETE", f"/v1/messages/{sent['id']}?for=me")
    heard = await scene.bens.event("message.hidden")
    assert heard["data"] == {"message_id": sent["id"], "seq_id": sent["seq_id"]}
    assert (heard["conversation_id"], heard["my_revision"], "revision" in heard) == (scene.group, 1, False)
    assert (await scene.anns.ask({"type": "ping"}))["type"] == "pong"
    assert "message.hidden" not in {event["type"] for event in scene.anns.events}


async def test_everything_goes_by_frames_as_by_http(scene: Scene, database: str) -> None:
    anns = scene.anns
    async with postgres_backstage(database) as backstage:
        file = await upload(backstage, scene.ann.id)
    located = await _acked(
        anns,
        "message.send",
        **body(conversation_id=scene.direct, message_type="LOCATION", metadata=PLACE),
    )
    assert located["metadata"] == PLACE
    picture = body(conversation_id=scene.direct, message_type="IMAGE", attachment_ids=[file], content="old")
    sent = await _acked(anns, "message.send", **picture, reply_to_msg_id=located["id"])
    assert [each["id"] for each in sent["attachments"]] == [file]
    assert sent["reply_to"]["type"] == "LOCATION"
    id = sent["id"]
    edit = {"message_id": id, "content": "new", "expected_revision": sent["revision"]}
    edited = await _acked(anns, "message.edit", **edit, idempotency_key="edit")
    assert await _acked(anns, "message.edit", **edit, idempotency_key="edit") == edited
    assert await _refused(anns, "message.edit", **edit) == "revision_conflict"
    for _ in range(2):
        assert await _acked(anns, "reaction.add", message_id=id, reaction_code="👍") is None
    seen = await scene.ann.get(f"/v1/messages/{id}")
    assert seen["reactions"] == [{"reaction_code": "👍", "count": 1, "mine": True}]
    assert await _acked(anns, "reaction.remove", message_id=id, reaction_code="👍") is None
    forward = {"message_id": id, **to(scene.group, scene.direct)}
    copies = (await _acked(anns, "message.forward", **forward))["items"]
    assert (await _acked(anns, "message.forward", **forward))["items"] == copies
    assert [copy["conversation_id"] for copy in copies] == [scene.group, scene.direct]
    assert await _acked(anns, "message.delete", message_id=id, **{"for": "everyone"}) is None
    assert await _acked(anns, "message.delete", message_id=id, **{"for": "me"}) is None
    assert await _refused(anns, "message.edit", message_id=id, content="x") == "message_not_found"
    for type, fields in (
        ("message.forward", {**forward, "said": None}),
        ("message.delete", {"message_id": id}),
        ("message.delete", {"message_id": id, "whom": "me"}),
        ("reaction.add", {"message_id": id, "reaction_code": "no"}),
        ("message.send", body(conversation_id=scene.direct, message_type="SYSTEM", content="x")),
        ("message.edit", {"message_id": id}),
        ("message.edit", {"message_id": "x", "content": "x"}),
    ):
        assert await _refused(anns, type, **fields) == "validation_failed", (type, fields)


async def test_one_client_id_on_two_servers_at_once_is_one_message(scene: Scene) -> None:
    given = body(content="once")
    path = f"/v1/conversations/{scene.direct}/messages"
    frame = {"conversation_id": scene.direct, **given}
    answers = await asyncio.gather(
        *(scene.ann.ask("POST", path, given) for _ in range(10)),
        *(scene.ann.ask("POST", path, given, idempotency_key=uuid.uuid4().hex) for _ in range(10)),
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert await _acked(scene.anns, "message.send", **frame) == answers[0].json()
