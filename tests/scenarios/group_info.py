"""What a conversation is called and how it works: changing it, and not overwriting what somebody else changed."""

import asyncio

import httpx

from entrypoints.container import Container
from tests.scenarios.group_stage import add, head, path_of, said, told, told_of
from tests.scenarios.groups import several
from tests.scenarios.people import verdict


class Info:
    """Changing what a conversation says of itself. Supply ``client`` and ``container``."""

    async def test_only_what_really_changes_is_said_and_told(
        self, client: httpx.AsyncClient, container: Container
    ) -> None:
        ann, ben = await several(client, 2)
        place = await ann.group(ben)
        change = {
            "subject": " Another ",
            "description": "words",
            "expiry_seconds": 60,
            "post_policy": "ADMINS",
        }
        answer = await ann.done("PATCH", path_of(place), change)
        stored = {**change, "subject": "Another"}
        assert {name: answer[name] for name in change} == stored
        assert await ann.get(path_of(place)) == answer
        for body in (change, {}, {"subject": "Another"}, {"description": " words "}):
            assert await ann.done("PATCH", path_of(place), body) == answer
        assert await told_of(container, place, 1) == [
            {"event": "subject_changed", "subject": "Another"},
            {"event": "expiry_changed", "seconds": 60},
            {"conversation.updated": stored},
        ]
        since = await head(ann, place)
        cleared = await ann.done("PATCH", path_of(place), {"description": "  ", "expiry_seconds": None})
        assert (cleared["description"], cleared["expiry_seconds"]) == (None, None)
        assert await told_of(container, place, since) == [
            {"event": "expiry_changed", "seconds": None},
            {"conversation.updated": {"description": None, "expiry_seconds": None}},
        ]
        since = await head(ann, place)
        await ann.done("PATCH", path_of(place), {"post_policy": "ALL", "subject": "Another"})
        assert await told_of(container, place, since) == [{"conversation.updated": {"post_policy": "ALL"}}]

    async def test_it_takes_effect_for_everybody(self, client: httpx.AsyncClient) -> None:
        ann, ben = await several(client, 2)
        place = await ann.group(ben)
        await ann.done("PATCH", path_of(place), {"post_policy": "ADMINS", "expiry_seconds": 3600})
        assert verdict(await ben.send(place)) == (403, "posting_restricted")
        assert (await ann.send(place)).json()["expires_at"] is not None
        await ann.done("PATCH", path_of(place), {"post_policy": "ALL", "expiry_seconds": None})
        assert (await ben.send(place)).json()["expires_at"] is None

    async def test_the_entity_tag_is_of_the_info_and_not_of_the_news(self, client: httpx.AsyncClient) -> None:
        ann, ben, cem = await several(client, 3)
        place = await ann.group(ben)

        async def tag() -> str:
            return (await ann.ask("GET", path_of(place))).headers["etag"]

        first = await tag()
        await ben.send(place)
        await add(ann, place, cem)
        await ann.done("POST", path_of(place, "read"), {"up_to_sequence": 2})
        assert (await ben.ask("GET", path_of(place))).headers["etag"] == await tag() == first
        changed = await ann.ask("PATCH", path_of(place), {"subject": "Another"}, if_match=first)
        assert (changed.status_code, changed.headers["etag"]) == (200, await tag())
        assert await tag() != first
        since = await head(ann, place)
        stale = await ann.refused("PATCH", path_of(place), {"subject": "Third"}, if_match=first)
        assert stale == (412, "precondition_failed")
        assert await head(ann, place) == since
        await ann.done("PATCH", path_of(place), {"subject": "Third"}, if_match="*")
        both = await ann.ask("PATCH", path_of(place), {"subject": "4"}, if_match=f'"x", {await tag()}')
        assert both.status_code == 200

    async def test_of_several_who_name_one_state_at_once_one_changes_it(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben = await several(client, 2)
        place = await ann.group(ben)
        tag = (await ann.ask("GET", path_of(place))).headers["etag"]
        answers = await asyncio.gather(
            *(ann.ask("PATCH", path_of(place), {"subject": f"{n}"}, if_match=tag) for n in range(4))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]

    async def test_either_side_of_a_direct_conversation_says_how_long_messages_live(
        self, client: httpx.AsyncClient, container: Container
    ) -> None:
        ann, ben = await several(client, 2)
        place = await ann.direct(ben)
        await ann.send(place)
        for who, seconds in ((ann, 60), (ben, 90), (ann, None)):
            answer = await who.done("PATCH", path_of(place), {"expiry_seconds": seconds})
            assert (answer["expiry_seconds"], answer["peer"]["id"]) == (
                seconds,
                ({ann.id, ben.id} - {who.id}).pop(),
            )
        assert await told_of(container, place, 1) == [
            each
            for seconds in (60, 90, None)
            for each in (
                {"event": "expiry_changed", "seconds": seconds},
                {"conversation.updated": {"expiry_seconds": seconds}},
            )
        ]
        assert (await ben.get(path_of(place)))["me"]["unread_count"] == 1
        for body in ({"subject": "x"}, {"description": None}, {"post_policy": "ALL"}):
            both = {**body, "expiry_seconds": 60}
            for given in (body, both):
                assert await ann.refused("PATCH", path_of(place), given) == (409, "not_a_group")
        stale = await ann.refused("PATCH", path_of(place), {"subject": "x"}, if_match='"stale"')
        assert stale == (412, "precondition_failed")
        assert (await ann.get(path_of(place)))["expiry_seconds"] is None

    async def test_the_first_thing_said_in_a_direct_conversation_introduces_it(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben = await several(client, 2)
        place = await ann.direct(ben)
        assert (await ben.get("/v1/conversations"))["items"] == []
        await ann.done("PATCH", path_of(place), {"expiry_seconds": 60})
        (entry,) = (await ben.get("/v1/conversations"))["items"]
        assert entry["conversation"]["expiry_seconds"] == 60
        assert [m["metadata"]["event"] for m in await said(ben, place)] == ["expiry_changed"]
        saved = await ann.direct(ann)
        await ann.done("PATCH", path_of(saved), {"expiry_seconds": 60})

    async def test_nothing_is_changed_across_a_block(
        self, client: httpx.AsyncClient, container: Container
    ) -> None:
        ann, ben = await several(client, 2)
        place = await ann.direct(ben)
        await ann.send(place)
        await ben.done("PUT", f"/v1/contacts/{ann.id}/block")
        for who in (ann, ben):
            refused = await who.refused("PATCH", path_of(place), {"expiry_seconds": 60})
            assert refused == (403, "recipient_unavailable")
        assert len(await told(container, place)) == 1
