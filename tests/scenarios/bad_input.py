"""Everything wrong that can be sent to the routes of people: the documented error, and nothing stored."""

import json
import unicodedata
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.scenarios.people import PASSWORD, Someone, log_in, somebody, verdict

NOT_TEXT: list[Any] = [7, 1.5, True, [], ["x"], {}, {"a": 1}]
NOT_A_BOOLEAN: list[Any] = [None, 0, 1, "true", "yes", [], {}]
CONTROLS = ["a\u0000b", "a\u0001b", "a\u001bb", "a\u007fb", "a\tb"]
BIDI = [f"a{chr(code)}b" for code in (0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069)]
NAME: list[Any] = [*NOT_TEXT, "", "   ", "x" * 65, *CONTROLS, "a\nb", *BIDI]
USERNAME: list[Any] = [
    *NOT_TEXT,
    "",
    "ab",
    "x" * 33,
    "1ab",
    "_ab",
    ".ab",
    "a b c",
    "a-b",
    "ab\u0000c",
    "абв",
    "a@b",
    *BIDI,
]
EMAIL: list[Any] = [
    *NOT_TEXT,
    *("", "x", "@", "a@", "@b.c", "a@b", "a@b@c.d", "a b@c.d", "a@b..c", "a@-b.c", "a@b.c\n", "a\u0000@b.c"),
    f"{'x' * 65}@b.example",
    f"a@{'b' * 250}.example",
    "a@b.c, d@e.f",
    "<a@b.c>",
]
PHONE: list[Any] = [
    *NOT_TEXT,
    *("", "+", "+123", "123456789", "+0123456789", "+1234567890123456", "+49 30 123456", "+49-30-123456"),
    *("+49301234５6", "+4930123456\n", "+4930123456x"),
]
PASSWORDS: list[Any] = [*NOT_TEXT, None, "", "short12", "x" * 129]
DEVICE: list[Any] = [*NOT_TEXT, None, "", "x" * 129, "a b", "ü", "a\u0000b", "a\nb"]
BIO: list[Any] = [*NOT_TEXT, "x" * 501, "a\u0000b", "a\u001bb", "a\tb", *BIDI]
PRIVACY: list[Any] = [*NOT_TEXT, None, "", "everyone", "FRIENDS", "EVERYONE "]
MASS = (
    "id",
    "is_verified",
    "is_active",
    "role",
    "password_hash",
    "created_at",
    "erased_at",
    "user_id",
    "is_admin",
)
MALFORMED = [
    b"{",
    b'{"display_name": "a"',
    b'{"display_name": "\\ud800"}',
    b'{"display_name": "a\xff"}',
    b"\xff\xfe{}",
    b'{"display_name": NaN}',
    b"{'display_name': 'a'}",
    b'{"x": ' + b"[" * 40 + b"]" * 40 + b"}",
    b'{"x": 123456789012345678901234567890}',
    b'{"x": 1e400}',
    b"[1, 2",
]
NO_OBJECTS = [b"[]", b"null", b"7", b'"text"', b"true"]


@dataclass(frozen=True)
class Form:
    """One route with a body that is accepted, and what is wrong for each of its fields."""

    method: str
    path: str
    body: dict[str, Any]
    wrong: dict[str, list[Any]]
    needed: tuple[str, ...] = ()
    public: bool = False
    accepted: tuple[int, ...] = field(default=(200, 201, 204))


FORMS = [
    Form(
        "POST",
        "/v1/auth/register",
        {"username": "unused_name", "password": PASSWORD, "display_name": "A", "device_id": "d"},
        {
            "username": USERNAME,
            "email": EMAIL,
            "phone_number": PHONE,
            "password": PASSWORDS,
            "display_name": [*NAME, None],
            "device_id": DEVICE,
            "device_type": [*NOT_TEXT, "", "x" * 33, "a b"],
        },
        ("password", "display_name", "device_id"),
        public=True,
    ),
    Form(
        "POST",
        "/v1/auth/login",
        {"identifier": "nobody_at_all", "password": PASSWORD, "device_id": "d"},
        {"identifier": [*NOT_TEXT, None], "password": [*NOT_TEXT, None], "device_id": DEVICE},
        ("identifier", "password", "device_id"),
        public=True,
        accepted=(401,),
    ),
    Form(
        "PUT",
        "/v1/auth/password",
        {"current_password": "wrong horse", "new_password": "battery staple"},
        {"current_password": [*NOT_TEXT, None], "new_password": PASSWORDS},
        ("current_password", "new_password"),
        accepted=(403,),
    ),
    Form(
        "PATCH",
        "/v1/users/me",
        {},
        {
            "username": USERNAME,
            "email": EMAIL,
            "phone_number": PHONE,
            "display_name": [*NAME, None],
            "bio": BIO,
            "current_password": NOT_TEXT,
            "if_match": ["*"],
        },
    ),
    Form(
        "PATCH",
        "/v1/users/me/settings",
        {},
        {
            **dict.fromkeys(
                (
                    "privacy_last_seen",
                    "privacy_profile_photo",
                    "privacy_about",
                    "privacy_groups",
                    "privacy_messages",
                ),
                PRIVACY,
            ),
            **dict.fromkeys(
                (
                    "read_receipts",
                    "notifications_enabled",
                    "notification_vibrate",
                    "enter_to_send",
                    "media_auto_download_wifi",
                    "media_auto_download_mobile",
                ),
                NOT_A_BOOLEAN,
            ),
            "notification_sound": [*NOT_TEXT, None, "", "x" * 65, *CONTROLS, *BIDI],
            "theme": [*NOT_TEXT, None, "dark", "BLUE"],
            "language": [*NOT_TEXT, None, "EN", "xx", "en-GB", "english"],
            "updated_at": ["2025-01-01T00:00:00.000Z"],
        },
    ),
    Form(
        "POST",
        "/v1/users/me/deactivate",
        {"password": "wrong horse"},
        {"password": [*NOT_TEXT, None]},
        ("password",),
        accepted=(403,),
    ),
    Form(
        "POST",
        "/v1/users/me/erase",
        {"password": "wrong horse", "redact_messages": False},
        {"password": [*NOT_TEXT, None], "redact_messages": NOT_A_BOOLEAN},
        ("password", "redact_messages"),
        accepted=(403,),
    ),
    Form("PUT", "/v1/contacts/{other}", {}, {"nickname": [each for each in NAME if each != "a\nb"]}),
]
QUERIES = {
    "/v1/users": [
        "",
        "query=a",
        f"query={'x' * 255}",
        "query=ab&query=cd",
        "query=ab&limit=0",
        "query=ab&limit=101",
    ],
    "/v1/users?query=ab&": [
        "limit=x",
        "limit=1e3",
        "limit=" + "9" * 30,
        "cursor=%00",
        "query2=x",
        "limit=-1",
        "limit=",
    ],
    "/v1/users?": ["ids=", "ids=x", "ids=,", "ids=" + ",".join(["0" * 8] * 3), "query=%ff%fe", "query=a%00b"],
    "/v1/contacts?": [
        "blocked=maybe",
        "blocked=",
        "blocked=true&blocked=true",
        "limit=0",
        "limit=x",
        "foo=1",
    ],
    "/v1/sessions?": ["limit=5", "user_id=x"],
    "/v1/users/me?": ["fields=id"],
    "/v1/users/me/settings?": ["x="],
    "/v1/presence?": ["", "user_ids=", "user_ids=x", "ids=x"],
}


class BadInput:
    """Supply ``client``."""

    @pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.method} {form.path}")
    async def test_a_wrong_field_is_named_and_nothing_is_stored(
        self, client: httpx.AsyncClient, form: Form
    ) -> None:
        ann = await somebody(client)
        other = await somebody(client)
        before = await _state(ann)
        for name, values in form.wrong.items():
            for value in values:
                response = await _send(ann, other, form, {**form.body, name: value})
                assert verdict(response) == (422, "validation_failed"), (name, value, response.text)
                pointers = [error["pointer"] for error in response.json()["errors"]]
                assert pointers == [f"/{name}"], (name, value, pointers)
        for name in form.needed:
            less = {key: value for key, value in form.body.items() if key != name}
            response = await _send(ann, other, form, less)
            assert verdict(response) == (422, "validation_failed"), (name, response.text)
            assert response.json()["errors"][0]["pointer"] == f"/{name}"
        for name in MASS:
            response = await _send(ann, other, form, {**form.body, name: True})
            assert verdict(response) == (422, "validation_failed"), name
            assert response.json()["errors"][0]["pointer"] == f"/{name}"
        assert await _state(ann) == before

    @pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.method} {form.path}")
    async def test_a_body_that_is_no_object_of_json_is_refused(
        self, client: httpx.AsyncClient, form: Form
    ) -> None:
        ann, other = await somebody(client), await somebody(client)
        before = await _state(ann)
        for body in MALFORMED:
            response = await _send_raw(ann, other, form, body)
            assert verdict(response) == (400, "malformed_json"), body
        for body in NO_OBJECTS:
            response = await _send_raw(ann, other, form, body)
            assert verdict(response) == (422, "validation_failed"), body
        for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
            response = await _send_raw(ann, other, form, b'{"x":1}', media)
            assert verdict(response) == (415, "unsupported_media_type"), media
        response = await _send_raw(ann, other, form, b'{"x":"' + b"x" * 262_144 + b'"}')
        assert verdict(response) == (413, "payload_too_large")
        with_query = form.path.format(other=other.id) + "?x=1"
        assert (await ann.ask(form.method, with_query, form.body)).status_code == 422
        assert await _state(ann) == before
        # And what is right is still accepted.
        assert (await _send(ann, other, form, form.body)).status_code in form.accepted

    @pytest.mark.parametrize("path", ["deactivate", "erase"])
    async def test_a_key_that_is_none_is_refused_before_anything_ends(
        self, client: httpx.AsyncClient, path: str
    ) -> None:
        ann = await somebody(client)
        body: dict[str, Any] = {"password": PASSWORD}
        if path == "erase":
            body["redact_messages"] = False
        for key in ("", "a b", "x" * 65):
            refused = await ann.refused("POST", f"/v1/users/me/{path}", body, idempotency_key=key)
            assert refused == (422, "validation_failed"), key
        assert await ann.get("/v1/users/me") == ann.me

    @pytest.mark.parametrize("path", QUERIES)
    async def test_a_wrong_query_is_refused(self, client: httpx.AsyncClient, path: str) -> None:
        ann = await somebody(client)
        for query in QUERIES[path]:
            address = path + query if path.endswith(("?", "&")) else f"{path}?{query}"
            status, code = await ann.refused("GET", address)
            wanted = (400, "invalid_cursor") if "cursor=" in query else (422, "validation_failed")
            if "%00" in query:
                wanted = (422, "validation_failed")
            assert (status, code) == wanted, address

    async def test_wildcards_mean_themselves(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        for query in ("%25%25", "__", "a%25", "%5C%5C", "' OR 1=1 --", "ab\u202e", "*a"):
            found = await ann.get(f"/v1/users?query={query}")
            assert found == {"items": [], "next_cursor": None}, query

    async def test_composed_and_decomposed_text_are_one_password_and_one_name(
        self, client: httpx.AsyncClient
    ) -> None:
        composed, mark = "pässwörter", uuid.uuid4().hex[:8]
        decomposed = unicodedata.normalize("NFD", composed)
        assert composed != decomposed
        body = {"password": decomposed, "display_name": "A", "device_id": "d"}
        mail = unicodedata.normalize("NFD", f"ö{mark}@example.org")
        response = await client.post("/v1/auth/register", json={**body, "email": mail})
        assert response.status_code == 201
        assert response.json()["user"]["email"] == f"ö{mark}@example.org"
        for given in (composed, decomposed):
            assert (await log_in(client, f"Ö{mark}@example.org", given)).id == response.json()["user"]["id"]

    async def test_a_password_is_taken_as_it_is(self, client: httpx.AsyncClient) -> None:
        for password in ("  spaced  ", "\u0000" * 8, "🔑" * 8, "x" * 128):
            name = f"u{uuid.uuid4().hex[:12]}"
            body = {"username": name, "password": password, "display_name": "A", "device_id": "d"}
            assert (await client.post("/v1/auth/register", json=body)).status_code == 201
            await log_in(client, name, password)
            wrong = await client.post(
                "/v1/auth/login",
                json={"identifier": name, "password": password.strip() + "x", "device_id": "d"},
            )
            assert verdict(wrong) == (401, "invalid_credentials")


async def _state(ann: Someone) -> list[Any]:
    """Everything of Ann's that a request could have changed."""
    paths = (
        "/v1/users/me",
        "/v1/users/me/settings",
        "/v1/contacts",
        "/v1/contacts?blocked=true",
        "/v1/sessions",
    )
    return [await ann.get(path) for path in paths]


async def _send(ann: Someone, other: Someone, form: Form, body: Any) -> httpx.Response:
    return await _send_raw(ann, other, form, json.dumps(body).encode())


async def _send_raw(
    ann: Someone, other: Someone, form: Form, body: bytes, media: str = "application/json"
) -> httpx.Response:
    headers = {"content-type": media} if media else {}
    if not form.public:
        headers["authorization"] = f"Bearer {ann.token}"
    path = form.path.format(other=other.id)
    return await ann.client.request(form.method, path, content=body, headers=headers)
