"""Groups: who comes and goes, what they are called, and what everybody hears of it, event by event."""

import asyncio
import uuid
from typing import Any

import httpx

from entrypoints.container import Container
from tests.scenarios.group_stage import add, head, member_of, members, path_of, said, told_of
from tests.scenarios.people import PASSWORD, Someone, somebody, verdict

SOON = "2126-01-01T00:00:00.000Z"


async def several(client: httpx.AsyncClient, count: int) -> list[Someone]:
    return [await somebody(client) for _ in range(count)]


class Joining:
    """Being added to a group, and added again."""

    async def test_adding_is_one_message_and_one_event_however_many_they_are(
        self, client: httpx.AsyncClient, container: Container
    ) -> None:
        ann, ben, *others = await several(client, 7)
        place = await ann.group(ben)
        answer = await add(ann, place, *others)
        ids = [other.id for other in others]
        assert [each["user"]["id"] for each in answer["added"]] == ids
        assert {(each["role"], each["added_by"]) for each in answer["added"]} == {("MEMBER", ann.id)}
        assert answer["not_added"] == []
        assert await told_of(container, place, 1) == [
            {"event": "members_added", "user_ids": ids},
            {"member.added": {"user_ids": ids, "role": "MEMBER", "by": ann.id}},
        ]
        group = await others[0].get(path_of(place))
        assert (group["member_count"], group["revision"], group["last_sequence"]) == (7, 3, 2)
        assert await members(others[0], place) == {ann.id: "OWNER"} | {o.id: "MEMBER" for o in (ben, *others)}

    async def test_who_cannot_be_added_is_named_and_never_why(
        self, client: httpx.AsyncClient, container: Container
    ) -> None:
        ann, ben, blocker, blocked, unwilling, gone, erased, known = await several(client, 8)
        place = await ann.group(ben)
        await blocker.done("PUT", f"/v1/contacts/{ann.id}/block")
        await ann.done("PUT", f"/v1/contacts/{blocked.id}/block")
        await unwilling.done("PATCH", "/v1/users/me/settings", {"privacy_groups": "NOBODY"})
        await known.done("PATCH", "/v1/users/me/settings", {"privacy_groups": "CONTACTS"})
        await gone.done("POST", "/v1/users/me/deactivate", {"password": PASSWORD})
        await erased.done("POST", "/v1/users/me/erase", {"password": PASSWORD, "redact_messages": False})
        refused = [each.id for each in (blocker, blocked, unwilling, gone, erased, known)]
        refused.append(str(uuid.uuid4()))
        path = path_of(place, "members")
        wanted = {"user_ids": [*refused, ben.id, ann.id, refused[0]]}
        assert await ann.done("POST", path, wanted) == {"added": [], "not_added": refused}
        assert await told_of(container, place, 1) == []
        await known.done("PUT", f"/v1/contacts/{ann.id}", {})
        answer = await ann.done("POST", path, {"user_ids": [known.id, refused[0]]})
        assert [each["user"]["id"] for each in answer["added"]] == [known.id]
        assert answer["not_added"] == [refused[0]]

    async def test_new_members_see_everything_and_have_nothing_unread(
        self, client: httpx.AsyncClient, container: Container
    ) -> None:
        ann, ben, cem = await several(client, 3)
        place = await ann.group(ben)
        for n in range(5):
            await ann.send(place, f"{n}")
        await ben.done("POST", path_of(place, "read"), {"up_to_sequence": 6})
        before = (await ann.get(path_of(place)))["receipts"]
        await add(ann, place, cem)
        assert [m["content"] for m in await said(cem, place) if m["content"]] == ["0", "1", "2", "3", "4"]
        (entry,) = (await cem.get("/v1/conversations"))["items"]
        assert entry["unread_count"] == 0
        me = entry["conversation"]["me"]
        assert (me["last_read_sequence"], me["last_delivered_sequence"]) == (7, 7)
        # Whoever comes later owes no receipt for what was said before.
        assert (await ann.get(path_of(place)))["receipts"] == before
        await ann.send(place, "new")
        assert (await cem.get(path_of(place)))["me"]["unread_count"] == 1

    async def test_who_comes_back_is_a_member_with_nothing_unread(
        self, client: httpx.AsyncClient, container: Container
    ) -> None:
        ann, ben, cem = await several(client, 3)
        place = await ann.group(ben, cem)
        await ann.done("PATCH", member_of(place, ben), {"role": "ADMIN", "silenced_until": SOON})
        await ben.done("POST", path_of(place, "leave"), {})
        await ann.send(place, "while ben was away")
        since = await head(ann, place)
        assert (await add(ann, place, ben))["added"][0]["role"] == "MEMBER"
        assert await told_of(container, place, since) == [
            {"event": "members_added", "user_ids": [ben.id]},
            {"member.added": {"user_ids": [ben.id], "role": "MEMBER", "by": ann.id}},
        ]
        group = await ben.get(path_of(place))
        me = group["me"]
        assert (me["left_at"], me["role"], me["unread_count"]) == (None, "MEMBER", 0)
        assert me["last_read_sequence"] == group["last_sequence"]
        assert (await said(ben, place))[-2]["content"] == "while ben was away"
        assert (await ben.get("/v1/conversations?left=true"))["items"] == []
        assert [e["conversation"]["id"] for e in (await ben.get("/v1/conversations"))["items"]] == [place]
        assert me["silenced_until"] is None
        assert (await ben.send(place)).status_code == 201

    async def test_who_comes_back_has_nothing_pinned_beyond_what_may_be(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben = await several(client, 2)
        place = await ann.group(ben)
        others = [await ben.group() for _ in range(20)]
        for id in (place, *others[:19]):
            await ben.done("PATCH", path_of(id, "me"), {"pinned": True})
        await ben.done("POST", path_of(place, "leave"), {})
        await ben.done("PATCH", path_of(others[19], "me"), {"pinned": True})
        await add(ann, place, ben)
        entries = (await ben.get("/v1/conversations"))["items"]
        pinned = [each["conversation"]["id"] for each in entries if each["conversation"]["me"]["pinned_at"]]
        assert sorted(pinned) == sorted(others)
        assert await ben.refused("PATCH", path_of(place, "me"), {"pinned": True}) == (409, "too_many_pins")

    async def test_a_repeat_gets_the_same_answer_and_adds_nobody(
        self, client: httpx.AsyncClient, container: Container
    ) -> None:
        ann, ben, cem = await several(client, 3)
        place = await ann.group()
        path, body = path_of(place, "members"), {"user_ids": [ben.id]}
        first = await ann.ask("POST", path, body, idempotency_key="k")
        again = await ann.ask("POST", path, body, idempotency_key="k")
        assert again.json() == first.json()
        assert again.headers["idempotency-replayed"] == "true"
        other = {"user_ids": [cem.id]}
        assert await ann.refused("POST", path, other, idempotency_key="k") == (409, "idempotency_conflict")
        # What is kept of it names nobody: the name is that of the moment.
        await ben.done("PATCH", "/v1/users/me", {"display_name": "Renamed"})
        again = await ann.ask("POST", path, body, idempotency_key="k")
        assert again.json()["added"][0]["user"]["display_name"] == "Renamed"
        assert len(await told_of(container, place, 1)) == 2


class Leaving:
    """Leaving, being removed, and who follows an owner."""

    async def test_a_removal_is_told_and_counts(
        self, client: httpx.AsyncClient, container: Container
    ) -> None:
        ann, ben, cem = await several(client, 3)
        place = await ann.group(ben, cem)
        await ann.done("DELETE", member_of(place, ben))
        assert await told_of(container, place, 1) == [
            {"event": "member_removed", "user_id": ben.id},
            {"member.removed": {"user_id": ben.id, "by": ann.id, "reason": "removed"}},
        ]
        assert (await cem.get(path_of(place)))["member_count"] == 2
        assert await members(cem, place) == {ann.id: "OWNER", cem.id: "MEMBER"}
        assert await ann.refused("DELETE", member_of(place, ben)) == (404, "member_not_found")

    async def test_leaving_and_removing_oneself_are_the_same(
        self, client: httpx.AsyncClient, container: Container
    ) -> None:
        ann, ben, cem = await several(client, 3)
        place = await ann.group(ben, cem)
        await ben.done("POST", path_of(place, "leave"), {})
        await cem.done("DELETE", member_of(place, cem))
        assert await told_of(container, place, 1) == [
            {"event": "member_left"},
            {"member.removed": {"user_id": ben.id, "by": ben.id, "reason": "left"}},
            {"event": "member_left"},
            {"member.removed": {"user_id": cem.id, "by": cem.id, "reason": "left"}},
        ]
        again = await ben.refused("POST", path_of(place, "leave"), {})
        assert again == (403, "not_a_participant")

    async def test_an_owner_who_leaves_is_followed_by_whom_they_name(
        self, client: httpx.AsyncClient, container: Container
    ) -> None:
        ann, ben, cem = await several(client, 3)
        place = await ann.group(ben, cem)
        await ann.done("PATCH", member_of(place, ben), {"role": "ADMIN"})
        since = await head(ann, place)
        path, body = path_of(place, "leave"), {"successor_id": cem.id}
        assert await ann.refused("POST", path, {"successor_id": ann.id}) == (422, "validation_failed")
        assert (await ann.ask("POST", path, body, idempotency_key="k")).status_code == 204
        again = await ann.ask("POST", path, body, idempotency_key="k")
        assert (again.status_code, again.headers["idempotency-replayed"]) == (204, "true")
        assert await told_of(container, place, since) == [
            {"event": "ownership_transferred", "user_id": cem.id},
            _role(ann.id, "ADMIN", by=ann.id),
            _role(cem.id, "OWNER", by=ann.id),
            {"event": "member_left"},
            {"member.removed": {"user_id": ann.id, "by": ann.id, "reason": "left"}},
        ]
        assert await members(ben, place) == {cem.id: "OWNER", ben.id: "ADMIN"}

    async def test_else_by_the_longest_standing_administrator_then_member_and_the_last_one_closes_it(
        self, client: httpx.AsyncClient, container: Container
    ) -> None:
        ann, ben, cem, dan = await several(client, 4)
        place = await ann.group()
        for someone in (ben, cem, dan):
            await add(ann, place, someone)
        await ann.done("PATCH", member_of(place, dan), {"role": "ADMIN"})
        for leaver, heir, stays in ((ann, dan, ben), (dan, ben, cem), (ben, cem, cem)):
            await leaver.done("POST", path_of(place, "leave"), {})
            assert {id for id, role in (await members(stays, place)).items() if role == "OWNER"} == {heir.id}
        since = await head(cem, place)
        await cem.done("POST", path_of(place, "leave"), {})
        assert len(await told_of(container, place, since)) == 2
        for someone in (ann, ben, cem, dan):
            assert await someone.refused("GET", path_of(place)) == (404, "conversation_not_found")
            assert (await someone.get("/v1/conversations?left=true"))["items"] == []

    async def test_who_left_reads_on_up_to_there_and_sees_the_group_as_it_was(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben, cem, dan = await several(client, 4)
        place = await ann.group(ben, cem)
        await ann.send(place, "before")
        await ann.done("PATCH", path_of(place), {"description": "as it was"})
        await ben.done("POST", path_of(place, "leave"), {})
        seen = await ben.get(path_of(place))
        await ann.send(place, "after")
        await ann.done("PATCH", path_of(place), {"subject": "Another", "post_policy": "ADMINS"})
        await ann.done("PATCH", path_of(place), {"description": None, "expiry_seconds": 60})
        await add(ann, place, dan)
        await ann.done("POST", path_of(place, "read"), {"up_to_sequence": 99})
        assert await ben.get(path_of(place)) == seen
        assert (seen["subject"], seen["description"], seen["post_policy"]) == ("A group", "as it was", "ALL")
        assert (seen["member_count"], seen["last_sequence"], seen["receipts"]) == (3, 3, None)
        assert [m["content"] or m["metadata"]["event"] for m in await said(ben, place)] == [
            "group_created",
            "before",
            "member_left",
        ]
        for page in ("?after=3", "?around=5", "?after=2"):
            items = (await ben.get(path_of(place, "messages") + page))["items"]
            assert all(message["seq_id"] <= 3 for message in items)
        assert await ben.refused("GET", path_of(place, "members")) == (403, "not_a_participant")
        assert (await ben.get("/v1/conversations"))["items"] == []
        (entry,) = (await ben.get("/v1/conversations?left=true"))["items"]
        assert (entry["unread_count"], entry["conversation"]) == (0, seen)
        assert entry["last_message"]["seq_id"] == 3


class Roles:
    """Roles, silence, and handing over."""

    async def test_another_role_is_said_and_told_and_the_same_one_is_not(
        self, client: httpx.AsyncClient, container: Container
    ) -> None:
        ann, ben = await several(client, 2)
        place = await ann.group(ben)
        answer = await ann.done("PATCH", member_of(place, ben), {"role": "ADMIN"})
        assert (answer["user"]["id"], answer["role"]) == (ben.id, "ADMIN")
        for _ in range(2):
            await ann.done("PATCH", member_of(place, ben), {"role": "MEMBER", "silenced_until": None})
        assert await ann.done("PATCH", member_of(place, ben), {}) == {**answer, "role": "MEMBER"}
        assert await told_of(container, place, 1) == [
            {"event": "role_changed", "user_id": ben.id, "role": "ADMIN"},
            _role(ben.id, "ADMIN", by=ann.id),
            {"event": "role_changed", "user_id": ben.id, "role": "MEMBER"},
            _role(ben.id, "MEMBER", by=ann.id),
        ]

    async def test_a_silence_is_told_without_a_word_and_both_at_once_are_two_revisions(
        self, client: httpx.AsyncClient, container: Container
    ) -> None:
        ann, ben = await several(client, 2)
        place = await ann.group(ben)
        path = member_of(place, ben)
        answer = await ann.done("PATCH", path, {"silenced_until": "2126-01-01T02:00:00+02:00"})
        assert answer["silenced_until"] == SOON
        assert verdict(await ben.send(place)) == (403, "silenced")
        await ann.done("PATCH", path, {"role": "ADMIN", "silenced_until": None})
        assert (await ben.send(place)).status_code == 201
        assert await told_of(container, place, 1) == [
            _role(ben.id, "MEMBER", SOON, by=ann.id),
            {"event": "role_changed", "user_id": ben.id, "role": "ADMIN"},
            _role(ben.id, "ADMIN", by=ann.id),
            None,
        ]

    async def test_a_time_that_has_passed_silences_nobody(self, client: httpx.AsyncClient) -> None:
        ann, ben = await several(client, 2)
        place = await ann.group(ben)
        path = member_of(place, ben)
        for given in (SOON, "1970-01-01T00:00:00Z"):
            answer = await ann.done("PATCH", path, {"silenced_until": given})
            assert answer["silenced_until"] == (given if given == SOON else None)
        assert (await ben.send(place)).status_code == 201

    async def test_handing_over_is_three_revisions(
        self, client: httpx.AsyncClient, container: Container
    ) -> None:
        ann, ben, cem = await several(client, 3)
        place = await ann.group(ben, cem)
        path, body = path_of(place, "transfer"), {"user_id": ben.id}
        first = await ann.ask("POST", path, body, idempotency_key="k")
        assert (first.status_code, first.json()["me"]["role"]) == (200, "ADMIN")
        again = await ann.ask("POST", path, body, idempotency_key="k")
        assert (again.json(), again.headers["idempotency-replayed"]) == (first.json(), "true")
        assert await ann.refused("POST", path, {"user_id": cem.id}, idempotency_key="k") == (
            409,
            "idempotency_conflict",
        )
        assert await told_of(container, place, 1) == [
            {"event": "ownership_transferred", "user_id": ben.id},
            _role(ann.id, "ADMIN", by=ann.id),
            _role(ben.id, "OWNER", by=ann.id),
        ]
        assert await members(cem, place) == {ben.id: "OWNER", ann.id: "ADMIN", cem.id: "MEMBER"}
        assert await ben.refused("POST", path, {"user_id": ben.id}) == (422, "validation_failed")

    async def test_a_silenced_heir_may_speak_again_because_nobody_could_let_them(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben = await several(client, 2)
        place = await ann.group(ben)
        await ann.done("PATCH", member_of(place, ben), {"silenced_until": SOON})
        await ann.done("POST", path_of(place, "transfer"), {"user_id": ben.id})
        assert (await ben.send(place)).status_code == 201

    async def test_of_two_who_are_given_a_group_at_once_one_has_it(self, client: httpx.AsyncClient) -> None:
        ann, ben, cem = await several(client, 3)
        place = await ann.group(ben, cem)
        path = path_of(place, "transfer")
        answers = await asyncio.gather(*(ann.ask("POST", path, {"user_id": p.id}) for p in (ben, cem)))
        assert sorted(answer.status_code for answer in answers) == [200, 403]
        assert sorted((await members(ann, place)).values()) == ["ADMIN", "MEMBER", "OWNER"]


def _role(user_id: str, role: str, silenced_until: str | None = None, *, by: str) -> dict[str, Any]:
    data = {"user_id": user_id, "role": role, "silenced_until": silenced_until, "by": by}
    return {"member.updated": data}
