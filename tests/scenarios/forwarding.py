"""Forwarding messages."""

import asyncio
import uuid
from typing import Any

import httpx

from tests.scenarios.changing import system_message
from tests.scenarios.messages import CARD, counters, history, say
from tests.scenarios.people import Someone, somebody, verdict
from tests.support.backstage import Backstage, upload


def to(*places: str) -> dict[str, Any]:
    return {"conversation_ids": list(places), "client_message_ids": [str(uuid.uuid4()) for _ in places]}


async def forward(who: Someone, message: dict[str, Any], *places: str) -> list[dict[str, Any]]:
    answer = await who.done("POST", f"/v1/messages/{message['id']}/forward", to(*places))
    items: list[dict[str, Any]] = answer["items"]
    return items


class Forwarding:
    """Supply ``client`` and ``backstage``."""

    async def test_copies_say_the_same_and_tell_their_origin_to_who_can_see_it(
        self, client: httpx.AsyncClient, backstage: Backstage
    ) -> None:
        ann, ben, cem = [await somebody(client) for _ in range(3)]
        private = await ann.direct(cem)
        places = [await ann.group(ben), await ann.direct(ben), private]
        files = [await upload(backstage, cem.id) for _ in range(2)]
        for fields in (
            {"content": "words"},
            {"type": "IMAGE", "content": "caption", "attachment_ids": files},
            {"type": "CONTACT", "content": None, "metadata": CARD},
        ):
            sent = await say(cem, private, **fields)
            copies = await forward(ann, sent, *places)
            for place, copy in zip(places, copies, strict=True):
                assert (copy["conversation_id"], copy["sender_id"]) == (place, ann.id)
                assert (copy["type"], copy["content"]) == (sent["type"], sent["content"])
                assert copy["metadata"] == (sent["metadata"] or {}) | {"forward_depth": 1}
                assert copy["attachments"] == sent["attachments"]
                assert (copy["is_forwarded"], copy["forwarded_from_msg_id"]) == (True, sent["id"])
                assert copy["reply_to"] is None
                assert (await history(ann, place))[-1] == copy
            for place, copy in zip(places[:2], copies, strict=False):
                seen = (await history(ben, place))[-1]
                assert seen == copy | {"forwarded_from_msg_id": None}
            # One hop more, and no longer from where it began.
            (again,) = await forward(ben, copies[0], places[1])
            assert again["metadata"]["forward_depth"] == 2
            assert again["forwarded_from_msg_id"] == copies[0]["id"]
            assert again["attachments"] == sent["attachments"]

    async def test_what_becomes_of_the_original_changes_nothing_about_a_copy(
        self, client: httpx.AsyncClient, backstage: Backstage
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place, group = await ann.direct(ben), await ann.group()
        file = await upload(backstage, ben.id)
        sent = await say(ben, place, type="FILE", content="before", attachment_ids=[file])
        (copy,) = await forward(ann, sent, group)
        await ben.done("PATCH", f"/v1/messages/{sent['id']}", {"content": "after"})
        assert (await history(ann, group))[-1] == copy
        await ben.done("DELETE", f"/v1/messages/{sent['id']}?for=everyone")
        assert (await history(ann, group))[-1] == copy
        await ann.done("DELETE", f"/v1/messages/{sent['id']}?for=me")
        assert (await history(ann, group))[-1] == copy | {"forwarded_from_msg_id": None}

    async def test_all_of_it_or_nothing_and_the_first_refusal_says_where(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben, cem = [await somebody(client) for _ in range(3)]
        source, fine = await ann.direct(ben), await ann.group(ben)
        blocked, foreign = await ann.direct(cem), await ben.group()
        sent = await say(ben, source)
        announcing = {"subject": "a", "member_ids": [ann.id], "post_policy": "ADMINS"}
        created = await ben.done("POST", "/v1/conversations/groups", announcing)
        restricted = created["conversation"]["id"]
        await cem.done("PUT", f"/v1/contacts/{ann.id}/block")
        before = await counters(ann, fine)
        for wrong, wanted in (
            (blocked, (403, "recipient_unavailable")),
            (foreign, (404, "conversation_not_found")),
            (restricted, (403, "posting_restricted")),
            (str(uuid.uuid4()), (404, "conversation_not_found")),
        ):
            response = await ann.ask("POST", f"/v1/messages/{sent['id']}/forward", to(fine, source, wrong))
            assert verdict(response) == wanted
            assert [each["pointer"] for each in response.json()["errors"]] == ["/conversation_ids/2"]
        every = to(fine, restricted, foreign)
        response = await ann.ask("POST", f"/v1/messages/{sent['id']}/forward", every)
        assert response.json()["errors"][0]["pointer"] == "/conversation_ids/1"
        assert await counters(ann, fine) == before
        assert len(await history(ann, source)) == 1

    async def test_a_repeat_is_the_same_copies(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        places = [await ann.group() for _ in range(3)]
        sent, other = await say(ann, places[0]), await say(ann, places[0])
        path, given = f"/v1/messages/{sent['id']}/forward", to(*places)
        answers = await asyncio.gather(*(ann.ask("POST", path, given) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
        assert all(answer.json() == answers[0].json() for answer in answers)
        for wrong in (
            {**given, "conversation_ids": list(reversed(places))},
            {**given, "client_message_ids": [*given["client_message_ids"][:2], str(uuid.uuid4())]},
        ):
            assert await ann.refused("POST", path, wrong) == (409, "idempotency_conflict")
        elsewhere = f"/v1/messages/{other['id']}/forward"
        assert await ann.refused("POST", elsewhere, given) == (409, "idempotency_conflict")
        as_sent = {"client_message_id": given["client_message_ids"][0], "content": "words"}
        refused = await ann.refused("POST", f"/v1/conversations/{places[0]}/messages", as_sent)
        assert refused == (409, "idempotency_conflict")
        assert [len(await history(ann, place)) for place in places] == [4, 2, 2]

    async def test_what_the_server_said_and_what_is_deleted_is_not_forwarded(
        self, client: httpx.AsyncClient
    ) -> None:
        ann = await somebody(client)
        place = await ann.group()
        said, sent = await system_message(ann, place), await say(ann, place)
        await ann.done("DELETE", f"/v1/messages/{sent['id']}?for=everyone")
        assert await ann.refused("POST", f"/v1/messages/{said}/forward", to(place)) == (403, "forbidden")
        refused = await ann.refused("POST", f"/v1/messages/{sent['id']}/forward", to(place))
        assert refused == (409, "message_deleted")

    async def test_a_copy_lives_as_long_as_messages_live_where_it_goes(
        self, client: httpx.AsyncClient
    ) -> None:
        ann = await somebody(client)
        body = {"subject": "a", "member_ids": [], "expiry_seconds": 60}
        place = (await ann.done("POST", "/v1/conversations/groups", body))["conversation"]["id"]
        lasting = await ann.group()
        fleeting = await say(ann, place)
        assert fleeting["expires_at"] is not None
        gone, kept = await forward(ann, fleeting, place, lasting)
        assert gone["expires_at"] is not None
        assert kept["expires_at"] is None
