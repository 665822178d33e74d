"""Resuming on another server: what was missed comes in order, or a reset says to fetch; nothing of it twice."""

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from application.realtime.membership import MISSED_AT_MOST
from tests.scenarios.messages import say
from tests.scenarios.people import Someone, somebody
from tests.support.server import Realtime, Served, online, serving, settings_for


@dataclass(slots=True)
class Scene:
    """Two people, a group of theirs, and two servers."""

    ann: Someone
    ben: Someone
    group: str
    one: Served
    two: Served


@pytest.fixture
async def scene(database: str, redis: str) -> AsyncIterator[Scene]:
    settings = settings_for(database, redis)
    async with AsyncExitStack() as stack:
        one, two = [await stack.enter_async_context(serving(settings)) for _ in range(2)]
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=one.url, timeout=20))
        ann, ben = await somebody(client), await somebody(client)
        yield Scene(ann, ben, await ann.group(ben), one, two)


async def _resume(
    socket: Realtime, epoch: str, revisions: dict[str, int]
) -> tuple[dict[str, Any], list[Any]]:
    """The answer, and what was heard before it."""
    answer = await socket.ask({"type": "resume", "epoch": epoch, "revisions": revisions})
    heard, socket.events = socket.events, []
    return answer, [(each["type"], each.get("revision")) for each in heard]


async def _head(who: Someone, group: str) -> int:
    return int((await who.done("GET", f"/v1/conversations/{group}"))["revision"])


async def test_what_was_missed_on_one_server_is_heard_on_another(scene: Scene) -> None:
    async with online(scene.one.url, scene.ben.token) as socket:
        epoch = socket.welcome["epoch"]
        await say(scene.ann, scene.group, content="before")
        known = (await socket.event("message.created"))["revision"]
    said = await say(scene.ann, scene.group, content="meanwhile")
    await scene.ann.done("PATCH", f"/v1/messages/{said['id']}", {"content": "changed"})
    await scene.ann.done("PUT", f"/v1/messages/{said['id']}/reactions/%F0%9F%91%8D")
    await scene.ann.done("DELETE", f"/v1/messages/{said['id']}?for=everyone")
    async with online(scene.two.url, scene.ben.token, holding=True) as socket:
        answer, heard = await _resume(socket, epoch, {scene.group: known})
        kinds = ["message.created", "message.updated", "reaction.added", "message.deleted"]
        assert heard == [(kind, known + n) for n, kind in enumerate(kinds, 1)]
        assert (answer["type"], answer["conversations"], answer["events"]) == ("resumed", 1, 4)
        await say(scene.ann, scene.group, content="after")
        assert (await socket.event("message.created"))["revision"] == known + 5


async def test_words_that_were_taken_back_are_not_said_again(scene: Scene) -> None:
    known = await _head(scene.ann, scene.group)
    said = await say(scene.ann, scene.group, content="a secret to be taken back")
    await scene.ann.done("DELETE", f"/v1/messages/{said['id']}?for=everyone")
    async with online(scene.two.url, scene.ben.token, holding=True) as socket:
        await socket.send(
            {"type": "resume", "epoch": socket.welcome["epoch"], "revisions": {scene.group: known}}
        )
        heard = [await socket.receive() for _ in range(3)]
        assert [each["type"] for each in heard] == ["message.created", "message.deleted", "resumed"]
        assert heard[0]["data"]["content"] is None
        assert "secret" not in str(heard)


async def test_another_epoch_and_too_much_are_reset_and_strangers_are_passed_over(scene: Scene) -> None:
    head = await _head(scene.ann, scene.group)
    async with online(scene.two.url, scene.ben.token, holding=True) as socket:
        answer, heard = await _resume(socket, "another", {scene.group: head, str(uuid.uuid4()): 3})
        assert heard == [("reset", head)]
        assert (answer["conversations"], answer["events"]) == (1, 0)
        for n in range(MISSED_AT_MOST + 1):
            await say(scene.ann, scene.group, content=str(n))
        for n in range(MISSED_AT_MOST + 1):
            assert (await socket.event("message.created"))["revision"] == head + 1 + n
    async with online(scene.one.url, scene.ben.token, holding=True) as socket:
        answer, heard = await _resume(socket, socket.welcome["epoch"], {scene.group: head})
        assert heard == [("reset", head + MISSED_AT_MOST + 1)]


async def test_who_was_removed_while_away_hears_what_happened_until_then(scene: Scene) -> None:
    known = await _head(scene.ben, scene.group)
    await say(scene.ann, scene.group, content="still for both")
    await scene.ann.done("DELETE", f"/v1/conversations/{scene.group}/members/{scene.ben.id}")
    await say(scene.ann, scene.group, content="for the others")
    async with online(scene.two.url, scene.ben.token, holding=True) as socket:
        await socket.send(
            {"type": "resume", "epoch": socket.welcome["epoch"], "revisions": {scene.group: known}}
        )
        heard = [await socket.receive() for _ in range(4)]
        assert [each["type"] for each in heard] == [
            "message.created",
            "message.created",
            "member.removed",
            "resumed",
        ]
        assert heard[0]["data"]["content"] == "still for both"
        assert "for the others" not in str(heard)


async def test_who_begins_with_anything_else_hears_at_once(scene: Scene) -> None:
    async with online(scene.two.url, scene.ben.token, holding=True) as socket:
        await say(scene.ann, scene.group, content="one")
        assert (await socket.ask({"type": "ping"}))["type"] == "pong"
        await say(scene.ann, scene.group, content="two")
        heard = [await socket.event("message.created") for _ in range(2)]
        assert [each["data"]["content"] for each in heard] == ["one", "two"]


async def test_who_says_nothing_hears_after_a_moment(scene: Scene) -> None:
    async with online(scene.two.url, scene.ben.token, holding=True) as socket:
        await say(scene.ann, scene.group, content="hello")
        assert (await socket.event("message.created"))["data"]["content"] == "hello"


@pytest.mark.parametrize(
    "wrong",
    [
        {"epoch": "x"},
        {"revisions": {}},
        {"epoch": 3, "revisions": {}},
        {"epoch": "x", "revisions": []},
        {"epoch": "x", "revisions": {"nonsense": 1}},
        {"epoch": "x", "revisions": {str(uuid.uuid4()): "1"}},
        {"epoch": "x", "revisions": {str(uuid.uuid4()): 1.5}},
        {"epoch": "x", "revisions": {str(uuid.uuid4()): None}},
        {"epoch": "x", "revisions": {}, "more": 1},
    ],
)
async def test_a_wrong_resume_is_refused_and_ends_nothing(scene: Scene, wrong: dict[str, Any]) -> None:
    async with online(scene.one.url, scene.ben.token, holding=True) as socket:
        answer = await socket.ask({"type": "resume", **wrong})
        assert (answer["type"], answer["problem"]["code"]) == ("error", "validation_failed")
        await say(scene.ann, scene.group, content="hello")
        assert (await socket.event("message.created"))["data"]["content"] == "hello"


async def test_a_thousand_conversations_may_be_named_and_no_more(scene: Scene) -> None:
    async with online(scene.one.url, scene.ben.token, holding=True) as socket:
        many = {str(uuid.uuid4()): 1 for _ in range(1001)}
        answer = await socket.ask({"type": "resume", "epoch": "x", "revisions": many})
        assert answer["problem"]["code"] == "validation_failed"
        del many[next(iter(many))]
        answer = await socket.ask({"type": "resume", "epoch": "x", "revisions": many})
        assert (answer["type"], answer["conversations"]) == ("resumed", 0)
