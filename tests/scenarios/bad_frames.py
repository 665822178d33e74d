"""Everything wrong that can be said in a frame: the answer that HTTP gives, and nothing stored."""

import uuid
from typing import Any

import httpx
import pytest

from tests.scenarios.bad_input import NOT_TEXT
from tests.scenarios.bad_messages import CONTENT, NOT_AN_ID, NOT_AN_OBJECT
from tests.scenarios.messages import counters, history, say
from tests.scenarios.people import somebody
from tests.support.server import Realtime, Served, online

NEW = "0190a8b0-0000-7000-8000-000000000000"
SEQUENCE: list[Any] = [-1, 2**63, 1.5, 1.0, "1", True, [], {}]
FINE: dict[str, dict[str, Any]] = {
    "message.send": {"conversation_id": "{place}", "client_message_id": NEW, "content": "words"},
    "message.edit": {"message_id": "{message}", "content": "other words"},
    "message.delete": {"message_id": "{message}", "for": "me"},
    "message.forward": {
        "message_id": "{message}",
        "conversation_ids": ["{place}"],
        "client_message_ids": [NEW],
    },
    "reaction.add": {"message_id": "{message}", "reaction_code": "👍"},
    "reaction.remove": {"message_id": "{message}", "reaction_code": "👍"},
    "receipt.read": {"conversation_id": "{place}", "up_to_sequence": 1},
    "receipt.delivered": {"conversation_id": "{place}", "up_to_sequence": 1},
    "conversation.history": {"conversation_id": "{place}"},
}
IDS: list[Any] = [*NOT_AN_ID, None]
CODES: list[Any] = [*NOT_TEXT, None, "", "ab", "👍👍", "👍a", "a\u0000", ":A:", "x" * 33]
WRONG: dict[str, dict[str, list[Any]]] = {
    "message.send": {
        "conversation_id": IDS,
        "client_message_id": IDS,
        "message_type": [*NOT_TEXT, None, "text", "POLL", "SYSTEM"],
        "content": [*CONTENT, None],
        "metadata": [*NOT_AN_OBJECT, {}, {"event": "x"}],
        "reply_to_msg_id": NOT_AN_ID,
        "attachment_ids": [7, "x", {}, [NEW], [NEW] * 11],
        "type_": ["TEXT"],
        "forwarded_from_msg_id": [NEW],
    },
    "message.edit": {
        "message_id": IDS,
        "content": [*CONTENT, None],
        "expected_revision": [each for each in SEQUENCE if each != 1.0],
        "message_type": ["TEXT"],
    },
    "message.delete": {"message_id": IDS, "for": [*NOT_TEXT, None, "", "all", "EVERYONE"], "whom": ["me"]},
    "message.forward": {
        "message_id": IDS,
        "conversation_ids": [None, 7, "x", {}, [], [NEW] * 11],
        "client_message_ids": [None, 7, "x", {}, [], [NEW, NEW]],
        "said": [None, []],
    },
    "reaction.add": {"message_id": IDS, "reaction_code": CODES, "user_id": [NEW]},
    "reaction.remove": {"message_id": IDS, "reaction_code": CODES, "user_id": [NEW]},
    "receipt.read": {"conversation_id": IDS, "up_to_sequence": [*SEQUENCE, None], "user_id": [NEW]},
    "receipt.delivered": {"conversation_id": IDS, "up_to_sequence": [*SEQUENCE, None], "at": [NEW]},
    "conversation.history": {
        "conversation_id": IDS,
        "before": SEQUENCE,
        "after": SEQUENCE,
        "around": SEQUENCE,
        "limit": [*SEQUENCE, 0, 101],
        "cursor": ["x"],
    },
}
KEYS: list[Any] = [7, True, [], {}, "", "x" * 65, "a b", "ü", "a\u0000", "a\n"]
NEEDED = {type: [name for name in fields if name != "content"] for type, fields in FINE.items()}


class BadFrames:
    """Supply ``server``."""

    @pytest.mark.parametrize("type", FINE)
    async def test_a_wrong_field_of_a_frame_is_named_and_nothing_is_stored(
        self, server: Served, type: str
    ) -> None:
        async with httpx.AsyncClient(base_url=server.url, timeout=20) as client:
            ann, ben = await somebody(client), await somebody(client)
            place = await ann.direct(ben)
            message = await say(ann, place)
            before = await counters(ann, place), await history(ann, place), await history(ben, place)
            fine = _filled(FINE[type], place=place, message=message["id"])
            async with online(server.url, ann.token) as socket:
                for name, values in WRONG[type].items():
                    for value in values:
                        await _refuses(socket, {"type": type, **fine, name: value}, name)
                for name in NEEDED[type]:
                    less = {key: value for key, value in fine.items() if key != name}
                    await _refuses(socket, {"type": type, **less}, name)
                for key in KEYS:
                    await _refuses(socket, {"type": type, **fine, "idempotency_key": key}, "idempotency_key")
                now = await counters(ann, place), await history(ann, place), await history(ben, place)
                assert now == before
                # And what is right is still taken.
                assert (await socket.ask({"type": type, **fine}))["type"] == "ack"

    async def test_what_is_not_mine_is_answered_like_what_does_not_exist(self, server: Served) -> None:
        async with httpx.AsyncClient(base_url=server.url, timeout=20) as client:
            ann, ben = await somebody(client), await somebody(client)
            place, mine = await ann.group(), await ben.group()
            message, answered = await say(ann, place), await say(ben, mine)
            async with online(server.url, ben.token) as socket:
                for type, fields in FINE.items():
                    theirs = _filled(fields, place=place, message=message["id"])
                    unknown = _filled(fields, place=str(uuid.uuid4()), message=str(uuid.uuid4()))
                    assert await _problem(socket, type, theirs) == await _problem(socket, type, unknown)
                for name, known in (("reply_to_msg_id", message["id"]), ("attachment_ids", [message["id"]])):
                    said = {"conversation_id": mine, "client_message_id": NEW, "content": "x"}
                    if name == "attachment_ids":
                        said |= {"message_type": "FILE"}
                    other: Any = [str(uuid.uuid4())] if isinstance(known, list) else str(uuid.uuid4())
                    problems = [
                        await _problem(socket, "message.send", said | {name: id}) for id in (known, other)
                    ]
                    assert problems[0] == problems[1]
                forward = {"message_id": answered["id"], "client_message_ids": [NEW, str(uuid.uuid4())]}
                problems = [
                    await _problem(socket, "message.forward", forward | {"conversation_ids": [mine, id]})
                    for id in (place, str(uuid.uuid4()))
                ]
                assert problems[0] == problems[1]
                assert problems[0]["errors"][0]["pointer"] == "/conversation_ids/1"
            assert await history(ben, mine) == [*(await history(ben, mine))[:1], answered]


def _filled(template: Any, **ids: str) -> Any:
    if isinstance(template, str):
        return ids.get(template.strip("{}"), template) if template.startswith("{") else template
    if isinstance(template, list):
        return [_filled(each, **ids) for each in template]
    if isinstance(template, dict):
        return {name: _filled(value, **ids) for name, value in template.items()}
    return template


async def _refuses(socket: Realtime, frame: dict[str, Any], name: str) -> None:
    answer = await socket.ask(frame)
    assert answer["type"] == "error", frame
    problem = answer["problem"]
    assert (problem["status"], problem["code"]) == (422, "validation_failed"), (frame, problem)
    (pointer,) = [error["pointer"] for error in problem["errors"]]
    assert f"{pointer}/".startswith(f"/{name}/"), (frame, pointer)


async def _problem(socket: Realtime, type: str, fields: dict[str, Any]) -> dict[str, Any]:
    answer = await socket.ask({"type": type, **fields})
    assert answer["type"] == "error", answer
    problem: dict[str, Any] = answer["problem"]
    return problem
