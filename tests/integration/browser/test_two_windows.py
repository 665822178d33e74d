"""Two people in two browser windows: what one types appears in the other, without a reload."""

import os

import pytest
from playwright.async_api import expect

from tests.support.browser import message, reload, say, windows, write_to
from tests.support.server import serving, settings_for


@pytest.mark.timeout(180)
async def test_what_one_types_appears_in_the_other(fresh_database: str, redis: str) -> None:
    async with (
        serving(settings_for(fresh_database, redis)) as server,
        windows(server.url) as browser,
    ):
        ann = await browser.sign_up("ann_b")
        bob = await browser.sign_up("bob_b")

        await write_to(ann, "bob_b")
        await say(ann, "hello bob <b>")

        await bob.get_by_test_id("conversation-item").first.click(timeout=15_000)
        await expect(message(bob, "hello bob <b>")).to_have_count(1)
        await say(bob, "hello ann")
        await expect(message(ann, "hello ann")).to_have_count(1)
        await expect(message(ann, "hello bob <b>")).to_have_attribute("data-state", "read", timeout=15_000)

        await reload(bob)
        await expect(message(bob, "hello ann")).to_have_count(1)
        if picture := os.environ.get("SENTINAL_SCREENSHOT"):
            await ann.screenshot(path=picture)
