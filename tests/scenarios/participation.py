"""My own place in conversations: muting, pinning, archiving, clearing, and what is unread in all."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.scenarios.people import Someone, somebody

WRONG: dict[str, list[Any]] = {
    "muted_until": [
        *(7, True, [], {}, "", "tomorrow", "2030-01-01", "2030-01-01T00:00:00"),
        *("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"),
        "10000-01-01T00:00:00Z",
    ],
    "pinned": [None, 0, 1, "true", [], {}],
    "archived": [None, 0, 1, "true", [], {}],
    "my_revision": [1],
    "conversation_id": [str(uuid.uuid4())],
    "role": ["OWNER"],
}


def in_a_while(**more: float) -> str:
    return (datetime.now(UTC) + timedelta(**more)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def change(someone: Someone, place: str, **fields: Any) -> Any:
    return await someone.done("PATCH", f"/v1/conversations/{place}/me", fields)


async def listed(someone: Someone, **filters: str) -> list[str]:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    found = await someone.get(f"/v1/conversations?limit=100&{query}")
    return [entry["conversation"]["id"] for entry in found["items"]]


class Participation:
    """Supply ``client``."""

    async def test_muting_pinning_and_archiving_count_as_my_changes(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.group(ben)
        until = in_a_while(hours=1)
        muted = await change(ann, place, muted_until=until)
        assert (muted["muted_until"], muted["my_revision"]) == (until, 1)
        both = await change(ann, place, pinned=True, archived=True)
        assert both["pinned_at"] is not None
        assert (both["archived"], both["my_revision"]) == (True, 2)
        assert await change(ann, place, pinned=True, archived=True, muted_until=until) == both
        assert await change(ann, place) == both
        undone = await change(ann, place, muted_until=None, pinned=False, archived=False)
        assert (undone["muted_until"], undone["pinned_at"], undone["archived"]) == (None, None, False)
        assert undone["my_revision"] == 3
        assert (await ben.get(f"/v1/conversations/{place}"))["me"]["my_revision"] == 0

    async def test_twenty_conversations_may_be_pinned_also_by_requests_at_once(
        self, client: httpx.AsyncClient
    ) -> None:
        ann = await somebody(client)
        places = [await ann.group() for _ in range(23)]
        for place in places[:18]:
            await change(ann, place, pinned=True)
        answers = await asyncio.gather(
            *(ann.ask("PATCH", f"/v1/conversations/{place}/me", {"pinned": True}) for place in places[18:])
        )
        assert sorted(each.status_code for each in answers) == [200, 200, 409, 409, 409]
        refused = next(each.json() for each in answers if each.status_code == 409)
        assert (refused["code"], refused["errors"][0]["pointer"]) == ("too_many_pins", "/pinned")
        # Pinning what is pinned takes no room, and unpinning makes some.
        await change(ann, places[0], pinned=True)
        await change(ann, places[0], pinned=False)
        unpinned = [
            place for place, each in zip(places[18:], answers, strict=True) if each.status_code == 409
        ]
        await change(ann, unpinned[0], pinned=True)
        refusal = await ann.refused("PATCH", f"/v1/conversations/{unpinned[1]}/me", {"pinned": True})
        assert refusal == (409, "too_many_pins")

    async def test_a_new_message_takes_a_conversation_out_of_the_archive(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.group(ben)
        await ben.send(place)
        assert (await change(ann, place, archived=True))["archived"]
        assert (await listed(ann), await listed(ann, archived="true")) == ([], [place])
        await ben.send(place)
        assert (await listed(ann), await listed(ann, archived="true")) == ([place], [])
        assert (await ann.get(f"/v1/conversations/{place}"))["me"]["archived"] is False
        read = await ann.done("POST", f"/v1/conversations/{place}/read", {"up_to_sequence": 3})
        assert read["archived"] is False
        # Archived again is archived, whatever was said before.
        assert (await change(ann, place, archived=True))["archived"]
        assert await listed(ann) == []

    async def test_a_muted_conversation_stays_in_the_archive(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.group(ben)
        await change(ann, place, archived=True, muted_until=in_a_while(hours=1))
        await ben.send(place)
        assert await listed(ann, archived="true") == [place]
        # What came while it was muted does not take it out when the muting ends; what comes then does.
        assert (await change(ann, place, muted_until=None))["archived"]
        assert await listed(ann, archived="true") == [place]
        await ben.send(place)
        assert await listed(ann) == [place]

    async def test_muting_that_is_over_does_not_keep_it_in_the_archive(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.group(ben)
        await change(ann, place, archived=True, muted_until=in_a_while(seconds=-1))
        await ben.send(place)
        assert await listed(ann) == [place]

    async def test_clearing_hides_what_was_said_so_far_from_me_alone(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.group(ben)
        for _ in range(3):
            await ben.send(place)
        response = await ann.ask("POST", f"/v1/conversations/{place}/clear")
        assert (response.status_code, response.content) == (204, b"")
        mine = (await ann.get(f"/v1/conversations/{place}"))["me"]
        assert (mine["cleared_through_sequence"], mine["unread_count"], mine["my_revision"]) == (4, 0, 1)
        assert (await ann.get(f"/v1/conversations/{place}/messages"))["items"] == []
        assert len((await ben.get(f"/v1/conversations/{place}/messages"))["items"]) == 4
        await ann.done("POST", f"/v1/conversations/{place}/clear")
        assert (await ann.get(f"/v1/conversations/{place}"))["me"]["my_revision"] == 1
        await ben.send(place)
        assert (await ann.get(f"/v1/conversations/{place}"))["me"]["unread_count"] == 1

    async def test_clearing_twice_with_one_key_clears_once(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        place = await ann.group()
        path, key = f"/v1/conversations/{place}/clear", str(uuid.uuid4())
        await ann.done("POST", path, None, idempotency_key=key)
        await ann.send(place)
        again = await ann.ask("POST", path, None, idempotency_key=key)
        assert (again.status_code, again.headers["idempotency-replayed"]) == (204, "true")
        assert (await ann.get(f"/v1/conversations/{place}"))["me"]["cleared_through_sequence"] == 1

    async def test_strangers_learn_nothing(self, client: httpx.AsyncClient) -> None:
        ann, eve = await somebody(client), await somebody(client)
        for place in (await ann.group(), str(uuid.uuid4()), "x"):
            path = f"/v1/conversations/{place}"
            for method, tail, body in (
                ("PATCH", "me", {"pinned": True}),
                ("POST", "clear", None),
                ("GET", "changes", None),
            ):
                refusal = await eve.refused(method, f"{path}/{tail}", body)
                assert refusal == (404, "conversation_not_found"), (place, tail)

    async def test_who_left_may_archive_and_clear_but_neither_mute_nor_pin(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.group(ben)
        await ann.send(place)
        await ben.done("POST", f"/v1/conversations/{place}/leave")
        await ann.send(place)
        for fields in ({"muted_until": None}, {"pinned": False}, {"archived": True, "pinned": True}):
            refusal = await ben.refused("PATCH", f"/v1/conversations/{place}/me", fields)
            assert refusal == (403, "not_a_participant")
        assert (await change(ben, place, archived=True))["archived"]
        await ann.send(place)
        assert await listed(ben, left="true", archived="true") == [place]
        await ben.done("POST", f"/v1/conversations/{place}/clear")
        mine = (await ben.get(f"/v1/conversations/{place}"))["me"]
        assert (mine["cleared_through_sequence"], mine["unread_count"]) == (3, 0)
        for what in ("read", "delivered"):
            refusal = await ben.refused("POST", f"/v1/conversations/{place}/{what}", {"up_to_sequence": 1})
            assert refusal == (403, "not_a_participant")

    @pytest.mark.parametrize("field", WRONG)
    async def test_a_wrong_field_is_named_and_nothing_is_stored(
        self, client: httpx.AsyncClient, field: str
    ) -> None:
        ann = await somebody(client)
        place = await ann.group()
        before = await ann.get(f"/v1/conversations/{place}")
        for value in WRONG[field]:
            response = await ann.ask("PATCH", f"/v1/conversations/{place}/me", {field: value})
            assert response.status_code == 422, (value, response.text)
            assert [each["pointer"] for each in response.json()["errors"]] == [f"/{field}"], value
        assert (await ann.refused("POST", f"/v1/conversations/{place}/clear", {field: 1}))[0] == 422
        assert (await ann.refused("GET", f"/v1/conversations/unread?{field}=1"))[0] == 422
        assert await ann.get(f"/v1/conversations/{place}") == before

    async def test_any_time_there_is_may_end_a_muting(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        place = await ann.group()
        for given, kept in (
            ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999Z"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
            ("2030-01-01T02:00:00.5+02:00", "2030-01-01T00:00:00.500Z"),
        ):
            assert (await change(ann, place, muted_until=given))["muted_until"] == kept
            assert (await ann.get(f"/v1/conversations/{place}"))["me"]["muted_until"] == kept


class Unread:
    """Supply ``client``."""

    async def test_what_i_archived_or_muted_is_left_out(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        places = [await ann.group(ben) for _ in range(4)]
        for number, place in enumerate(places, 1):
            for _ in range(number):
                await ben.send(place)

        async def totals() -> tuple[int, int]:
            found = await ann.get("/v1/conversations/unread")
            return found["conversations"], found["messages"]

        assert await totals() == (4, 10)
        await change(ann, places[3], muted_until=in_a_while(hours=1))
        assert await totals() == (3, 6)
        await change(ann, places[3], muted_until=in_a_while(seconds=-1))
        assert await totals() == (4, 10)
        await change(ann, places[2], archived=True)
        assert await totals() == (3, 7)
        await ben.send(places[2])
        assert await totals() == (4, 11)
        await ann.done("POST", f"/v1/conversations/{places[1]}/read", {"up_to_sequence": 99})
        await ann.done("POST", f"/v1/conversations/{places[0]}/clear")
        assert await totals() == (2, 8)
        assert await ben.get("/v1/conversations/unread") == {"conversations": 0, "messages": 0}

    async def test_each_conversation_counts_at_most_a_hundred(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        many, few = await ann.group(ben), await ann.group(ben)
        for _ in range(103):
            await ben.send(many)
        await ben.send(few)
        assert await ann.get("/v1/conversations/unread") == {"conversations": 2, "messages": 101}
