"""What becomes of messages: edited, deleted for everyone, deleted for oneself."""

import asyncio
import uuid

import httpx

from tests.scenarios.messages import body, counters, history, say
from tests.scenarios.people import Someone, somebody, verdict
from tests.support.backstage import Backstage, upload


async def system_message(who: Someone, place: str) -> str:
    """The id of the message that the server said first in a group."""
    (first, *_) = await history(who, place)
    assert first["type"] == "SYSTEM"
    return str(first["id"])


class Editing:
    """Supply ``client``, ``backstage``, and ``strict``: a client of servers where the time to edit and delete is over
    at once.
    """

    async def test_an_edit_changes_the_words_and_says_so(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.direct(ben)
        sent = await say(ann, place, content="before")
        edited = await ann.done("PATCH", f"/v1/messages/{sent['id']}", {"content": "after"})
        assert edited == sent | {"content": "after", "revision": 2, "edited_at": edited["edited_at"]}
        assert edited["edited_at"] is not None
        assert await ben.get(f"/v1/messages/{sent['id']}") == edited
        assert await history(ben, place) == [edited]
        (entry,) = (await ben.get("/v1/conversations"))["items"]
        assert (entry["last_message"]["preview"], entry["unread_count"]) == ("after", 1)
        assert await counters(ann, place) == (1, 2)

    async def test_the_same_words_change_nothing(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        place = await ann.direct(ann)
        sent = await say(ann, place, content="words")
        assert await ann.done("PATCH", f"/v1/messages/{sent['id']}", {"content": "words"}) == sent
        assert await counters(ann, place) == (1, 1)

    async def test_a_caption_is_changed_added_and_cleared(
        self, client: httpx.AsyncClient, backstage: Backstage
    ) -> None:
        ann = await somebody(client)
        place = await ann.direct(ann)
        file = await upload(backstage, ann.id)
        sent = await say(ann, place, type="IMAGE", content=None, attachment_ids=[file])
        for caption in ("one", "two", None):
            edited = await ann.done("PATCH", f"/v1/messages/{sent['id']}", {"content": caption})
            assert edited["content"] == caption
            assert edited["attachments"] == sent["attachments"]

    async def test_only_its_sender_may_edit_only_words_and_only_what_is_there(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.group(ben)
        sent = await say(ben, place)
        path = f"/v1/messages/{sent['id']}"
        assert await ann.refused("PATCH", path, {"content": "x"}) == (403, "not_the_sender")
        said = await system_message(ann, place)
        assert await ann.refused("PATCH", f"/v1/messages/{said}", {"content": "x"}) == (403, "forbidden")
        located = await say(
            ben, place, type="LOCATION", content=None, metadata={"latitude": 1, "longitude": 1}
        )
        refused = await ben.refused("PATCH", f"/v1/messages/{located['id']}", {"content": "x"})
        assert refused == (422, "validation_failed")
        assert await ben.refused("PATCH", path, {"content": None}) == (422, "validation_failed")
        await ben.done("DELETE", f"{path}?for=everyone")
        assert await ben.refused("PATCH", path, {"content": "x"}) == (409, "message_deleted")

    async def test_who_expects_an_old_revision_changes_nothing(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.direct(ben)
        sent = await say(ann, place)
        path = f"/v1/messages/{sent['id']}"
        await ben.done("PUT", f"{path}/reactions/👍")
        stale = {"content": "x", "expected_revision": sent["revision"]}
        assert await ann.refused("PATCH", path, stale) == (409, "revision_conflict")
        answers = await asyncio.gather(
            *(ann.ask("PATCH", path, {"content": str(n), "expected_revision": 2}) for n in range(4))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
        assert await counters(ann, place) == (1, 3)

    async def test_after_a_while_nobody_edits_and_only_administrators_delete(
        self, strict: httpx.AsyncClient
    ) -> None:
        ann, ben = await somebody(strict), await somebody(strict)
        place = await ann.group(ben)
        sent = await say(ben, place)
        path = f"/v1/messages/{sent['id']}"
        await asyncio.sleep(0.005)
        assert await ben.refused("PATCH", path, {"content": "x"}) == (403, "edit_window_closed")
        assert await ben.refused("DELETE", f"{path}?for=everyone") == (403, "delete_window_closed")
        await ann.done("DELETE", f"{path}?for=everyone")
        # What is deleted is deleted: asking again is no mistake, however late.
        await ben.done("DELETE", f"{path}?for=everyone")

    async def test_behind_a_block_nothing_the_other_could_notice_is_done(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.direct(ben)
        mine, theirs = await say(ann, place), await say(ben, place)
        await ann.done("PUT", f"/v1/messages/{theirs['id']}/reactions/👍")
        for blocker, other in ((ann, ben), (ben, ann)):
            await blocker.done("PUT", f"/v1/contacts/{other.id}/block")
            before = await counters(ann, place)
            for method, path, given in (
                ("PATCH", f"/v1/messages/{mine['id']}", {"content": "x"}),
                ("PUT", f"/v1/messages/{theirs['id']}/reactions/❤️", None),
                ("DELETE", f"/v1/messages/{theirs['id']}/reactions/👍", None),
                (
                    "POST",
                    f"/v1/messages/{theirs['id']}/forward",
                    {"conversation_ids": [place], "client_message_ids": [str(uuid.uuid4())]},
                ),
            ):
                assert await ann.refused(method, path, given) == (403, "recipient_unavailable"), path
            assert await counters(ann, place) == before
            await blocker.done("DELETE", f"/v1/contacts/{other.id}/block")
        await ben.done("PUT", f"/v1/contacts/{ann.id}/block")
        # Reading on, and deleting, are one's own business.
        assert (await ann.get(f"/v1/messages/{theirs['id']}"))["reactions"][0]["mine"] is True
        await ann.done("DELETE", f"/v1/messages/{theirs['id']}?for=me")
        await ann.done("DELETE", f"/v1/messages/{mine['id']}?for=everyone")


class Deleting:
    """Supply ``client`` and ``backstage``."""

    async def test_for_everyone_leaves_a_tombstone_and_nothing_it_said(
        self, client: httpx.AsyncClient, backstage: Backstage
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.group(ben)
        file = await upload(backstage, ben.id)
        first = await say(ben, place, content="first")
        sent = await say(
            ben, place, type="IMAGE", content="secret", attachment_ids=[file], reply_to_msg_id=first["id"]
        )
        path = f"/v1/messages/{sent['id']}"
        await ann.done("PUT", f"{path}/reactions/👍")
        before = await counters(ann, place)
        for _ in range(2):
            await ben.done("DELETE", f"{path}?for=everyone")
        assert await counters(ann, place) == (before[0], before[1] + 1)
        gone = await ann.get(path)
        assert gone == sent | {
            "revision": before[1] + 1,
            "content": None,
            "reply_to": None,
            "reply_to_msg_id": None,
            "attachments": [],
            "reactions": [],
            "deleted_at": gone["deleted_at"],
        }
        assert gone["deleted_at"] is not None
        assert (await history(ann, place))[-1] == gone
        last = (await ann.get("/v1/conversations"))["items"][0]["last_message"]
        assert (last["preview"], last["deleted"]) == (None, True)
        assert (await ann.get("/v1/conversations"))["items"][0]["unread_count"] == 1

    async def test_who_may(self, client: httpx.AsyncClient) -> None:
        ann, ben, cem = [await somebody(client) for _ in range(3)]
        place, direct = await ann.group(ben, cem), await ann.direct(ben)
        sent, written = await say(ben, place), await say(ben, direct)
        path = f"/v1/messages/{sent['id']}?for=everyone"
        assert await cem.refused("DELETE", path) == (403, "insufficient_role")
        refused = await ann.refused("DELETE", f"/v1/messages/{written['id']}?for=everyone")
        assert refused == (403, "not_the_sender")
        said = await system_message(ann, place)
        assert await ann.refused("DELETE", f"/v1/messages/{said}?for=everyone") == (403, "forbidden")
        await ann.done("DELETE", path)
        assert await cem.refused("DELETE", path) == (403, "insufficient_role")
        for wrong in ("", "?for=", "?for=all", "?for=me&for=me", "?for=me&x=1"):
            refused = await ben.refused("DELETE", f"/v1/messages/{written['id']}{wrong}")
            assert refused == (422, "validation_failed"), wrong
        refused = await ben.refused("DELETE", f"/v1/messages/{written['id']}?for=me", {"for": "everyone"})
        assert refused == (422, "validation_failed")

    async def test_for_me_hides_it_from_me_and_changes_nothing_for_others(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.group(ben)
        one, two = await say(ann, place, content="one"), await say(ann, place, content="two")
        before = await counters(ann, place)
        theirs = await history(ann, place)
        mine = (await ben.get(f"/v1/conversations/{place}"))["me"]
        for _ in range(2):
            await ben.done("DELETE", f"/v1/messages/{two['id']}?for=me")
        now = (await ben.get(f"/v1/conversations/{place}"))["me"]
        assert now == mine | {"my_revision": mine["my_revision"] + 1, "unread_count": 1}
        assert [m["id"] for m in await history(ben, place)][1:] == [one["id"]]
        assert (await ben.get("/v1/conversations"))["items"][0]["last_message"]["preview"] == "one"
        assert await history(ann, place) == theirs
        assert await counters(ann, place) == before
        # Also a tombstone, and what the server said.
        await ann.done("DELETE", f"/v1/messages/{one['id']}?for=everyone")
        for id in (one["id"], await system_message(ben, place)):
            await ben.done("DELETE", f"/v1/messages/{id}?for=me")
        assert await history(ben, place) == []

    async def test_a_repeat_of_a_deleted_message_is_its_tombstone(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        place = await ann.direct(ann)
        given, path = body(content="secret"), f"/v1/conversations/{place}/messages"
        sent = await ann.done("POST", path, given)
        await ann.done("DELETE", f"/v1/messages/{sent['id']}?for=everyone")
        again = await ann.ask("POST", path, given)
        assert (again.status_code, again.json()["content"]) == (200, None)
        assert again.json()["deleted_at"] is not None
        other = await ann.ask("POST", path, given | {"content": "else"})
        assert verdict(other) == (409, "idempotency_conflict")

    async def test_a_repeat_with_a_key_of_what_had_files_only_is_the_tombstone_too(
        self, client: httpx.AsyncClient, backstage: Backstage
    ) -> None:
        ann = await somebody(client)
        place, other = await ann.direct(ann), await ann.group()
        file = await upload(backstage, ann.id)
        given = body(type="IMAGE", attachment_ids=[file])
        where = f"/v1/conversations/{place}/messages"
        sent = await ann.done("POST", where, given, idempotency_key="k")
        copying = {"conversation_ids": [other], "client_message_ids": [str(uuid.uuid4())]}
        forward = f"/v1/messages/{sent['id']}/forward"
        (copy,) = (await ann.done("POST", forward, copying, idempotency_key="k"))["items"]
        for id in (copy["id"], sent["id"]):
            await ann.done("DELETE", f"/v1/messages/{id}?for=everyone")
        again = await ann.done("POST", where, given, idempotency_key="k")
        (copied,) = (await ann.done("POST", forward, copying, idempotency_key="k"))["items"]
        for gone in (again, copied):
            assert gone["deleted_at"] is not None
            assert gone["attachments"] == []
