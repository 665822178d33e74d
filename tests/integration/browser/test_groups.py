"""A group in the web client: made, led, changed, handed over and left, each offered to those who may."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.support.browser import make_group, message, open_first, say, windows
from tests.support.server import serving, settings_for

pytestmark = pytest.mark.timeout(120)


async def _about(page: Page, part: str = "members") -> Locator:
    await page.get_by_test_id("about").click()
    await page.get_by_test_id(f"group-{part}").click()
    return page.get_by_test_id("group-info")


async def _with(page: Page, name: str, *choices: str) -> None:
    member = page.get_by_test_id("member").filter(has_text=name)
    await member.get_by_test_id("member-more").click()
    for choice in choices:
        await page.get_by_test_id(choice).click()


async def test_a_group_is_made_led_handed_over_and_left() -> None:
    async with serving(settings_for()) as server, windows(server.url) as browser:
        ann = await browser.register("ann_g")
        bob = await browser.register("bob_g")
        cid = await browser.register("cid_g")
        await make_group(ann, "Climbing", "bob_g")
        await say(ann, "welcome")
        await open_first(bob)
        await expect(message(bob, "Ann_G created the group")).to_have_count(1)
        await expect(message(ann, "welcome")).to_have_attribute("data-state", "read")

        info = await _about(bob)
        await expect(info.get_by_test_id("member")).to_have_count(2)
        await expect(info.get_by_test_id("add-members")).to_have_count(0)
        await expect(info.get_by_test_id("group-settings")).to_have_count(0)
        await info.get_by_test_id("member-more").click()
        await expect(bob.get_by_test_id("member-menu").get_by_role("menuitem")).to_have_count(1)
        await bob.keyboard.press("Escape")
        await expect(info).to_be_visible()

        led = await _about(ann)
        await led.get_by_test_id("add-members").click()
        await led.get_by_test_id("people-search").fill("cid_g")
        await led.get_by_test_id("person").filter(has_text="@cid_g").click()
        await led.get_by_test_id("add-confirm").click()
        await expect(info.get_by_test_id("member")).to_have_count(3)
        await expect(message(bob, "Ann_G added Cid_G")).to_have_count(1)
        await open_first(cid)

        await _with(ann, "Cid_G", "silence", "silence-hour")
        await expect(cid.get_by_text("You cannot post here at the moment.")).to_be_visible()
        await _with(ann, "Cid_G", "unsilence")
        await say(cid, "thank you")
        await _with(ann, "Bob_G", "promote")
        await expect(info.get_by_test_id("group-settings")).to_be_visible()
        await _with(bob, "Cid_G", "expel", "expel-confirm")
        await expect(cid.get_by_test_id("conversation-item")).to_have_count(0)
        await expect(led.get_by_test_id("member")).to_have_count(2)

        await _with(ann, "Bob_G", "transfer", "transfer-confirm")
        await expect(info.get_by_test_id("member").first).to_have_attribute("data-role", "OWNER")
        await led.get_by_test_id("group-leaving").click()
        await expect(led.get_by_test_id("close-group")).to_have_count(0)
        await led.get_by_test_id("leave-group").click()
        await led.get_by_test_id("leave-group-confirm").click()
        await expect(ann.get_by_test_id("conversation-item")).to_have_count(0)
        await expect(message(bob, "Ann_G left")).to_have_count(1)
        await info.get_by_test_id("group-leaving").click()
        await expect(info).to_contain_text("the group closes when you leave")


async def test_what_a_group_is_called_and_who_may_post_is_seen_by_all_at_once() -> None:
    async with serving(settings_for()) as server, windows(server.url) as browser:
        ann = await browser.register("ann_h")
        bob = await browser.register("bob_h")
        await ann.get_by_test_id("new-group").click()
        await ann.get_by_test_id("create-group").click()
        await expect(ann.locator("#group-subject-note")).to_have_text("A group needs a subject.")
        await ann.keyboard.press("Escape")
        await make_group(ann, "Rowing", "bob_h")
        await open_first(bob)

        info = await _about(ann, "settings")
        await info.locator("[name=subject]").fill("  ")
        await info.get_by_test_id("save-group").click()
        await expect(info.locator("#group-settings-subject-note")).to_have_text("A group needs a subject.")
        await info.locator("[name=subject]").fill("Rowing <at> six")
        await info.locator("[name=description]").fill("Bring oars.")
        await info.get_by_test_id("announcing").check()
        await info.get_by_test_id("expiry").select_option("86400")
        await info.get_by_test_id("save-group").click()
        await ann.keyboard.press("Escape")

        await expect(bob.get_by_test_id("thread-title")).to_have_text("Rowing <at> six")
        await expect(bob.get_by_text("Only admins post here.")).to_be_visible()
        await expect(message(bob, "changed the subject to “Rowing <at> six”")).to_have_count(1)
        await expect(message(bob, re.compile("disappear after 1 day"))).to_have_count(1)
        seen = await _about(bob)
        await expect(seen.get_by_test_id("group-description")).to_have_text("Bring oars.")

        await _about(ann, "leaving")
        await expect(ann.get_by_test_id("successor")).to_contain_text("Bob_H (next in line)")
        await ann.get_by_test_id("close-group").click()
        await ann.get_by_test_id("close-group-confirm").click()
        await expect(bob.get_by_test_id("conversation-item")).to_have_count(0)
        await expect(ann.get_by_test_id("conversation-item")).to_have_count(0)
