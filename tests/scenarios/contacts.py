"""Saving and blocking people, and everything a block must and must not do."""

import asyncio
import uuid

import httpx

from tests.scenarios.people import PASSWORD, Someone, problem, somebody, verdict


class Contacts:
    """People one saved."""

    async def test_saving_is_idempotent_and_names_the_person(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        path = f"/v1/contacts/{ben.id}"
        saved = await ann.done("PUT", path, {"nickname": " Benny "})
        assert saved["nickname"] == "Benny"
        assert saved["is_blocked"] is False
        assert saved["user"]["id"] == ben.id
        assert saved["user"]["is_contact"] is True
        assert await ann.done("PUT", path, {"nickname": "Benny"}) == saved
        assert (await ann.get("/v1/contacts"))["items"] == [saved]
        assert (await ann.done("PUT", path))["nickname"] is None
        assert (await ann.get(f"/v1/users/{ben.id}"))["is_contact"] is True
        assert (await ben.get(f"/v1/users/{ann.id}"))["is_contact"] is False
        for _ in range(2):
            await ann.done("DELETE", path)
        assert (await ann.get("/v1/contacts"))["items"] == []
        assert (await ann.get(f"/v1/users/{ben.id}"))["is_contact"] is False

    async def test_nobody_is_their_own_contact_and_unknown_people_are_unknown(
        self, client: httpx.AsyncClient
    ) -> None:
        ann = await somebody(client)
        for method, path in (
            ("PUT", "/v1/contacts/{}"),
            ("DELETE", "/v1/contacts/{}"),
            ("PUT", "/v1/contacts/{}/block"),
            ("DELETE", "/v1/contacts/{}/block"),
        ):
            assert await ann.refused(method, path.format(ann.id)) == (422, "validation_failed")
            for id in (uuid.uuid4(), "nonsense"):
                assert await ann.refused(method, path.format(id)) == (404, "user_not_found")

    async def test_lists_are_pages_in_the_order_of_saving(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        others = [await somebody(client) for _ in range(5)]
        for other in others:
            await ann.done("PUT", f"/v1/contacts/{other.id}")
        await ann.done("PUT", f"/v1/contacts/{others[1].id}/block")
        stranger = await somebody(client)
        await ann.done("PUT", f"/v1/contacts/{stranger.id}/block")
        for blocked, wanted in (
            ("", others),
            ("&blocked=false", [others[0], *others[2:]]),
            ("&blocked=true", [others[1], stranger]),
        ):
            assert await _all(ann, f"/v1/contacts?limit=2{blocked}") == [other.id for other in wanted]
        cursor = (await ann.get("/v1/contacts?limit=2"))["next_cursor"]
        assert await others[0].refused("GET", f"/v1/contacts?cursor={cursor}") == (400, "invalid_cursor")

    async def test_a_block_and_a_contact_do_not_touch_each_other(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        path = f"/v1/contacts/{ben.id}"
        await ann.done("PUT", path, {"nickname": "B"})
        for _ in range(2):
            await ann.done("PUT", f"{path}/block")
        (row,) = (await ann.get("/v1/contacts?blocked=true"))["items"]
        assert (row["nickname"], row["is_blocked"], row["user"]["is_blocked"]) == ("B", True, True)
        await ann.done("DELETE", path)
        assert len((await ann.get("/v1/contacts?blocked=true"))["items"]) == 1
        assert (await ann.done("PUT", path))["is_blocked"] is True
        for _ in range(2):
            await ann.done("DELETE", f"{path}/block")
        assert (await ann.get("/v1/contacts?blocked=true"))["items"] == []
        assert len((await ann.get("/v1/contacts"))["items"]) == 1

    async def test_saving_and_blocking_at_once_lose_neither(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        for _ in range(5):
            ben = await somebody(client)
            path = f"/v1/contacts/{ben.id}"
            await asyncio.gather(ann.done("PUT", path, {"nickname": "B"}), ann.done("PUT", f"{path}/block"))
            rows = (await ann.get("/v1/contacts?blocked=true&limit=100"))["items"]
            (row,) = [row for row in rows if row["user"]["id"] == ben.id]
            assert (row["nickname"], row["user"]["is_contact"]) == ("B", True)


class Blocks:
    """What a block stops, in both directions, and what it does not tell."""

    async def test_no_direct_conversation_begins_and_none_goes_on(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        cem = await somebody(client)
        place = await ann.direct(ben)
        assert (await ann.send(place)).status_code == 201
        await ann.done("PUT", f"/v1/contacts/{ben.id}/block")
        await ann.done("PUT", f"/v1/contacts/{cem.id}/block")
        for sender in (ann, ben):
            assert verdict(await sender.send(place)) == (403, "recipient_unavailable")
        for one, other in ((ann, cem), (cem, ann)):
            body = {"user_id": other.id}
            refused = await one.refused("POST", "/v1/conversations/direct", body)
            assert refused == (403, "recipient_unavailable")
        # What was said stays, and what is one's own is still one's own.
        assert len((await ben.get(f"/v1/conversations/{place}/messages"))["items"]) == 1
        await ann.done("DELETE", f"/v1/contacts/{ben.id}/block")
        assert (await ben.send(place)).status_code == 201

    async def test_the_blocked_cannot_add_the_blocker_to_a_group(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        await ann.done("PUT", f"/v1/contacts/{ben.id}/block")
        body = {"subject": "A group", "member_ids": [ann.id]}
        made = await ben.done("POST", "/v1/conversations/groups", body)
        assert made["not_added"] == [ann.id]
        assert made["conversation"]["member_count"] == 1

    async def test_in_a_shared_group_their_messages_arrive_and_are_not_news(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.group(ben)
        await ann.done("PUT", f"/v1/contacts/{ben.id}/block")
        assert (await ben.send(place)).status_code == 201
        assert len((await ann.get(f"/v1/conversations/{place}/messages"))["items"]) == 2
        assert (await ann.get(f"/v1/conversations/{place}"))["me"]["unread_count"] == 0
        await ann.done("DELETE", f"/v1/contacts/{ben.id}/block")
        assert (await ann.get(f"/v1/conversations/{place}"))["me"]["unread_count"] == 1

    async def test_no_receipt_crosses_a_block(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.direct(ben)
        for _ in range(3):
            await ann.send(place)
        await ben.done("POST", f"/v1/conversations/{place}/read", {"up_to_sequence": 1})
        before = (await ann.get(f"/v1/conversations/{place}"))["receipts"]
        assert before == {"delivered_up_to": 1, "read_up_to": 1}
        for blocker, other in ((ann, ben), (ben, ann)):
            await blocker.done("PUT", f"/v1/contacts/{other.id}/block")
            mine = await ben.done("POST", f"/v1/conversations/{place}/read", {"up_to_sequence": 2})
            assert mine["last_read_sequence"] == 2
            assert (await ann.get(f"/v1/conversations/{place}"))["receipts"] == before
            await blocker.done("DELETE", f"/v1/contacts/{other.id}/block")
        assert (await ann.get(f"/v1/conversations/{place}"))["receipts"] == before
        await ben.done("POST", f"/v1/conversations/{place}/read", {"up_to_sequence": 3})
        after = (await ann.get(f"/v1/conversations/{place}"))["receipts"]
        assert after == {"delivered_up_to": 3, "read_up_to": 3}

    async def test_a_block_looks_like_a_deactivated_account_and_like_contacts_only(
        self, client: httpx.AsyncClient
    ) -> None:
        ben = await somebody(client)
        blocker, gone, private = [await somebody(client) for _ in range(3)]
        await blocker.done("PUT", f"/v1/contacts/{ben.id}/block")
        await private.done(
            "PATCH", "/v1/users/me/settings", {"privacy_messages": "CONTACTS", "privacy_groups": "CONTACTS"}
        )
        await gone.done("POST", "/v1/users/me/deactivate", {"password": PASSWORD})
        others = (blocker, gone, private)
        opened = [
            problem(await ben.ask("POST", "/v1/conversations/direct", {"user_id": other.id}))
            for other in others
        ]
        assert opened[0][0] == 403
        assert all(answer == opened[0] for answer in opened)
        members = {"subject": "A group", "member_ids": [other.id for other in others]}
        made = await ben.done("POST", "/v1/conversations/groups", members)
        assert made["not_added"] == [other.id for other in others]

    async def test_a_block_in_an_existing_conversation_looks_like_a_deactivated_account(
        self, client: httpx.AsyncClient
    ) -> None:
        ben = await somebody(client)
        blocker, gone = await somebody(client), await somebody(client)
        places = [await ben.direct(blocker), await ben.direct(gone)]
        await blocker.done("PUT", f"/v1/contacts/{ben.id}/block")
        await gone.done("POST", "/v1/users/me/deactivate", {"password": PASSWORD})
        answers = [problem(await ben.send(place)) for place in places]
        assert answers[0] == answers[1]
        assert answers[0][0] == 403

    async def test_to_the_blocked_a_profile_looks_as_if_everything_were_private(
        self, client: httpx.AsyncClient
    ) -> None:
        ben = await somebody(client)
        blocker, private = await somebody(client), await somebody(client)
        for one in (blocker, private):
            await one.done("PATCH", "/v1/users/me", {"bio": "about me", "display_name": "Same"})
        await blocker.done("PUT", f"/v1/contacts/{ben.id}/block")
        settings = dict.fromkeys(("privacy_last_seen", "privacy_profile_photo", "privacy_about"), "NOBODY")
        await private.done("PATCH", "/v1/users/me/settings", settings)
        seen = [await ben.get(f"/v1/users/{one.id}") for one in (blocker, private)]
        for view in seen:
            view.pop("id")
            view.pop("username")
        assert seen[0] == seen[1]
        assert seen[0]["bio"] is None


async def _all(someone: Someone, path: str) -> list[str]:
    """The people on every page of a list."""
    ids: list[str] = []
    cursor = ""
    while True:
        page = await someone.get(path + cursor)
        ids += [item["user"]["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            return ids
        cursor = f"&cursor={page['next_cursor']}"
