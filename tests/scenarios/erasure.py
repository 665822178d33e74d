"""Leaving for good, and taking everything with one."""

import asyncio
from typing import Any

import httpx

from tests.scenarios.people import PASSWORD, Someone, log_in, problem, somebody, try_log_in, verdict

ERASE = {"password": PASSWORD, "redact_messages": False}


class Erasure:
    """What erasing an account does for its person and for others."""

    async def test_it_takes_the_password(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        path = "/v1/users/me/erase"
        wrong = {"password": "wrong horse", "redact_messages": True}
        assert await ann.refused("POST", path, wrong) == (403, "wrong_password")
        for body in ({"password": PASSWORD}, {"redact_messages": True}, {**ERASE, "redact_messages": "yes"}):
            assert await ann.refused("POST", path, body) == (422, "validation_failed")
        assert await ann.get("/v1/users/me") == ann.me

    async def test_nobody_logs_in_to_it_again_and_its_names_are_free(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        other = await log_in(client, ann.me["username"])
        await ann.done("POST", "/v1/users/me/erase", ERASE)
        for session in (ann, other):
            await _until_refused(session)
        assert verdict(await try_log_in(client, ann.me["username"])) == (401, "invalid_credentials")
        again = await somebody(client, ann.me["username"])
        assert again.id != ann.id

    async def test_others_see_a_deleted_account(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        await ann.done("PATCH", "/v1/users/me", {"bio": "about me"})
        place = await ben.direct(ann)
        await ann.send(place, "hello")
        await ben.done("PUT", f"/v1/contacts/{ann.id}", {"nickname": "Annie"})
        await ann.done("POST", "/v1/users/me/erase", ERASE)
        seen = await ben.get(f"/v1/users/{ann.id}")
        assert (seen["display_name"], seen["username"], seen["bio"]) == ("Deleted account", None, None)
        assert verdict(await ben.send(place)) == (403, "recipient_unavailable")
        # What was said stays said, unless asked otherwise.
        (message,) = (await ben.get(f"/v1/conversations/{place}/messages"))["items"]
        assert message["content"] == "hello"

    async def test_it_leaves_every_group_and_an_owner_is_followed(self, client: httpx.AsyncClient) -> None:
        ann, ben, cem = [await somebody(client) for _ in range(3)]
        place, alone = await ann.group(ben, cem), await ann.group()
        await ann.done("POST", "/v1/users/me/erase", ERASE)
        members = (await ben.get(f"/v1/conversations/{place}/members"))["items"]
        assert {m["user"]["id"]: m["role"] for m in members} == {
            ben.id: "OWNER" if ben.id < cem.id else "MEMBER",
            cem.id: "OWNER" if cem.id < ben.id else "MEMBER",
        }
        group = await ben.get(f"/v1/conversations/{place}")
        assert group["member_count"] == 2
        said = (await ben.get(f"/v1/conversations/{place}/messages"))["items"]
        assert [m["metadata"]["event"] for m in said] == [
            "group_created",
            "ownership_transferred",
            "member_left",
        ]
        assert group["revision"] == 1 + 3 + 2
        assert problem(await ben.ask("GET", f"/v1/conversations/{alone}"))[0] == 404

    async def test_what_they_said_is_wiped_when_they_ask_for_it(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        places = [await ann.direct(ben), await ann.group(ben)]
        for place in places:
            for n in range(3):
                assert (await ann.send(place, f"secret {n}")).status_code == 201
            assert (await ben.send(place, "mine")).status_code == 201
        await ann.done("POST", "/v1/users/me/erase", {**ERASE, "redact_messages": True})
        for place in places:
            said = await _until_wiped(ben, place, ann.id)
            assert "secret" not in str(said)
            assert [m["content"] for m in said if m["sender_id"] == ben.id] == ["mine"]
            assert [m["seq_id"] for m in said] == list(range(1, len(said) + 1))
            wiped = [m for m in said if m["sender_id"] == ann.id and m["type"] == "TEXT"]
            assert len(wiped) == 3
            assert all(m["deleted_at"] and m["content"] is None for m in wiped)
        listed = (await ben.get("/v1/conversations"))["items"]
        assert "secret" not in str(listed)

    async def test_an_export_is_one_document_of_everything_but_secrets(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.direct(ben)
        await ann.send(place, "what ann said")
        await ben.send(place, "what ben said")
        await ann.done("PUT", f"/v1/contacts/{ben.id}", {"nickname": "Benny"})
        await ann.done("PATCH", "/v1/users/me/settings", {"language": "ja"})
        response = await ann.ask("GET", "/v1/users/me/export")
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        assert "attachment" in response.headers["content-disposition"]
        document: dict[str, Any] = response.json()
        assert document["account"]["username"] == ann.me["username"]
        assert document["settings"]["language"] == "ja"
        assert [s["device_id"] for s in document["sessions"]] == ["d"]
        assert [c["nickname"] for c in document["contacts"]] == ["Benny"]
        assert [m["content"] for m in document["messages"]] == ["what ann said"]
        assert document["reactions"] == []
        assert {c["name"] for c in document["commands"]} >= {"RegisterUser", "SendMessage", "SaveContact"}
        assert PASSWORD not in response.text
        assert "hash" not in response.text
        assert "what ben said" not in response.text


async def _until_refused(someone: Someone) -> None:
    async with asyncio.timeout(10):
        while (await someone.ask("GET", "/v1/users/me")).status_code == 200:
            await asyncio.sleep(0.02)


async def _until_wiped(viewer: Someone, place: str, sender: str) -> list[dict[str, Any]]:
    async with asyncio.timeout(20):
        while True:
            said: list[dict[str, Any]] = (await viewer.get(f"/v1/conversations/{place}/messages"))["items"]
            if all(m["deleted_at"] for m in said if m["sender_id"] == sender and m["type"] == "TEXT"):
                return said
            await asyncio.sleep(0.05)
