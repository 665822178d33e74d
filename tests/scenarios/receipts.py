"""Who received and read a message, as everybody concerned may know it."""

import uuid
from typing import Any

import httpx

from tests.scenarios.people import Someone, somebody


async def said(someone: Someone, place: str) -> dict[str, Any]:
    message: dict[str, Any] = (await someone.send(place)).json()
    return message


async def acknowledge(someone: Someone, place: str, what: str, up_to: int) -> None:
    await someone.done("POST", f"/v1/conversations/{place}/{what}", {"up_to_sequence": up_to})


async def receipts(someone: Someone, message: dict[str, Any], **filters: Any) -> dict[str, Any]:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    found: dict[str, Any] = await someone.get(f"/v1/messages/{message['id']}/receipts?{query}")
    return found


def statuses(page: dict[str, Any]) -> dict[str, str]:
    return {each["user_id"]: each["status"] for each in page["items"]}


class Receipts:
    """Supply ``client``."""

    async def test_every_other_member_has_one(self, client: httpx.AsyncClient) -> None:
        ann, ben, cem, dan = [await somebody(client) for _ in range(4)]
        place = await ann.group(ben, cem, dan)
        message = await said(ann, place)
        await acknowledge(ben, place, "delivered", 2)
        await acknowledge(ben, place, "read", 2)
        await acknowledge(cem, place, "delivered", 2)
        found = await receipts(ann, message)
        assert statuses(found) == {ben.id: "READ", cem.id: "DELIVERED", dan.id: "SENT"}
        assert (found["delivered_count"], found["read_count"], found["next_cursor"]) == (2, 1, None)
        by_person = {each["user_id"]: each for each in found["items"]}
        read, delivered, sent = by_person[ben.id], by_person[cem.id], by_person[dan.id]
        assert read["delivered_at"] <= read["read_at"] == read["updated_at"]
        assert delivered["delivered_at"] == delivered["updated_at"]
        assert (delivered["read_at"], sent["delivered_at"]) == (None, None)
        assert sent["updated_at"] == message["created_at"]
        # Whoever takes part sees the same.
        assert await receipts(dan, message) == found

    async def test_they_come_by_status_and_page_by_page(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        others = [await somebody(client) for _ in range(5)]
        place = await ann.group(*others)
        message = await said(ann, place)
        for each in others[:3]:
            await acknowledge(each, place, "read", 2)
        seen: list[str] = []
        cursor = ""
        while True:
            page = await receipts(
                ann, message, status="READ", limit=2, **({"cursor": cursor} if cursor else {})
            )
            assert (page["delivered_count"], page["read_count"]) == (3, 3)
            seen += statuses(page)
            if page["next_cursor"] is None:
                break
            cursor = page["next_cursor"]
        assert seen == sorted(each.id for each in others[:3])
        assert len(statuses(await receipts(ann, message, status="SENT"))) == 2
        assert statuses(await receipts(ann, message, status="DELIVERED")) == {}
        assert statuses(await receipts(ann, message, status="PENDING")) == {}
        path = f"/v1/messages/{message['id']}/receipts"
        assert await ann.refused("GET", f"{path}?status=SENT&cursor={cursor}") == (400, "invalid_cursor")
        assert await others[0].refused("GET", f"{path}?status=READ&cursor={cursor}") == (
            400,
            "invalid_cursor",
        )

    async def test_without_read_receipts_on_either_side_what_was_read_shows_as_delivered(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.direct(ben)
        message = await said(ann, place)
        await acknowledge(ben, place, "read", 1)
        for hider in (ann, ben):
            await hider.done("PATCH", "/v1/users/me/settings", {"read_receipts": False})
            found = await receipts(ann, message)
            (only,) = found["items"]
            assert (only["status"], only["read_at"]) == ("DELIVERED", None)
            assert only["updated_at"] == only["delivered_at"] is not None
            assert (found["delivered_count"], found["read_count"]) == (1, 0)
            assert statuses(await receipts(ann, message, status="READ")) == {}
            await hider.done("PATCH", "/v1/users/me/settings", {"read_receipts": True})
        assert statuses(await receipts(ann, message)) == {ben.id: "READ"}

    async def test_groups_always_show_what_was_read(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.group(ben)
        message = await said(ann, place)
        await ben.done("PATCH", "/v1/users/me/settings", {"read_receipts": False})
        await acknowledge(ben, place, "read", 2)
        assert statuses(await receipts(ann, message)) == {ben.id: "READ"}

    async def test_nothing_crosses_a_block_and_it_looks_like_silence(self, client: httpx.AsyncClient) -> None:
        ann, ben, cem = [await somebody(client) for _ in range(3)]
        place = await ann.group(ben, cem)
        message = await said(ann, place)
        for each in (ben, cem):
            await acknowledge(each, place, "read", 2)
        await ben.done("PUT", f"/v1/contacts/{ann.id}/block")
        found = await receipts(ann, message)
        assert statuses(found) == {ben.id: "SENT", cem.id: "READ"}
        assert (found["delivered_count"], found["read_count"]) == (1, 1)
        assert statuses(await receipts(cem, message)) == {ben.id: "READ", cem.id: "READ"}

    async def test_who_cannot_see_the_message_is_told_that_there_is_none(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben, eve = [await somebody(client) for _ in range(3)]
        place = await ann.group(ben)
        message = await said(ann, place)
        await ben.done("POST", f"/v1/conversations/{place}/clear")
        for who, id in ((eve, message["id"]), (ben, message["id"]), (ann, uuid.uuid4()), (ann, "x")):
            assert await who.refused("GET", f"/v1/messages/{id}/receipts") == (404, "message_not_found")

    async def test_who_left_sees_them_up_to_there_and_who_was_there_has_one(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben, cem = [await somebody(client) for _ in range(3)]
        place = await ann.group(ben)
        first = await said(ann, place)
        await acknowledge(ben, place, "read", 2)
        await ben.done("POST", f"/v1/conversations/{place}/leave")
        await ann.done("POST", f"/v1/conversations/{place}/members", {"user_ids": [cem.id]})
        second = await said(ann, place)
        assert statuses(await receipts(ben, first)) == {ben.id: "READ"}
        assert await ben.refused("GET", f"/v1/messages/{second['id']}/receipts") == (404, "message_not_found")
        assert statuses(await receipts(ann, second)) == {cem.id: "SENT"}
        await ann.done("POST", f"/v1/conversations/{place}/members", {"user_ids": [ben.id]})
        assert statuses(await receipts(cem, first)) == {ben.id: "READ"}
        assert statuses(await receipts(ann, second)) == {cem.id: "SENT"}

    async def test_a_wrong_acknowledgement_is_named_and_moves_nothing(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.group(ben)
        before = await ben.get(f"/v1/conversations/{place}")
        for what in ("read", "delivered"):
            for body in (
                *({"up_to_sequence": value} for value in (None, -1, 2**63, 1.5, "1", True, [], {})),
                {},
                {"up_to_sequence": 1, "user_id": ann.id},
            ):
                response = await ben.ask("POST", f"/v1/conversations/{place}/{what}", body)
                assert response.status_code == 422, body
                pointer = "/user_id" if "user_id" in body else "/up_to_sequence"
                assert response.json()["errors"][0]["pointer"] == pointer
        assert await ben.get(f"/v1/conversations/{place}") == before

    async def test_a_wrong_parameter_is_named(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        message = await said(ann, await ann.group())
        for query in (
            "status=read",
            "status=",
            "limit=0",
            "limit=101",
            "limit=x",
            "user_id=x",
            "status=READ&status=READ",
        ):
            response = await ann.ask("GET", f"/v1/messages/{message['id']}/receipts?{query}")
            assert response.status_code == 422, query
            assert response.json()["errors"][0]["pointer"] == f"/{query.partition('=')[0]}"
        assert await ann.refused("GET", f"/v1/messages/{message['id']}/receipts?cursor=x") == (
            400,
            "invalid_cursor",
        )
