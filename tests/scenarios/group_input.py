"""Everything wrong that can be sent to the routes of groups: the documented error, and nothing stored."""

import json
from typing import Any

import httpx
import pytest

from entrypoints.container import Container
from tests.scenarios.bad_input import BIDI, CONTROLS, MALFORMED, NO_OBJECTS, NOT_TEXT, Form
from tests.scenarios.group_stage import path_of, told
from tests.scenarios.people import Someone, somebody, verdict

NOBODY = "0198c0de-0000-7000-8000-000000000000"
ONE_ID: list[Any] = [*NOT_TEXT, "", "x", NOBODY[:-1], NOBODY + "0", f" {NOBODY}", f"{{{NOBODY}}}"]
IDS: list[Any] = [
    *(None, 7, True, NOBODY, {}, {"0": NOBODY}, []),
    *([each] for each in (*ONE_ID, None)),
    [NOBODY, "x"],
    [NOBODY] * 257,
]
SUBJECT: list[Any] = [*NOT_TEXT, None, "", "   ", "x" * 129, *CONTROLS, "a\nb", *BIDI]
DESCRIPTION: list[Any] = [*NOT_TEXT, "x" * 1025, *CONTROLS, *BIDI]
EXPIRY: list[Any] = ["", "60", 29, 0, -1, 7_776_001, 2**62, 60.5, True, [], {}]
POLICY: list[Any] = [*NOT_TEXT, None, "", "all", "ADMIN", "NOBODY"]
ROLE: list[Any] = [*NOT_TEXT, None, "", "admin", "OWNER", "ADMIN "]
TIME: list[Any] = [
    *NOT_TEXT,
    *("", "soon", "2126-01-01", "2126-01-01T00:00:00", "2126-13-01T00:00:00Z", "2126-01-01T25:00:00Z"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "10000-01-01T00:00:00Z", "4294967296"),
]
MASS = ("id", "type", "created_by", "avatar_url", "avatar_attachment_id", "closed_at", "revision", "is_admin")

FORMS = [
    Form("POST", "members", {"user_ids": [NOBODY]}, {"user_ids": IDS, "role": ["ADMIN"]}, ("user_ids",)),
    Form(
        "PATCH",
        "members/{member}",
        {},
        {"role": ROLE, "silenced_until": TIME, "user_id": [NOBODY], "joined_at": [None]},
    ),
    Form("POST", "leave", {"successor_id": NOBODY}, {"successor_id": ONE_ID}, accepted=(404,)),
    Form(
        "POST", "transfer", {"user_id": NOBODY}, {"user_id": [*ONE_ID, None]}, ("user_id",), accepted=(404,)
    ),
    Form(
        "PATCH",
        "",
        {},
        {
            "subject": SUBJECT,
            "description": DESCRIPTION,
            "expiry_seconds": EXPIRY,
            "post_policy": POLICY,
            "if_match": ["*"],
            "conversation_id": [NOBODY],
        },
    ),
]
EMPTY = ("members/{member}", "")
"""What is deleted takes no fields."""


class GroupInput:
    """Supply ``client`` and ``container``."""

    @pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.method} {form.path}")
    async def test_a_wrong_field_is_named_and_nothing_is_stored(
        self, client: httpx.AsyncClient, container: Container, form: Form
    ) -> None:
        ann, place, path = await _set_up(client, form)
        before = await told(container, place)
        for name, values in [*form.wrong.items(), *((name, [True]) for name in MASS)]:
            for value in values:
                response = await ann.ask(form.method, path, {**form.body, name: value})
                assert verdict(response) == (422, "validation_failed"), (name, value, response.text)
                (pointer,) = [error["pointer"] for error in response.json()["errors"]]
                assert f"{pointer}/".startswith(f"/{name}/"), (name, value, pointer)
        for name in form.needed:
            less = {key: value for key, value in form.body.items() if key != name}
            response = await ann.ask(form.method, path, less)
            assert verdict(response) == (422, "validation_failed"), name
        assert await told(container, place) == before
        assert (await ann.ask(form.method, path, form.body)).status_code in form.accepted

    @pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.method} {form.path}")
    async def test_a_body_that_is_no_object_of_json_is_refused(
        self, client: httpx.AsyncClient, container: Container, form: Form
    ) -> None:
        ann, place, path = await _set_up(client, form)
        before = await told(container, place)

        async def send(body: bytes, media: str = "application/json", **headers: str) -> tuple[int, str]:
            given = {"authorization": f"Bearer {ann.token}", "content-type": media, **headers}
            return verdict(await client.request(form.method, path, content=body, headers=given))

        for body in MALFORMED:
            assert await send(body) == (400, "malformed_json"), body
        for body in NO_OBJECTS:
            assert await send(body) == (422, "validation_failed"), body
        for media in ("text/plain", "multipart/form-data"):
            assert await send(b'{"x":1}', media) == (415, "unsupported_media_type")
        assert await send(b'{"x":"' + b"x" * 262_144 + b'"}') == (413, "payload_too_large")
        with_query = await ann.refused(form.method, path + "?x=1", form.body)
        assert with_query == (422, "validation_failed")
        if form.method == "POST":
            body = json.dumps(form.body).encode()
            for key in ("x" * 65, "a b", ""):
                assert await send(body, **{"idempotency-key": key}) == (422, "validation_failed"), key
        assert await told(container, place) == before

    @pytest.mark.parametrize("path", EMPTY)
    async def test_what_is_deleted_takes_no_fields(
        self, client: httpx.AsyncClient, container: Container, path: str
    ) -> None:
        ann, place, path = await _set_up(client, Form("DELETE", path, {}, {}))
        before = await told(container, place)
        for body in ({"reason": "x"}, {"user_id": NOBODY}):
            assert await ann.refused("DELETE", path, body) == (422, "validation_failed")
        assert await ann.refused("DELETE", path + "?for=me") == (422, "validation_failed")
        assert await told(container, place) == before
        await ann.done("DELETE", path, {})

    async def test_what_is_on_the_edge_is_accepted(self, client: httpx.AsyncClient) -> None:
        ann, place, path = await _set_up(client, FORMS[-1])
        for name, values in {
            "subject": ["x", "x" * 128, "🔑" * 128, "<b>", "a\u200db"],
            "description": ["x" * 1024, "a\nb", "", None],
            "expiry_seconds": [30, 7_776_000, None],
            "post_policy": ["ADMINS", "ALL"],
        }.items():
            for value in values:
                stored = (await ann.done("PATCH", path, {name: value}))[name]
                assert stored == (value or None), (name, value)
        ids = [NOBODY] * 256
        answer = await ann.done("POST", path_of(place, "members"), {"user_ids": ids})
        assert answer == {"added": [], "not_added": [NOBODY]}


async def _set_up(client: httpx.AsyncClient, form: Form) -> tuple[Someone, str, str]:
    """An owner, a group of theirs, and the address of the form in it."""
    ann, ben = await somebody(client), await somebody(client)
    place = await ann.group(ben)
    below = form.path.format(member=ben.id)
    return ann, place, path_of(place, below) if below else path_of(place)
