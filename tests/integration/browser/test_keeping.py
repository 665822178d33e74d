"""How one keeps a conversation in the web client: pinned, silent, put away, cleared; and where one was in it."""

import asyncio
import re
import uuid

import pytest
from playwright.async_api import expect

from tests.support.browser import keeps, message, open_first, reload, say, windows, write_to
from tests.support.server import Person, a_person, serving, settings_for

pytestmark = pytest.mark.timeout(120)


async def _conversation(person: Person, username: str) -> str:
    found = (await person.get(f"/v1/users?query={username}")).json()["items"]
    answer = await person.post("/v1/conversations/direct", {"user_id": found[0]["id"]})
    return str(answer.json()["id"])


async def _say(person: Person, place: str, *texts: str, **more: str) -> None:
    for text in texts:
        body = {"client_message_id": str(uuid.uuid4()), "content": text, **more}
        assert (await person.post(f"/v1/conversations/{place}/messages", body)).status_code == 201


async def test_pins_come_first_the_archive_is_out_of_the_way_and_what_is_muted_says_so() -> None:
    async with serving(settings_for()) as server, windows(server.url) as browser:
        ann = await browser.register("ann_k")
        bob, cid = await a_person(server.url, "bob_k"), await a_person(server.url, "cid_k")
        with_bob, with_cid = await _conversation(bob, "ann_k"), await _conversation(cid, "ann_k")
        await _say(bob, with_bob, "from bob")
        await _say(cid, with_cid, "from cid")
        items = ann.get_by_test_id("conversation-item")
        await expect(items.first).to_contain_text("from cid")

        await items.last.focus()
        await ann.keyboard.press("ContextMenu")
        await expect(ann.get_by_test_id("pin")).to_be_focused()
        await ann.keyboard.press("Enter")
        await expect(items.first).to_contain_text("from bob")
        await expect(items.first.get_by_test_id("pinned")).to_have_count(1)
        await expect(items.first).to_be_focused()
        await keeps(ann, "from cid", "mute", "mute-always")
        await expect(items.last.get_by_test_id("muted")).to_have_count(1)
        await expect(ann).to_have_title("(1) Sentinal Chat")
        await keeps(ann, "from cid", "archive")
        await expect(items).to_have_count(1)
        await _say(cid, with_cid, "muted, so it stays there")
        await keeps(ann, "from bob", "archive")
        await expect(items).to_have_count(0)
        await _say(bob, with_bob, "not muted, so it comes back")
        await expect(items.first).to_contain_text("it comes back")

        phone = await browser.log_in("ann_k")
        await expect(phone.get_by_test_id("pinned")).to_have_count(1)
        await ann.get_by_test_id("archive-switch").click()
        await expect(items).to_have_count(1)
        await expect(items.first).to_contain_text("it stays there")
        await keeps(ann, "it stays there", "archive")
        await expect(ann.get_by_text("Nothing is archived.")).to_be_visible()
        await ann.get_by_test_id("archive-switch").click()
        await expect(items).to_have_count(2)
        await expect(phone.get_by_test_id("conversation-item")).to_have_count(2)

        await open_first(ann)
        await ann.get_by_test_id("thread-more").click()
        await ann.get_by_test_id("clear").click()
        await ann.get_by_test_id("clear-confirm").click()
        await expect(ann.get_by_test_id("message")).to_have_count(0)
        await expect(phone.get_by_test_id("conversation-item").first).to_contain_text("No messages yet")


async def test_one_begins_where_one_left_off_goes_up_without_losing_the_place_and_down_at_once() -> None:
    async with serving(settings_for()) as server, windows(server.url) as browser:
        ann = await browser.register("ann_l")
        bob = await a_person(server.url, "bob_l")
        place = await _conversation(bob, "ann_l")
        await _say(bob, place, "the very first")
        await open_first(ann)
        await say(ann, "read so far")
        await expect(message(ann, "read so far")).to_have_attribute(
            "data-state", re.compile("sent|delivered")
        )
        await ann.keyboard.press("Escape")
        await _say(bob, place, *(f"number {n}" for n in range(1, 121)))
        await expect(ann.get_by_test_id("unread")).to_contain_text("99+")
        await ann.reload()
        await open_first(ann)
        thread = ann.get_by_test_id("messages")

        await expect(ann.get_by_text("New messages", exact=True)).to_be_visible()
        await expect(thread.get_by_text("number 1", exact=True)).to_be_in_viewport()
        await expect(thread.get_by_text("number 120", exact=True)).to_have_count(0)
        await expect(ann.get_by_test_id("unread")).not_to_have_count(0)
        await ann.get_by_test_id("to-bottom").click()
        await expect(thread.get_by_text("number 120", exact=True)).to_be_in_viewport()
        await expect(ann.get_by_test_id("unread")).to_have_count(0)

        await ann.get_by_test_id("messages").hover()
        await ann.mouse.wheel(0, -1500)
        await expect(thread.get_by_text("number 60", exact=True)).to_be_attached()
        await expect(thread.get_by_text("number 80", exact=True)).to_be_in_viewport()
        bob_at = (await bob.get(f"/v1/conversations/{place}/messages?limit=1")).json()["items"][0]["seq_id"]
        await bob.post(f"/v1/conversations/{place}/read", {"up_to_sequence": bob_at})
        await write_to(ann, "bob_l")
        await say(ann, "my answer")
        await expect(message(ann, "my answer")).to_have_attribute("data-state", "sent")
        await bob.post(f"/v1/conversations/{place}/delivered", {"up_to_sequence": bob_at + 1})
        await expect(message(ann, "my answer")).to_have_attribute("data-state", "delivered")
        await bob.post(f"/v1/conversations/{place}/read", {"up_to_sequence": bob_at + 1})
        await expect(message(ann, "my answer")).to_have_attribute("data-state", "read")

        oldest = (await bob.get(f"/v1/conversations/{place}/messages?before=2")).json()["items"][0]["id"]
        await _say(bob, place, "where it began", reply_to_msg_id=oldest)
        await reload(ann)
        await message(ann, "where it began").get_by_test_id("jump").click()
        await expect(message(ann, "the very first").first).to_be_in_viewport()
        await thread.hover()
        while await ann.get_by_test_id("to-bottom").count():
            await ann.mouse.wheel(0, 900)
            await asyncio.sleep(0.02)
        await expect(message(ann, "where it began")).to_be_in_viewport()
        shown = await ann.get_by_test_id("message").evaluate_all(
            "rows => rows.map(row => Number(row.dataset.seq))"
        )
        assert shown == list(range(1, bob_at + 3))
