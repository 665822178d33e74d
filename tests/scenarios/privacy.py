"""What one sees of somebody: every privacy setting, each of its values, each kind of viewer, each way to look.

The table of who is admitted is written out here, not asked of the code that decides.
"""

from typing import Any
from uuid import UUID

import httpx
import pytest

from application.testing.stage import commit
from domain.shared.ids import UserId
from entrypoints.container import Container
from tests.scenarios.people import Someone, somebody

ADMITTED = {
    "EVERYONE": {"self", "stranger", "contact"},
    "CONTACTS": {"self", "contact"},
    "NOBODY": {"self"},
}
VIEWERS = ("self", "stranger", "contact", "blocked")
"""``contact``: saved by whom they look at. ``blocked``: by whom they look at, who saved them too."""
SETTINGS = {
    "privacy_last_seen": "is_online",
    "privacy_profile_photo": "avatar_url",
    "privacy_about": "bio",
}
PLACES = ("profile", "several", "search", "members", "peer", "contacts")


async def with_everything_to_see(container: Container, client: httpx.AsyncClient) -> Someone:
    """Somebody with a bio and a picture."""
    ann = await somebody(client)
    await ann.done("PATCH", "/v1/users/me", {"bio": "about ann"})
    async with container.store().units.open() as uow:
        user = await uow.users.find(UserId(UUID(ann.id)))
        assert user is not None
        user.avatar_url = f"/v1/users/{ann.id}/avatar"
        user.profile_changed()
        uow.users.save(user)
        await commit(uow, at=container.clock().now())
    return ann


async def viewers_of(client: httpx.AsyncClient, ann: Someone) -> dict[str, Someone]:
    """Everybody who looks, each with a direct conversation with Ann, and one group of all."""
    viewers = {"self": ann} | {kind: await somebody(client) for kind in VIEWERS if kind != "self"}
    for kind, viewer in viewers.items():
        if kind != "self":
            await viewer.direct(ann)
            await viewer.done("PUT", f"/v1/contacts/{ann.id}")
    await ann.group(*(viewer for kind, viewer in viewers.items() if kind != "self"))
    for kind in ("contact", "blocked"):
        await ann.done("PUT", f"/v1/contacts/{viewers[kind].id}")
    await ann.done("PUT", f"/v1/contacts/{viewers['blocked'].id}/block")
    return viewers


async def seen(viewer: Someone, ann: Someone, place: str) -> dict[str, Any]:
    """Ann, as a viewer finds her in one place."""
    if place == "profile":
        return dict(await viewer.get(f"/v1/users/{ann.id}"))
    if place == "several":
        return _only((await viewer.get(f"/v1/users?ids={ann.id}"))["items"], ann)
    if place == "search":
        return _only((await viewer.get(f"/v1/users?query={ann.me['username']}"))["items"], ann)
    listed = (await viewer.get("/v1/conversations"))["items"]
    if place == "peer":
        peers = [entry["conversation"]["peer"] for entry in listed if entry["conversation"]["peer"]]
        return _only(peers, ann)
    if place == "members":
        (group,) = [e["conversation"]["id"] for e in listed if e["conversation"]["type"] == "GROUP"]
        members = (await viewer.get(f"/v1/conversations/{group}/members"))["items"]
        return _only([member["user"] for member in members], ann)
    assert place == "contacts"
    return _only([contact["user"] for contact in (await viewer.get("/v1/contacts"))["items"]], ann)


def _only(people: list[dict[str, Any]], ann: Someone) -> dict[str, Any]:
    (found,) = [person for person in people if person["id"] == ann.id]
    return found


class Privacy:
    """Supply ``client``, and the ``container`` of the application it asks."""

    @pytest.mark.parametrize("setting", SETTINGS)
    async def test_each_value_admits_whom_it_says_wherever_they_look(
        self, client: httpx.AsyncClient, container: Container, setting: str
    ) -> None:
        ann = await with_everything_to_see(container, client)
        viewers = await viewers_of(client, ann)
        for value, admitted in ADMITTED.items():
            await ann.done("PATCH", "/v1/users/me/settings", {setting: value})
            for kind, viewer in viewers.items():
                for place in PLACES:
                    if kind == "self" and place in ("peer", "contacts"):
                        continue
                    field = (await seen(viewer, ann, place))[SETTINGS[setting]]
                    wanted = kind in admitted
                    assert (field is not None) is wanted, (setting, value, kind, place, field)
                if setting == "privacy_last_seen":
                    (item,) = (await viewer.get(f"/v1/presence?user_ids={ann.id}"))["items"]
                    assert (item["is_online"] is not None) is (kind in admitted), (value, kind)

    async def test_last_seen_is_shown_only_to_those_who_show_theirs(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        path = "/v1/users/me/settings"
        for theirs, mine, saved, shown in (
            ("EVERYONE", "EVERYONE", False, True),
            ("EVERYONE", "NOBODY", False, False),
            ("EVERYONE", "CONTACTS", False, False),
            ("EVERYONE", "CONTACTS", True, True),
            ("CONTACTS", "CONTACTS", True, False),
            ("NOBODY", "EVERYONE", True, False),
        ):
            await ann.done("PATCH", path, {"privacy_last_seen": theirs})
            await ben.done("PATCH", path, {"privacy_last_seen": mine})
            await ben.done("PUT" if saved else "DELETE", f"/v1/contacts/{ann.id}")
            view = await ben.get(f"/v1/users/{ann.id}")
            assert (view["is_online"] is not None) is shown, (theirs, mine, saved)

    async def test_a_change_is_seen_by_the_next_who_looks(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        await ann.done("PATCH", "/v1/users/me", {"bio": "about ann"})
        for _ in range(3):
            for value, shown in (("NOBODY", None), ("EVERYONE", "about ann")):
                await ann.done("PATCH", "/v1/users/me/settings", {"privacy_about": value})
                assert (await ben.get(f"/v1/users/{ann.id}"))["bio"] == shown

    @pytest.mark.parametrize(
        ("setting", "reaches"), [("privacy_messages", "direct"), ("privacy_groups", "group")]
    )
    async def test_whom_one_may_write_to_or_add_is_theirs_to_say(
        self, client: httpx.AsyncClient, setting: str, reaches: str
    ) -> None:
        for value, admitted in ADMITTED.items():
            ann = await somebody(client)
            await ann.done("PATCH", "/v1/users/me/settings", {setting: value})
            for kind in ("stranger", "contact", "blocked"):
                viewer = await somebody(client)
                if kind != "stranger":
                    await ann.done("PUT", f"/v1/contacts/{viewer.id}")
                if kind == "blocked":
                    await ann.done("PUT", f"/v1/contacts/{viewer.id}/block")
                if reaches == "direct":
                    body = {"user_id": ann.id}
                    status = (await viewer.ask("POST", "/v1/conversations/direct", body)).status_code
                    assert (status == 201) is (kind in admitted), (value, kind, status)
                else:
                    body = {"subject": "A group", "member_ids": [ann.id]}
                    made = await viewer.done("POST", "/v1/conversations/groups", body)
                    assert (made["not_added"] == []) is (kind in admitted), (value, kind)

    async def test_with_receipts_off_on_either_side_nobody_sees_what_was_read_in_a_direct_conversation(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        direct, group = await ann.direct(ben), await ann.group(ben)
        for place in (direct, group):
            await ann.send(place)
            head = 2 if place == group else 1
            await ben.done("POST", f"/v1/conversations/{place}/read", {"up_to_sequence": head})

        async def read(place: str) -> Any:
            return (await ann.get(f"/v1/conversations/{place}"))["receipts"]["read_up_to"]

        assert (await read(direct), await read(group)) == (1, 2)
        for who in (ann, ben):
            await who.done("PATCH", "/v1/users/me/settings", {"read_receipts": False})
            assert (await read(direct), await read(group)) == (0, 2)
            receipts = (await ann.get(f"/v1/conversations/{direct}"))["receipts"]
            assert receipts["delivered_up_to"] == 1
            # One's own devices know all the same.
            mine = (await ben.get(f"/v1/conversations/{direct}"))["me"]
            assert mine["last_read_sequence"] == 1
            await who.done("PATCH", "/v1/users/me/settings", {"read_receipts": True})
        assert await read(direct) == 1
