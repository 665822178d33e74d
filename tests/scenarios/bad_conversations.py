"""Everything wrong that can be asked of conversations: opening them, listing them, and paging through what is in them."""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.scenarios.bad_input import BIDI, CONTROLS, MALFORMED, NO_OBJECTS, NOT_TEXT
from tests.scenarios.messages import say
from tests.scenarios.people import Someone, problem, somebody, verdict

ID = "0190a8b0-0000-7000-8000-000000000000"
NOT_AN_ID: list[Any] = [*NOT_TEXT, None, "", "x", ID[:-1], ID + "0", "{" + ID + "}", f" {ID}", "a\u0000b"]
WRONG: dict[str, dict[str, list[Any]]] = {
    "direct": {"user_id": NOT_AN_ID, "subject": ["x"]},
    "groups": {
        "subject": [*NOT_TEXT, None, "", "   ", "x" * 129, *CONTROLS, "a\nb", *BIDI],
        "description": [*NOT_TEXT, "x" * 1025, *CONTROLS, *BIDI],
        "member_ids": [None, 7, "x", ID, {}, [ID] * 257],
        "expiry_seconds": ["60", 29, 0, -1, 7_776_001, 2**62, 60.5, True, [], {}],
        "post_policy": [*NOT_TEXT, None, "", "all", "NOBODY"],
        "role": ["OWNER"],
        "created_by": [ID],
        "type": ["DM"],
        "id": [ID],
    },
}
FINE: dict[str, dict[str, Any]] = {"direct": {"user_id": ID}, "groups": {"subject": "x", "member_ids": []}}
NEEDED = {"direct": ("user_id",), "groups": ("subject", "member_ids")}
# What no client means by a number, although some readers of texts would take it.
NUMBERS = ["", "x", "1.0", "1e1", "+1", "%201", "1%20", "0x1", "1_0", "%EF%BC%91", "true", "NaN", "9" * 5000]
LIMITS = [*NUMBERS, "0", "-1", "101", str(2**63)]
PLACES = [*NUMBERS, "-1", str(2**63), str(2**64)]
PAGES: dict[str, dict[str, list[str]]] = {
    "/v1/conversations": {"limit": LIMITS, "archived": ["", "x", "2"], "left": ["maybe"], "before": ["1"]},
    "/v1/conversations/unread": {"archived": ["true"]},
    "/v1/conversations/{place}": {"limit": ["1"]},
    "/v1/conversations/{place}/members": {"limit": LIMITS, "role": ["OWNER"], "user_id": [ID]},
    "/v1/conversations/{place}/messages": {
        "limit": LIMITS,
        "before": PLACES,
        "after": PLACES,
        "around": PLACES,
        "cursor": ["x"],
    },
    "/v1/conversations/{place}/changes": {
        "limit": LIMITS,
        "since_revision": PLACES,
        "since_me": PLACES,
        "user_id": [ID],
    },
    "/v1/messages/{message}": {"limit": ["1"]},
    "/v1/messages/{message}/reactions": {
        "limit": LIMITS,
        "code": ["", "ab", ":a", "👍👍", "a👍", "👍a", "%00", ":A:", ":" + "a" * 31 + ":"],
    },
    "/v1/messages/{message}/receipts": {"limit": LIMITS, "status": ["", "read", "SEEN"]},
}


class BadConversations:
    """Supply ``client``."""

    @pytest.mark.parametrize("kind", WRONG)
    async def test_a_wrong_field_of_what_is_opened_is_named_and_nothing_is_opened(
        self, client: httpx.AsyncClient, kind: str
    ) -> None:
        ann, path = await somebody(client), f"/v1/conversations/{kind}"
        for name, values in WRONG[kind].items():
            for value in values:
                response = await ann.ask("POST", path, FINE[kind] | {name: value})
                assert verdict(response) == (422, "validation_failed"), (name, value, response.text)
                assert _pointers(response) == [f"/{name}"], (name, value)
        for name in NEEDED[kind]:
            less = {key: value for key, value in FINE[kind].items() if key != name}
            response = await ann.ask("POST", path, less)
            assert (verdict(response), _pointers(response)) == ((422, "validation_failed"), [f"/{name}"])
        if kind == "groups":
            for place, value in enumerate(NOT_AN_ID):
                ids = [*[ID] * place, value]
                response = await ann.ask("POST", path, {"subject": "x", "member_ids": ids})
                assert (response.status_code, _pointers(response)) == (422, [f"/member_ids/{place}"]), value
        for content in (*MALFORMED, *NO_OBJECTS):
            headers = {"authorization": f"Bearer {ann.token}", "content-type": "application/json"}
            response = await client.post(path, content=content, headers=headers)
            assert response.status_code == (422 if content in NO_OBJECTS else 400), content
        for key in ("", "a b", "x" * 65, "\x7f"):
            refused = await ann.refused("POST", path, FINE[kind], idempotency_key=key)
            assert refused == (422, "validation_failed"), key
        assert (await ann.get("/v1/conversations"))["items"] == []

    async def test_a_field_is_named_whatever_it_is_called(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        place = await ann.group()
        path = f"/v1/conversations/{place}"
        for name, pointer in (
            ("a/b", "/a~1b"),
            ("a~b", "/a~0b"),
            ("a.b", "/a.b"),
            ("a`b", "/a`b"),
            ("", "/"),
            ("x` - at `$.subject", "/x` - at `$.subject"),
            ("a\u0000b", "/a\u0000b"),
        ):
            for method, where in (("PATCH", path), ("POST", f"{path}/clear"), ("POST", f"{path}/read")):
                response = await ann.ask(method, where, {name: 1})
                assert response.status_code == 422, name
                assert _pointers(response) == [pointer], (where, name)

    @pytest.mark.parametrize("path", PAGES)
    async def test_a_wrong_parameter_is_named(self, client: httpx.AsyncClient, path: str) -> None:
        ann = await somebody(client)
        address = await _address(ann, path)
        for name, values in PAGES[path].items():
            for value in values:
                response = await ann.ask("GET", f"{address}?{name}={value}")
                # Longer than any address may be.
                if response.status_code == 414:
                    continue
                assert verdict(response) == (422, "validation_failed"), (name, value, response.text)
                assert _pointers(response) == [f"/{name}"], (name, value)
            twice = await ann.ask("GET", f"{address}?{name}=1&{name}=1")
            assert verdict(twice) == (422, "validation_failed")
        assert await ann.refused("GET", f"{address}?a%FFb=1") == (422, "validation_failed")

    async def test_the_ends_of_the_numbers_are_empty_pages(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        place = await ann.direct(ann)
        said = await say(ann, place)
        path = f"/v1/conversations/{place}"
        last = 2**63 - 1
        for query, items in (
            ("before=0", []),
            (f"before={last}", [said]),
            ("after=0", [said]),
            (f"after={last}", []),
            ("around=0", [said]),
            (f"around={last}", [said]),
        ):
            assert (await ann.get(f"{path}/messages?{query}"))["items"] == items, query
        found = await ann.get(f"{path}/changes?since_revision={last}&since_me={last}")
        assert (found["messages"], found["has_more"]) == ([], False)
        for given in (("before", "after"), ("after", "around"), ("before", "around")):
            response = await ann.ask("GET", f"{path}/messages?{given[0]}=1&{given[1]}=1")
            assert (response.status_code, _pointers(response)) == (422, [f"/{given[1]}"])

    async def test_a_cursor_is_good_for_whom_and_where_it_was_given_and_as_it_was(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben, cem = [await somebody(client) for _ in range(3)]
        place, other = await ann.group(ben, cem), await ann.group(ben, cem)
        await ben.group()
        said, else_said = await say(ann, place), await say(ann, place)
        for who in (ann, ben, cem):
            for message in (said, else_said):
                for code in (":a:", ":b:"):
                    await who.done("PUT", f"/v1/messages/{message['id']}/reactions/{code}")
        lists = [
            "/v1/conversations?limit=1",
            f"/v1/conversations/{place}/members?limit=1",
            f"/v1/conversations/{other}/members?limit=1",
            f"/v1/messages/{said['id']}/reactions?limit=1",
            f"/v1/messages/{said['id']}/reactions?limit=1&code=:a:",
            f"/v1/messages/{else_said['id']}/reactions?limit=1",
            f"/v1/messages/{said['id']}/receipts?limit=1",
            f"/v1/messages/{else_said['id']}/receipts?limit=1",
        ]
        cursors = {path: (await ann.get(path))["next_cursor"] for path in lists}
        theirs = {path: (await ben.get(path))["next_cursor"] for path in lists}
        for path, cursor in cursors.items():
            assert cursor is not None, path
            await ann.get(f"{path}&cursor={cursor}")
            wrong = [given for where, given in cursors.items() if where != path]
            for bad in (*wrong, theirs[path], *_forged(cursor)):
                refused = await ann.refused("GET", f"{path}&cursor={bad}")
                assert refused == (400, "invalid_cursor"), (path, bad)

    async def test_what_is_no_id_in_a_path_is_unknown(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        place = await ann.group()
        message = await say(ann, place)
        for path in (*PAGES, "/v1/conversations/{place}/members/{person}"):
            method = "DELETE" if "{person}" in path else "GET"
            for name, good in (("place", place), ("message", message["id"]), ("person", ann.id)):
                if f"{{{name}}}" not in path:
                    continue
                fine = {"place": place, "message": message["id"], "person": ann.id}
                unknown = await ann.ask(method, path.format(**fine | {name: str(uuid.uuid4())}))
                assert unknown.status_code == 404
                for bad in ("x", good[:-1], good.replace("-", ""), f"%7B{good}%7D", "%00", "%FF", "unknown"):
                    response = await ann.ask(method, path.format(**fine | {name: bad}))
                    assert problem(response) == problem(unknown), (path, bad)


def _forged(cursor: str) -> Iterator[str]:
    yield from ("", "x", "A" * 64, cursor[:-4], cursor + "AAAA", "=" + cursor, cursor + "%F0%9F%92%A9")
    for at in (0, 12, len(cursor) // 2):
        yield cursor[:at] + ("B" if cursor[at] == "A" else "A") + cursor[at + 1 :]


def _pointers(response: httpx.Response) -> list[str]:
    return [error["pointer"] for error in response.json()["errors"]]


async def _address(ann: Someone, path: str) -> str:
    place = await ann.group()
    return path.format(place=place, message=(await say(ann, place))["id"])
