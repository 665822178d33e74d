"""Accounts from opening them to leaving: identifiers, profile, settings, passwords, sessions."""

import asyncio
import uuid
from typing import Any

import httpx
import pytest

from tests.scenarios.people import (
    NEW_PASSWORD,
    PASSWORD,
    Someone,
    log_in,
    problem,
    somebody,
    try_log_in,
    verdict,
)


def _unique(text: str) -> str:
    return text.replace("#", uuid.uuid4().hex[:8])


class Accounts:
    """Registering, logging in, and changing what an account says."""

    async def test_one_logs_in_by_any_identifier_however_it_is_spelled(
        self, client: httpx.AsyncClient
    ) -> None:
        number = f"+49{uuid.uuid4().int % 10**10:010}"
        name, mail = _unique("ann#"), _unique("Jörg#@Beispiel.example")
        ann = await somebody(client, name.upper(), email=mail, phone_number=number)
        assert ann.me["username"] == name
        assert ann.me["email"] == mail.replace("Beispiel", "beispiel")
        for identifier in (name, name.upper(), mail.upper(), mail.lower(), number):
            assert (await log_in(client, identifier)).id == ann.id
        full_width = "".join(chr(ord(c) + 0xFEE0) for c in name)
        assert (await log_in(client, full_width)).id == ann.id

    async def test_an_identifier_that_differs_only_in_case_is_taken(self, client: httpx.AsyncClient) -> None:
        mail = _unique("Ömer#@example.org")
        await somebody(client, email=mail)
        body = {"password": PASSWORD, "display_name": "B", "device_id": "d", "email": mail.swapcase()}
        response = await client.post("/v1/auth/register", json=body)
        assert verdict(response) == (409, "identifier_taken")
        assert response.json()["errors"][0]["pointer"] == "/email"

    async def test_of_many_who_want_one_name_at_once_one_gets_it(self, client: httpx.AsyncClient) -> None:
        name = _unique("wanted#")
        body = {"username": name, "password": PASSWORD, "display_name": "W", "device_id": "d"}
        answers = await asyncio.gather(*(client.post("/v1/auth/register", json=body) for _ in range(5)))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]

    async def test_changing_a_profile_changes_what_it_says_and_nothing_else(
        self, client: httpx.AsyncClient
    ) -> None:
        ann = await somebody(client)
        name = _unique("anna#")
        changed = await ann.done(
            "PATCH", "/v1/users/me", {"display_name": " Anna ", "bio": "two\nlines", "username": name.upper()}
        )
        wanted = ann.me | {"display_name": "Anna", "bio": "two\nlines", "username": name}
        assert changed == wanted | {"updated_at": changed["updated_at"]}
        assert await ann.get("/v1/users/me") == changed
        cleared = await ann.done("PATCH", "/v1/users/me", {"bio": None})
        assert cleared["bio"] is None
        assert cleared["display_name"] == "Anna"
        assert (await log_in(client, name)).id == ann.id
        assert verdict(await try_log_in(client, ann.me["username"])) == (401, "invalid_credentials")

    async def test_an_address_is_changed_with_the_password_only(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        mail = _unique("a#@example.org")
        path = "/v1/users/me"
        assert await ann.refused("PATCH", path, {"email": mail}) == (403, "wrong_password")
        wrong = {"email": mail, "current_password": "wrong horse"}
        assert await ann.refused("PATCH", path, wrong) == (403, "wrong_password")
        changed = await ann.done("PATCH", path, {"email": mail, "current_password": PASSWORD})
        assert changed["email"] == mail
        # Saying again what it says already needs no proof.
        assert (await ann.done("PATCH", path, {"email": mail, "bio": "b"}))["bio"] == "b"
        assert await ann.refused("PATCH", path, {"phone_number": "+4930123456"}) == (403, "wrong_password")

    async def test_the_last_identifier_cannot_be_given_up(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        path = "/v1/users/me"
        assert await ann.refused("PATCH", path, {"username": None}) == (409, "last_identifier")
        mail = _unique("a#@example.org")
        swapped = await ann.done(
            "PATCH", path, {"username": None, "email": mail, "current_password": PASSWORD}
        )
        assert (swapped["username"], swapped["email"]) == (None, mail)
        both = {"email": None, "current_password": PASSWORD}
        assert await ann.refused("PATCH", path, both) == (409, "last_identifier")

    async def test_a_name_somebody_has_cannot_be_taken(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        response = await ann.ask("PATCH", "/v1/users/me", {"username": ben.me["username"].upper()})
        assert verdict(response) == (409, "identifier_taken")
        assert response.json()["errors"][0]["pointer"] == "/username"
        assert await ann.get("/v1/users/me") == ann.me

    @pytest.mark.parametrize("path", ["/v1/users/me", "/v1/users/me/settings"])
    async def test_who_names_an_old_state_changes_nothing(self, client: httpx.AsyncClient, path: str) -> None:
        ann = await somebody(client)
        change: dict[str, Any] = {"bio": "first"} if path.endswith("me") else {"theme": "DARK"}
        tag = (await ann.ask("GET", path)).headers["etag"]
        first = await ann.ask("PATCH", path, change, if_match=f'"other", {tag}')
        assert first.status_code == 200
        assert first.headers["etag"] != tag
        again = {"bio": "second"} if path.endswith("me") else {"theme": "LIGHT"}
        assert await ann.refused("PATCH", path, again, if_match=tag) == (412, "precondition_failed")
        assert await ann.get(path) == first.json()
        assert (await ann.ask("GET", path)).headers["etag"] == first.headers["etag"]
        assert (await ann.ask("PATCH", path, again, if_match="*")).status_code == 200

    async def test_settings_begin_with_their_defaults_and_keep_what_is_set(
        self, client: httpx.AsyncClient
    ) -> None:
        ann = await somebody(client)
        path = "/v1/users/me/settings"
        given = await ann.get(path)
        changes: dict[str, Any] = {
            "privacy_last_seen": "NOBODY",
            "privacy_profile_photo": "CONTACTS",
            "privacy_about": "NOBODY",
            "privacy_groups": "CONTACTS",
            "privacy_messages": "CONTACTS",
            "read_receipts": False,
            "notifications_enabled": False,
            "notification_sound": "bell",
            "notification_vibrate": False,
            "theme": "DARK",
            "language": "ar",
            "enter_to_send": False,
            "media_auto_download_wifi": False,
            "media_auto_download_mobile": True,
        }
        assert set(given) == {*changes, "updated_at"}
        for name, value in changes.items():
            assert given[name] != value
            given = await ann.done("PATCH", path, {name: value})
            assert given[name] == value
        assert await ann.get(path) == {**changes, "updated_at": given["updated_at"]}

    async def test_settings_that_are_set_at_once_are_all_kept(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        path = "/v1/users/me/settings"
        for theme, language in (("DARK", "ar"), ("LIGHT", "ja"), ("DARK", "fr")):
            await asyncio.gather(
                ann.done("PATCH", path, {"theme": theme}), ann.done("PATCH", path, {"language": language})
            )
            settings = await ann.get(path)
            assert (settings["theme"], settings["language"]) == (theme, language)

    async def test_of_two_who_name_one_state_at_once_one_changes_it(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        tag = (await ann.ask("GET", "/v1/users/me")).headers["etag"]
        answers = await asyncio.gather(
            *(ann.ask("PATCH", "/v1/users/me", {"bio": str(n)}, if_match=tag) for n in range(4))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]

    async def test_another_password_ends_the_other_sessions(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        other = await log_in(client, ann.me["username"])
        path = "/v1/auth/password"
        wrong = {"current_password": "wrong horse", "new_password": NEW_PASSWORD}
        assert await ann.refused("PUT", path, wrong) == (403, "wrong_password")
        short = {"current_password": PASSWORD, "new_password": "short"}
        assert await ann.refused("PUT", path, short) == (422, "validation_failed")
        assert (await other.ask("GET", "/v1/users/me")).status_code == 200
        await ann.done("PUT", path, {"current_password": PASSWORD, "new_password": NEW_PASSWORD})
        assert (await ann.ask("GET", "/v1/users/me")).status_code == 200
        await _until_refused(other)
        assert verdict(await try_log_in(client, ann.me["username"])) == (401, "invalid_credentials")
        assert (await log_in(client, ann.me["username"], NEW_PASSWORD)).id == ann.id

    async def test_a_deactivated_account_is_gone_until_its_owner_comes_back(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        path = "/v1/users/me/deactivate"
        assert await ann.refused("POST", path, {"password": "wrong horse"}) == (403, "wrong_password")
        place = await ben.direct(ann)
        await ann.done("POST", path, {"password": PASSWORD})
        await _until_refused(ann)
        seen = await ben.get(f"/v1/users/{ann.id}")
        assert (seen["display_name"], seen["username"], seen["bio"]) == ("Deleted account", None, None)
        assert (await ben.get(f"/v1/users?query={ann.me['username']}"))["items"] == []
        assert verdict(await ben.send(place)) == (403, "recipient_unavailable")
        back = await log_in(client, ann.me["username"])
        assert back.id == ann.id
        assert (await ben.get(f"/v1/users/{ann.id}"))["username"] == ann.me["username"]
        assert (await ben.send(place)).status_code == 201


class Sessions:
    """The devices somebody is logged in on."""

    async def test_the_list_shows_every_device_and_which_one_asks(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        phone = await log_in(client, ann.me["username"], device_id="phone")
        listed = (await phone.get("/v1/sessions"))["items"]
        assert {s["id"]: s["device_id"] for s in listed} == {ann.session_id: "d", phone.session_id: "phone"}
        assert [s["id"] for s in listed if s["is_current"]] == [phone.session_id]
        assert set(listed[0]) == {
            *("id", "device_id", "device_type", "ip_address", "user_agent"),
            *("created_at", "last_used_at", "expires_at", "is_current"),
        }

    async def test_a_device_has_one_session_and_a_person_at_most_ten(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        again = await log_in(client, ann.me["username"], device_id="d")
        await _until_refused(ann)
        others = [await log_in(client, ann.me["username"], device_id=f"d{n}") for n in range(9)]
        assert len((await again.get("/v1/sessions"))["items"]) == 10
        eleventh = await log_in(client, ann.me["username"], device_id="d10")
        await _until_refused(again)
        listed = (await eleventh.get("/v1/sessions"))["items"]
        assert {s["id"] for s in listed} == {eleventh.session_id, *(other.session_id for other in others)}

    async def test_ending_one_ends_that_one(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        phone = await log_in(client, ann.me["username"], device_id="phone")
        await ann.done("DELETE", f"/v1/sessions/{phone.session_id}")
        await _until_refused(phone)
        assert [s["id"] for s in (await ann.get("/v1/sessions"))["items"]] == [ann.session_id]
        gone = f"/v1/sessions/{phone.session_id}"
        assert await ann.refused("DELETE", gone) == (404, "session_not_found")

    async def test_anybody_elses_session_is_as_unknown_as_one_that_is_not(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        answers = [
            problem(await ben.ask("DELETE", f"/v1/sessions/{id}"))
            for id in (ann.session_id, uuid.uuid4(), "not-a-uuid")
        ]
        assert answers[0][0] == 404
        assert all(answer == answers[0] for answer in answers)
        assert (await ann.ask("GET", "/v1/users/me")).status_code == 200


async def _until_refused(someone: Someone) -> None:
    """Wait until a session's token is refused; it must be for having ended."""
    async with asyncio.timeout(10):
        while (response := await someone.ask("GET", "/v1/users/me")).status_code == 200:
            await asyncio.sleep(0.02)
    assert verdict(response) == (401, "session_revoked")
