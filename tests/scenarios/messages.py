"""Sending whatever can be sent, answering it, and looking at it."""

import asyncio
import uuid
from typing import Any

import httpx
import pytest

from tests.scenarios.people import Someone, problem, somebody, verdict
from tests.support.backstage import Backstage, upload

CARRIERS = ("IMAGE", "VIDEO", "AUDIO", "FILE", "GIF", "STICKER")
PLACE = {"latitude": 52.5, "longitude": -13.25, "label": "Grüße"}
CARD = {"display_name": "Dan", "phone_number": "+49301234567"}


def body(**fields: Any) -> dict[str, Any]:
    """A message's body under a new client id."""
    return {"client_message_id": str(uuid.uuid4()), **fields}


async def say(who: Someone, place: str, **fields: Any) -> dict[str, Any]:
    """Send, and return the message."""
    path = f"/v1/conversations/{place}/messages"
    said: dict[str, Any] = await who.done("POST", path, body(**{"content": "words"} | fields))
    return said


async def history(who: Someone, place: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await who.get(f"/v1/conversations/{place}/messages"))["items"]
    return items


async def counters(who: Someone, place: str) -> tuple[int, int]:
    """The last sequence and revision of a conversation."""
    found = await who.get(f"/v1/conversations/{place}")
    return found["last_sequence"], found["revision"]


class Messages:
    """Every type there is. Supply ``client`` and ``backstage``."""

    @pytest.mark.parametrize("type", CARRIERS)
    async def test_files_are_carried_in_order_with_a_caption_or_without(
        self, client: httpx.AsyncClient, backstage: Backstage, type: str
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.direct(ben)
        files = [await upload(backstage, ann.id, width=n, height=2, duration_ms=3) for n in range(10)]
        wanted = [files[3], files[0], *files[4:], files[1], files[2]]
        for caption in (None, "a caption"):
            sent = await say(ann, place, type=type, content=caption, attachment_ids=wanted)
            assert (sent["type"], sent["content"], sent["metadata"]) == (type, caption, None)
            assert [each["id"] for each in sent["attachments"]] == wanted
            assert sent["attachments"][0] == {
                "id": files[3],
                "filename": "a file.png",
                "mime_type": "image/png",
                "size_bytes": 7,
                "url": f"/v1/attachments/{files[3]}/content",
                "created_at": sent["attachments"][0]["created_at"],
                "width": 3,
                "height": 2,
                "duration_ms": 3,
                "thumbnail_url": None,
            }
            assert await ben.get(f"/v1/messages/{sent['id']}") == sent
            assert (await history(ben, place))[-1] == sent

    async def test_only_what_is_ones_own_and_complete_can_be_sent(
        self, client: httpx.AsyncClient, backstage: Backstage
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.direct(ben)
        mine, theirs = await upload(backstage, ann.id), await upload(backstage, ben.id)
        unfinished = await upload(backstage, ann.id, completed_at=None)
        deleted = await upload(backstage, ann.id, deleted_at=None)
        nobodys = str(uuid.uuid4())
        path = f"/v1/conversations/{place}/messages"
        for wrong in (theirs, nobodys):
            response = await ann.ask("POST", path, body(type="IMAGE", attachment_ids=[mine, wrong]))
            assert verdict(response) == (404, "attachment_not_found")
            assert response.json()["errors"][0]["pointer"] == "/attachment_ids/1"
        unready = body(type="IMAGE", attachment_ids=[mine, deleted, unfinished])
        response = await ann.ask("POST", path, unready)
        assert verdict(response) == (409, "attachment_not_ready")
        assert response.json()["errors"][0]["pointer"] == "/attachment_ids/2"
        both = await ann.ask("POST", path, body(type="FILE", attachment_ids=[unfinished, theirs]))
        assert verdict(both) == (404, "attachment_not_found")
        assert await counters(ann, place) == (0, 0)

    async def test_places_and_cards_are_kept_as_they_were_sent(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.direct(ben)
        for type, metadata in (
            ("LOCATION", PLACE),
            ("LOCATION", {"latitude": -90, "longitude": 180}),
            ("CONTACT", CARD),
            ("CONTACT", {"user_id": ben.id}),
        ):
            sent = await say(ann, place, type=type, content=None, metadata=metadata)
            assert (sent["metadata"], sent["content"], sent["attachments"]) == (metadata, None, [])
            assert await ben.get(f"/v1/messages/{sent['id']}") == sent
        (entry,) = (await ben.get("/v1/conversations"))["items"]
        assert (entry["last_message"]["type"], entry["last_message"]["preview"]) == ("CONTACT", None)

    async def test_a_repeat_is_the_message_as_it_is_now_and_any_other_body_a_conflict(
        self, client: httpx.AsyncClient, backstage: Backstage
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place, other = await ann.direct(ben), await ann.group(ben)
        target = await say(ben, place, content="first")
        file, another = await upload(backstage, ann.id), await upload(backstage, ann.id)
        given = body(type="IMAGE", content="a", attachment_ids=[file], reply_to_msg_id=target["id"])
        path = f"/v1/conversations/{place}/messages"
        sent = await ann.ask("POST", path, given)
        assert sent.status_code == 201
        await ben.done("PUT", f"/v1/messages/{sent.json()['id']}/reactions/👍")
        await ann.done("PATCH", f"/v1/messages/{sent.json()['id']}", {"content": "b"})
        await ben.done("PATCH", f"/v1/messages/{target['id']}", {"content": "changed"})
        again = await ann.ask("POST", path, given)
        assert again.status_code == 200
        now = again.json()
        assert now == await ann.get(f"/v1/messages/{sent.json()['id']}")
        assert (now["content"], now["reply_to"]["content"]) == ("b", "changed")
        assert [each["id"] for each in now["attachments"]] == [file]
        assert now["reactions"] == [{"reaction_code": "👍", "count": 1, "mine": False}]
        for change in (
            {"content": "b"},
            {"content": None},
            {"type": "VIDEO"},
            {"attachment_ids": [another]},
            {"attachment_ids": [file, another]},
            {"reply_to_msg_id": None},
        ):
            response = await ann.ask("POST", path, given | change)
            assert verdict(response) == (409, "idempotency_conflict"), change
        elsewhere = await ann.ask("POST", f"/v1/conversations/{other}/messages", given)
        assert verdict(elsewhere) == (409, "idempotency_conflict")
        location = body(type="LOCATION", metadata=PLACE)
        assert (await ann.ask("POST", path, location)).status_code == 201
        in_other_order = location | {"metadata": dict(reversed(PLACE.items()))}
        assert (await ann.ask("POST", path, in_other_order)).status_code == 200
        moved = location | {"metadata": PLACE | {"latitude": 1}}
        assert verdict(await ann.ask("POST", path, moved)) == (409, "idempotency_conflict")

    async def test_a_retry_after_being_removed_still_gets_its_answer(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.direct(ben)
        given = body(content="hello")
        path = f"/v1/conversations/{place}/messages"
        sent = await ann.done("POST", path, given)
        await ben.done("PUT", f"/v1/contacts/{ann.id}/block")
        again = await ann.ask("POST", path, given)
        assert (again.status_code, again.json()) == (200, sent)
        assert verdict(await ann.ask("POST", path, body(content="more"))) == (403, "recipient_unavailable")


class Replies:
    """Answering a message. Supply ``client`` and ``backstage``."""

    async def test_a_reply_shows_the_beginning_of_what_it_answers(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.direct(ben)
        target = await say(ann, place, content="x" * 200)
        reply = await say(ben, place, reply_to_msg_id=target["id"])
        assert reply["reply_to_msg_id"] == target["id"]
        assert reply["reply_to"] == {
            "id": target["id"],
            "sender_id": ann.id,
            "type": "TEXT",
            "content": "x" * 140,
            "deleted": False,
        }
        assert (await history(ann, place))[-1] == reply
        assert await ann.get(f"/v1/messages/{reply['id']}") == reply
        await ann.done("DELETE", f"/v1/messages/{target['id']}?for=everyone")
        (_, seen) = await history(ben, place)
        assert seen["reply_to"] == reply["reply_to"] | {"content": None, "deleted": True}

    async def test_what_is_elsewhere_or_not_for_oneself_cannot_be_answered(
        self, client: httpx.AsyncClient, backstage: Backstage
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place, other = await ann.direct(ben), await ann.group(ben)
        elsewhere = (await say(ann, other))["id"]
        hidden, expired = (await say(ann, place))["id"], (await say(ann, place))["id"]
        await ben.done("DELETE", f"/v1/messages/{hidden}?for=me")
        await backstage.expire(expired)
        before = await counters(ben, place)
        answers = []
        for id in (elsewhere, hidden, expired, str(uuid.uuid4())):
            path = f"/v1/conversations/{place}/messages"
            answers.append(problem(await ben.ask("POST", path, body(content="a", reply_to_msg_id=id))))
        assert answers[0][0] == 422
        assert answers[0][1]["code"] == "reply_target_not_found"
        assert answers[0][1]["errors"][0]["pointer"] == "/reply_to_msg_id"
        assert all(answer == answers[0] for answer in answers)
        assert await counters(ben, place) == before

    async def test_who_cannot_see_the_target_sees_no_preview(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.direct(ben)
        target = await say(ann, place, content="secret")
        reply = await say(ann, place, reply_to_msg_id=target["id"])
        await ben.done("DELETE", f"/v1/messages/{target['id']}?for=me")
        for seen in (*(await history(ben, place)), await ben.get(f"/v1/messages/{reply['id']}")):
            assert seen["reply_to"] is None
        assert (await ann.get(f"/v1/messages/{reply['id']}"))["reply_to"]["content"] == "secret"


class Looking:
    """One message, and for whom it is there. Supply ``client`` and ``backstage``."""

    async def test_what_one_cannot_see_is_as_unknown_as_what_is_not_there(
        self, client: httpx.AsyncClient, backstage: Backstage
    ) -> None:
        ann, ben, cem = [await somebody(client) for _ in range(3)]
        place = await ann.group(ben)
        hidden, expired, kept = [(await say(ann, place))["id"] for _ in range(3)]
        await ben.done("DELETE", f"/v1/messages/{hidden}?for=me")
        await backstage.expire(expired)
        before = await counters(ann, place)
        wanted = problem(await ben.ask("GET", f"/v1/messages/{uuid.uuid4()}"))
        assert (wanted[0], wanted[1]["code"]) == (404, "message_not_found")
        for method, path, given in (
            ("GET", "/v1/messages/{}", None),
            ("GET", "/v1/messages/{}/reactions", None),
            ("PATCH", "/v1/messages/{}", {"content": "x"}),
            ("DELETE", "/v1/messages/{}?for=everyone", None),
            ("PUT", "/v1/messages/{}/reactions/👍", None),
            ("DELETE", "/v1/messages/{}/reactions/👍", None),
            ("POST", "/v1/messages/{}/forward", {"conversation_ids": [place], "client_message_ids": [place]}),
        ):
            for who, id in (
                (ben, hidden),
                (ben, expired),
                (cem, kept),
                (ben, uuid.uuid4()),
                (ben, "nonsense"),
            ):
                assert problem(await who.ask(method, path.format(id), given)) == wanted, (method, path, id)
        for who, id in ((ben, expired), (cem, kept), (ben, uuid.uuid4()), (ben, "nonsense")):
            assert problem(await who.ask("DELETE", f"/v1/messages/{id}?for=me")) == wanted
        assert await counters(ann, place) == before
        assert (await ben.get(f"/v1/messages/{kept}"))["id"] == kept

    async def test_an_expired_message_is_nowhere_and_then_wiped_without_a_word(
        self, client: httpx.AsyncClient, backstage: Backstage
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.direct(ben)
        first, second = await say(ann, place, content="stays"), await say(ann, place, content="goes")
        before = await counters(ann, place)
        assert (await ben.get("/v1/conversations"))["items"][0]["last_message"]["preview"] == "goes"
        await backstage.expire(second["id"])
        async with asyncio.timeout(20):
            while await backstage.says(second["id"]) is not None:
                assert [m["id"] for m in await history(ben, place)] == [first["id"]]
                (entry,) = (await ben.get("/v1/conversations"))["items"]
                assert (entry["last_message"]["preview"], entry["unread_count"]) == ("stays", 1)
                await asyncio.sleep(0.02)
        assert await backstage.says(first["id"]) == "stays"
        assert await counters(ann, place) == before

    async def test_who_left_sees_what_was_said_so_far_as_it_is_now_and_may_only_look_hide_and_forward(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place, own = await ann.group(ben), await ben.group()
        one, two, mine = [await say(who, place) for who in (ann, ann, ben)]
        await ben.done("POST", f"/v1/conversations/{place}/leave")
        later = await say(ann, place)
        wanted = (404, "message_not_found")
        assert await ben.refused("GET", f"/v1/messages/{later['id']}") == wanted
        assert await ben.refused("DELETE", f"/v1/messages/{later['id']}?for=me") == wanted
        await ann.done("PATCH", f"/v1/messages/{one['id']}", {"content": "changed"})
        await ann.done("DELETE", f"/v1/messages/{two['id']}?for=everyone")
        assert (await ben.get(f"/v1/messages/{one['id']}"))["content"] == "changed"
        assert (await ben.get(f"/v1/messages/{two['id']}"))["content"] is None
        before = await counters(ann, place)
        for method, path, given in (
            ("PATCH", "/v1/messages/{}", {"content": "x"}),
            ("DELETE", "/v1/messages/{}?for=everyone", None),
            ("PUT", "/v1/messages/{}/reactions/:a:", None),
            ("DELETE", "/v1/messages/{}/reactions/:a:", None),
        ):
            for message in (mine, one):
                refused = await ben.refused(method, path.format(message["id"]), given)
                assert refused == (403, "not_a_participant"), (method, path)
        to_own = {"conversation_ids": [own], "client_message_ids": [str(uuid.uuid4())]}
        (copy,) = (await ben.done("POST", f"/v1/messages/{one['id']}/forward", to_own))["items"]
        assert (copy["content"], copy["forwarded_from_msg_id"]) == ("changed", one["id"])
        await ben.done("DELETE", f"/v1/messages/{one['id']}?for=me")
        assert await ben.refused("GET", f"/v1/messages/{one['id']}") == wanted
        assert (await history(ben, own))[-1]["forwarded_from_msg_id"] is None
        assert await counters(ann, place) == before

    async def test_a_closed_group_has_no_messages(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        place = await ann.group()
        sent = await say(ann, place)
        await ann.done("DELETE", f"/v1/conversations/{place}")
        for method, path in (("GET", ""), ("DELETE", "?for=me"), ("DELETE", "?for=everyone")):
            refused = await ann.refused(method, f"/v1/messages/{sent['id']}{path}")
            assert refused == (404, "message_not_found")
