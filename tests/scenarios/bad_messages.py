"""Everything wrong that can be sent to the routes of messages: the documented error, and nothing stored."""

import json
import uuid
from typing import Any

import httpx
import pytest

from tests.scenarios.bad_input import MALFORMED, MASS, NO_OBJECTS, NOT_TEXT
from tests.scenarios.messages import CARD, PLACE, counters, history, say
from tests.scenarios.people import Someone, somebody, verdict
from tests.support.backstage import Backstage, upload

ID = "0190a8b0-0000-7000-8000-000000000000"
NOT_AN_ID: list[Any] = [*NOT_TEXT, "", "x", ID[:-1], ID + "0", "{" + ID + "}", "a\u0000b"]
CONTENT: list[Any] = [*NOT_TEXT, "", " \n\t ", "\u200b\u200d\ufeff", "\u202e", "a\u0000b", "x" * 4097]
NOT_AN_OBJECT: list[Any] = [7, True, "x", [], ["x"]]
NOT_A_NUMBER: list[Any] = ["1", True, [], {}, None]
SEND: dict[str, Any] = {"client_message_id": ID, "content": "words"}
WRONG_METADATA: list[tuple[str, dict[str, Any], str]] = [
    *[("LOCATION", PLACE | {"latitude": value}, "/metadata/latitude") for value in NOT_A_NUMBER],
    *[("LOCATION", PLACE | {"latitude": value}, "/metadata/latitude") for value in (90.1, -91, 2**63)],
    *[("LOCATION", PLACE | {"longitude": value}, "/metadata/longitude") for value in (180.5, -181, "0")],
    *[("LOCATION", PLACE | {"label": value}, "/metadata/label") for value in (7, "", "x" * 257, "a\u0000b")],
    *[("LOCATION", PLACE | {name: 1}, f"/metadata/{name}") for name in ("event", "forward_depth", "x")],
    ("LOCATION", PLACE | {"a/b~c": 1}, "/metadata/a~1b~0c"),
    ("LOCATION", {"latitude": 1}, "/metadata/longitude"),
    ("LOCATION", {}, "/metadata/latitude"),
    ("LOCATION", PLACE | {"label": "x" * 4096}, "/metadata"),
    ("LOCATION", PLACE | {"x" * 4096: 1}, "/metadata"),
    *[("CONTACT", {"user_id": value}, "/metadata/user_id") for value in (7, "x", "", "{" + ID + "}", [])],
    ("CONTACT", {"user_id": None}, "/metadata/user_id"),
    ("CONTACT", {"user_id": ID, "display_name": "x"}, "/metadata/display_name"),
    ("CONTACT", {"user_id": ID, "forward_depth": 1}, "/metadata/forward_depth"),
    ("CONTACT", {"display_name": "x"}, "/metadata/phone_number"),
    *[
        ("CONTACT", CARD | {"phone_number": value}, "/metadata/phone_number")
        for value in (7, "", "030", None)
    ],
    *[
        ("CONTACT", CARD | {"display_name": value}, "/metadata/display_name")
        for value in (7, "", " ", "x" * 65)
    ],
    ("CONTACT", CARD | {"event": "group_created"}, "/metadata/event"),
]


class BadMessages:
    """Supply ``client`` and ``backstage``."""

    async def _scene(self, client: httpx.AsyncClient) -> tuple[Someone, str, dict[str, Any]]:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.direct(ben)
        return ann, place, await say(ann, place)

    async def _refuses(self, who: Someone, method: str, path: str, given: Any, pointer: str | None) -> None:
        response = await who.ask(method, path, given)
        assert verdict(response) == (422, "validation_failed"), (path, given, response.text)
        if pointer is not None:
            pointers = [error["pointer"] for error in response.json()["errors"]]
            assert pointers == [pointer], (given, pointers)

    async def test_a_wrong_field_of_what_is_sent_is_named_and_nothing_is_stored(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, place, _ = await self._scene(client)
        path = f"/v1/conversations/{place}/messages"
        before = await counters(ann, place), await history(ann, place)
        wrong: dict[str, list[Any]] = {
            "client_message_id": [*NOT_AN_ID, None],
            "type": [*NOT_TEXT, None, "", "text", "TEXT ", "POLL", "SYSTEM"],
            "content": [*CONTENT, None],
            "metadata": [*NOT_AN_OBJECT, {}, PLACE, {"event": "x"}, {"forward_depth": 1}],
            "reply_to_msg_id": NOT_AN_ID,
            "attachment_ids": [7, True, "x", {}, [ID], [str(uuid.uuid4())] * 11],
        }
        for name, values in wrong.items():
            for value in values:
                await self._refuses(ann, "POST", path, SEND | {name: value}, f"/{name}")
        await self._refuses(ann, "POST", path, {"content": "words"}, "/client_message_id")
        for value in ([7], ["x"], [None]):
            await self._refuses(ann, "POST", path, SEND | {"attachment_ids": value}, "/attachment_ids/0")
        mine = ("seq_id", "revision", "sender_id", "conversation_id", "is_forwarded", "forwarded_from_msg_id")
        for name in (
            *MASS,
            *mine,
            "expires_at",
            "reactions",
            "attachments",
            "reply_to",
            "body_hash",
            "message_id",
        ):
            await self._refuses(ann, "POST", path, SEND | {name: ID}, f"/{name}")
        assert (await counters(ann, place), await history(ann, place)) == before

    @pytest.mark.parametrize("type", ["IMAGE", "VIDEO", "AUDIO", "FILE", "GIF", "STICKER"])
    async def test_what_carries_files_needs_them(
        self, client: httpx.AsyncClient, backstage: Backstage, type: str
    ) -> None:
        ann, place, _ = await self._scene(client)
        path = f"/v1/conversations/{place}/messages"
        file = await upload(backstage, ann.id)
        given = {"client_message_id": ID, "type": type, "attachment_ids": [file]}
        for ids in (None, [], [file, file], [file] * 11):
            await self._refuses(ann, "POST", path, given | {"attachment_ids": ids}, "/attachment_ids")
        await self._refuses(ann, "POST", path, given | {"metadata": PLACE}, "/metadata")
        for content in ("", " ", "\u200b", "x" * 4097):
            await self._refuses(ann, "POST", path, given | {"content": content}, "/content")
        assert await counters(ann, place) == (1, 1)

    async def test_wrong_metadata_is_named_to_the_key(self, client: httpx.AsyncClient) -> None:
        ann, place, _ = await self._scene(client)
        path = f"/v1/conversations/{place}/messages"
        for type, metadata, pointer in WRONG_METADATA:
            given = {"client_message_id": ID, "type": type, "metadata": metadata}
            await self._refuses(ann, "POST", path, given, pointer)
        for type in ("LOCATION", "CONTACT"):
            given = {"client_message_id": ID, "type": type}
            await self._refuses(ann, "POST", path, given, "/metadata")
            full = given | {"metadata": PLACE if type == "LOCATION" else CARD}
            await self._refuses(ann, "POST", path, full | {"content": "x"}, "/content")
            await self._refuses(ann, "POST", path, full | {"attachment_ids": [ID]}, "/attachment_ids")
        assert await counters(ann, place) == (1, 1)

    async def test_a_wrong_edit_or_forward_is_named_and_nothing_is_stored(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, place, message = await self._scene(client)
        path = f"/v1/messages/{message['id']}"
        for value in (*CONTENT, None):
            await self._refuses(ann, "PATCH", path, {"content": value}, "/content")
        for value in (-1, 2**63, "1", 1.5, True, [], {}):
            given = {"content": "x", "expected_revision": value}
            await self._refuses(ann, "PATCH", path, given, "/expected_revision")
        await self._refuses(ann, "PATCH", path, {}, "/content")
        for name in (*MASS, "type", "metadata", "attachment_ids", "message_id", "edited_at"):
            await self._refuses(ann, "PATCH", path, {"content": "x", name: 1}, f"/{name}")
        fine = {"conversation_ids": [place], "client_message_ids": [ID]}
        for name in fine:
            for value in (7, "x", None, {}, []):
                await self._refuses(ann, "POST", f"{path}/forward", fine | {name: value}, f"/{name}")
            for value in ([7], ["x"], [None]):
                await self._refuses(ann, "POST", f"{path}/forward", fine | {name: value}, f"/{name}/0")
            less = {key: value for key, value in fine.items() if key != name}
            await self._refuses(ann, "POST", f"{path}/forward", less, f"/{name}")
        for places, names, pointer in (
            ([place], [ID, str(uuid.uuid4())], "/client_message_ids"),
            ([place, place], [ID, str(uuid.uuid4())], "/conversation_ids"),
            ([place, str(uuid.uuid4())], [ID, ID], "/client_message_ids"),
            (
                [str(uuid.uuid4()) for _ in range(11)],
                [str(uuid.uuid4()) for _ in range(11)],
                "/conversation_ids",
            ),
        ):
            given = {"conversation_ids": places, "client_message_ids": names}
            await self._refuses(ann, "POST", f"{path}/forward", given, pointer)
        for name in (*MASS, "said", "message_id"):
            await self._refuses(ann, "POST", f"{path}/forward", fine | {name: None}, f"/{name}")
        assert await history(ann, place) == [message]

    async def test_a_body_that_is_no_object_of_json_is_refused_and_keys_and_queries_are_checked(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, place, message = await self._scene(client)
        path = f"/v1/messages/{message['id']}"
        headers = {"authorization": f"Bearer {ann.token}"}
        for method, where in (
            ("POST", f"/v1/conversations/{place}/messages"),
            ("PATCH", path),
            ("POST", f"{path}/forward"),
        ):
            for content in (*MALFORMED, *NO_OBJECTS):
                response = await client.request(
                    method, where, content=content, headers=headers | {"content-type": "application/json"}
                )
                assert response.status_code == (422 if content in NO_OBJECTS else 400), content
            response = await client.request(
                method, where, content=json.dumps(SEND), headers=headers | {"content-type": "text/plain"}
            )
            assert verdict(response) == (415, "unsupported_media_type")
            assert await ann.refused(method, f"{where}?x=1", SEND) == (422, "validation_failed")
        for method, where in (("PUT", "/reactions/:a:"), ("DELETE", "/reactions/:a:")):
            for given in ({"x": 1}, {"reaction_code": ":b:"}):
                await self._refuses(ann, method, path + where, given, None)
            assert await ann.refused(method, f"{path}{where}?x=1") == (422, "validation_failed")
        for key in ("", "x" * 65, "a b", "\u00fc"):
            for where, given in ((f"{path}/forward", {}), (f"/v1/conversations/{place}/messages", SEND)):
                raw = [
                    (b"authorization", headers["authorization"].encode()),
                    (b"idempotency-key", key.encode()),
                ]
                response = await client.post(where, json=given, headers=raw)
                assert verdict(response) == (422, "validation_failed"), key
        assert await ann.refused("GET", f"{path}?x=1") == (422, "validation_failed")
        for method in ("PUT", "POST"):
            assert await ann.refused(method, path, {}) == (405, "method_not_allowed")
        assert await history(ann, place) == [message]
