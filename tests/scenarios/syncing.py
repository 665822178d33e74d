"""Catching up: a client that was away has, after asking by numbers, what one that asks for everything has."""

import uuid
from typing import Any

import httpx

from tests.scenarios.people import Someone, somebody


async def changes(someone: Someone, place: str, revision: int = 0, me: int = 0, limit: int = 50) -> Any:
    query = f"since_revision={revision}&since_me={me}&limit={limit}"
    return await someone.get(f"/v1/conversations/{place}/changes?{query}")


async def sync(someone: Someone, known: dict[str, list[int]], cursor: str | None = None) -> Any:
    body: dict[str, Any] = {"revisions": known}
    return await someone.done("POST", "/v1/sync", body if cursor is None else body | {"cursor": cursor})


class Changes:
    """Supply ``client``."""

    async def test_each_message_that_changed_comes_once_by_revision(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.group(ben)
        sent = [(await ann.send(place, f"{n}")).json() for n in range(5)]
        first = await changes(ben, place, revision=1, limit=2)
        assert first["messages"] == sent[:2]
        assert (first["revision"], first["has_more"]) == (3, True)
        second = await changes(ben, place, revision=3, limit=3)
        assert (second["messages"], second["revision"], second["has_more"]) == (sent[2:], 6, False)
        assert (second["conversation"], second["me"], second["members_changed"]) == (None, None, False)
        nothing = await changes(ben, place, revision=6)
        assert (nothing["messages"], nothing["revision"], nothing["has_more"]) == ([], 6, False)

    async def test_who_knows_nothing_gets_everything(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.group(ben)
        await ben.send(place)
        found = await changes(ann, place)
        assert found["messages"] == (await ann.get(f"/v1/conversations/{place}/messages"))["items"]
        assert found["conversation"] == await ann.get(f"/v1/conversations/{place}")
        assert found["members_changed"] is True
        assert (found["revision"], found["my_revision"], found["me"]) == (2, 0, None)

    async def test_my_own_changes_come_with_my_revision(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.group(ben)
        await ben.send(place)
        await ann.done("PATCH", f"/v1/conversations/{place}/me", {"pinned": True})
        await ann.done("POST", f"/v1/conversations/{place}/read", {"up_to_sequence": 2})
        found = await changes(ann, place, revision=2)
        assert found["me"] == (await ann.get(f"/v1/conversations/{place}"))["me"]
        assert (found["my_revision"], found["me"]["my_revision"]) == (2, 2)
        assert (await changes(ann, place, revision=2, me=2))["me"] is None
        # Where the numbers went backwards, as after a restored database, everything is said again.
        assert (await changes(ann, place, revision=2, me=9))["me"] == found["me"]
        assert (await changes(ann, place, revision=99))["revision"] == 2

    async def test_what_i_cannot_see_is_left_out(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.group(ben)
        await ben.send(place)
        await ann.done("POST", f"/v1/conversations/{place}/clear")
        await ben.send(place, "after")
        found = await changes(ann, place)
        assert [message["content"] for message in found["messages"]] == ["after"]

    async def test_edits_tombstones_and_what_i_hid_come_too(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.group(ben)
        kept, edited, deleted, hidden = [(await ann.send(place, f"{n}")).json()["id"] for n in range(4)]
        await ben.done("PUT", f"/v1/messages/{kept}/reactions/:ok:")
        await ann.done("PATCH", f"/v1/messages/{edited}", {"content": "other words"})
        await ann.done("DELETE", f"/v1/messages/{deleted}?for=everyone")
        await ben.done("DELETE", f"/v1/messages/{hidden}?for=me")
        found = await changes(ben, place, revision=5)
        assert found["messages"] == [await ben.get(f"/v1/messages/{id}") for id in (kept, edited, deleted)]
        assert found["messages"][0]["reactions"] == [{"reaction_code": ":ok:", "count": 1, "mine": True}]
        assert (found["messages"][2]["content"], found["hidden"]) == (None, [hidden])
        assert (found["revision"], found["my_revision"]) == (8, 1)

    async def test_members_and_info_are_said_to_have_changed_in_their_page(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben, cem = [await somebody(client) for _ in range(3)]
        place = await ann.group(ben)
        await ann.done("POST", f"/v1/conversations/{place}/members", {"user_ids": [cem.id]})
        await ann.done("PATCH", f"/v1/conversations/{place}", {"subject": "Another"})
        await ann.send(place)

        async def said(revision: int, limit: int = 50) -> tuple[bool, str | None]:
            found = await changes(ben, place, revision, limit=limit)
            return found["members_changed"], found["conversation"] and found["conversation"]["subject"]

        assert await said(1) == (True, "Another")
        assert await said(2) == (True, "Another")
        assert await said(3) == (False, "Another")
        assert await said(5) == (False, None)
        assert await said(1, limit=1) == (False, None)

    async def test_who_left_gets_what_was_said_before_in_its_present_state(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.group(ben)
        before = (await ann.send(place, "before")).json()["id"]
        await ben.done("POST", f"/v1/conversations/{place}/leave")
        await ann.send(place, "after")
        await ann.done("PATCH", f"/v1/conversations/{place}", {"subject": "Another"})
        found = await changes(ben, place, revision=1)
        assert [message["content"] for message in found["messages"]] == ["before", None]
        assert (found["revision"], found["has_more"], found["conversation"]) == (4, False, None)
        await ann.done("PATCH", f"/v1/messages/{before}", {"content": "edited"})
        found = await changes(ben, place, revision=4)
        assert [message["content"] for message in found["messages"]] == ["edited"]
        assert not found["members_changed"]
        assert (await changes(ben, place))["conversation"]["subject"] == "A group"

    async def test_a_wrong_parameter_is_named(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        place = await ann.group()
        for query in (
            *("since_revision=-1", "since_revision=x", "since_revision=", f"since_revision={2**63}"),
            *("since_me=-1", "since_me=1.5", "limit=0", "limit=101", "since=3", "limit=5&limit=5"),
        ):
            response = await ann.ask("GET", f"/v1/conversations/{place}/changes?{query}")
            assert response.status_code == 422, query
            assert response.json()["errors"][0]["pointer"] == f"/{query.partition('=')[0]}"


class Sync:
    """Supply ``client``."""

    async def test_without_a_cursor_everything_is_new(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        places = [await ann.group(ben), await ann.direct(ben), await ben.group(ann)]
        await ann.done("PATCH", f"/v1/conversations/{places[0]}/me", {"archived": True})
        found = await sync(ann, {})
        assert [entry["conversation"]["id"] for entry in found["joined"]] == places
        assert found["joined"][2] == (await ann.get("/v1/conversations"))["items"][0]
        assert (found["changed"], found["left"], found["has_more"]) == ([], [], False)
        # A direct conversation nobody has written in is its opener's alone.
        theirs = [entry["conversation"]["id"] for entry in (await sync(ben, {}))["joined"]]
        assert theirs == [places[0], places[2]]

    async def test_what_is_joined_later_comes_after_the_cursor(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        nothing = await sync(ann, {})
        assert (nothing["joined"], nothing["has_more"]) == ([], False)
        first = await ben.group(ann)
        second = await ben.direct(ann)
        then = await sync(ann, {}, nothing["cursor"])
        assert [entry["conversation"]["id"] for entry in then["joined"]] == [first]
        await ben.send(second)
        later = await sync(ann, {}, then["cursor"])
        assert [entry["conversation"]["id"] for entry in later["joined"]] == [second]
        assert (await sync(ann, {}, later["cursor"]))["joined"] == []
        assert (await sync(ann, {}, later["cursor"]))["cursor"] == later["cursor"]

    async def test_what_changed_is_told_with_its_numbers(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        same, spoken, mine = [await ann.group(ben) for _ in range(3)]
        await ben.send(spoken)
        await ann.done("PATCH", f"/v1/conversations/{mine}/me", {"pinned": True})
        found = await sync(ann, {place: [1, 0] for place in (same, spoken, mine)})
        numbers = {
            each["conversation_id"]: (
                each["revision"],
                each["my_revision"],
                each["last_sequence"],
                each["unread_count"],
            )
            for each in found["changed"]
        }
        assert numbers == {spoken: (2, 0, 2, 1), mine: (1, 1, 1, 0)}
        # Ahead of the server, as after a restored database, is changed as well.
        assert len((await sync(ann, {same: [7, 0]}))["changed"]) == 1

    async def test_what_is_not_mine_looks_like_what_does_not_exist(self, client: httpx.AsyncClient) -> None:
        ann, eve = await somebody(client), await somebody(client)
        place, unknown = await ann.group(), str(uuid.uuid4())
        found = await sync(eve, {place: [1, 0], unknown: [1, 0]})
        assert found["left"] == sorted([place, unknown])
        assert (found["changed"], found["joined"]) == ([], [])

    async def test_what_i_left_is_left_and_what_i_come_back_to_is_joined(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        left, closed = await ann.group(ben), await ann.group(ben)
        known = {left: [1, 0], closed: [1, 0]}
        cursor = (await sync(ben, {}))["cursor"]
        await ben.done("POST", f"/v1/conversations/{left}/leave")
        await ann.done("DELETE", f"/v1/conversations/{closed}")
        then = await sync(ben, known, cursor)
        assert (sorted(then["left"]), then["joined"], then["changed"]) == (sorted([left, closed]), [], [])
        await ann.done("POST", f"/v1/conversations/{left}/members", {"user_ids": [ben.id]})
        again = await sync(ben, known, cursor)
        assert [entry["conversation"]["id"] for entry in again["joined"]] == [left]
        assert (again["left"], [each["conversation_id"] for each in again["changed"]]) == ([closed], [left])

    async def test_it_pages_through_many(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        places = [await ann.group() for _ in range(103)]
        first = await sync(ann, {})
        second = await sync(ann, {}, first["cursor"])
        assert (len(first["joined"]), first["has_more"], second["has_more"]) == (100, True, False)
        joined = [entry["conversation"]["id"] for page in (first, second) for entry in page["joined"]]
        assert joined == places

    async def test_a_wrong_field_is_named(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.group()
        many = {str(uuid.uuid4()): [0, 0] for _ in range(1001)}
        for body, pointer in (
            ({}, "/revisions"),
            ({"revisions": None}, "/revisions"),
            ({"revisions": []}, "/revisions"),
            ({"revisions": many}, "/revisions"),
            ({"revisions": {"x": [0, 0]}}, "/revisions"),
            ({"revisions": {place: 1}}, "/revisions"),
            ({"revisions": {place: [1]}}, "/revisions"),
            ({"revisions": {place: [1, 2, 3]}}, "/revisions"),
            ({"revisions": {place: [-1, 0]}}, "/revisions"),
            ({"revisions": {place: [0, 2**63]}}, "/revisions"),
            ({"revisions": {place: ["1", 0]}}, "/revisions"),
            ({"revisions": {place: [1.5, 0]}}, "/revisions"),
            ({"revisions": {}, "cursor": 7}, "/cursor"),
            ({"revisions": {}, "limit": 7}, "/limit"),
        ):
            response = await ann.ask("POST", "/v1/sync", body)
            assert response.status_code == 422, response.text
            assert response.json()["errors"][0]["pointer"].startswith(pointer), response.text
        theirs = (await sync(ben, {}))["cursor"]
        for cursor in ("", "x", theirs, theirs[:-2]):
            assert await ann.refused("POST", "/v1/sync", {"revisions": {}, "cursor": cursor}) == (
                400,
                "invalid_cursor",
            )
        full = {str(uuid.uuid4()): [0, 0] for _ in range(1000)}
        assert len((await sync(ann, full))["left"]) == 1000
