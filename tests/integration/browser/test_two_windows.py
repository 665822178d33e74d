"""Two people in two browser windows: what one types appears in the other, without a reload."""

import os
import shutil

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.support.server import serving, settings_for

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "correct horse"


async def _register(page: Page, url: str, name: str) -> None:
    await page.goto(url)
    await page.get_by_test_id("show-register").click()
    form = page.locator("#register-form")
    await form.locator("[name=username]").fill(name)
    await form.locator("[name=display_name]").fill(name.title())
    await form.locator("[name=password]").fill(PASSWORD)
    await form.locator("[type=submit]").click()
    await expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "online", timeout=15_000)


async def _say(page: Page, text: str) -> None:
    await page.get_by_test_id("composer").fill(text)
    await page.get_by_test_id("composer").press("Enter")


@pytest.mark.timeout(180)
async def test_what_one_types_appears_in_the_other(fresh_database: str, redis: str) -> None:
    async with (
        serving(settings_for(fresh_database, redis)) as server,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        ann = await (await browser.new_context(viewport={"width": 1100, "height": 700})).new_page()
        bob = await (await browser.new_context(viewport={"width": 1100, "height": 700})).new_page()
        await _register(ann, server.url, "ann_b")
        await _register(bob, server.url, "bob_b")

        await ann.get_by_test_id("new-direct").click()
        await ann.get_by_test_id("people-search").fill("bob_b")
        await ann.get_by_test_id("person").first.click()
        await _say(ann, "hello bob <b>")

        await bob.get_by_test_id("conversation-item").first.click(timeout=15_000)
        await expect(bob.get_by_test_id("message").filter(has_text="hello bob <b>")).to_have_count(1)
        await _say(bob, "hello ann")
        await expect(ann.get_by_test_id("message").filter(has_text="hello ann")).to_have_count(1)
        await expect(ann.get_by_test_id("message").filter(has_text="hello bob <b>")).to_have_attribute(
            "data-state", "read", timeout=15_000
        )

        await bob.reload()
        await expect(bob.get_by_test_id("connection")).to_have_attribute(
            "data-state", "online", timeout=15_000
        )
        await expect(bob.get_by_test_id("message").filter(has_text="hello ann")).to_have_count(1)
        if picture := os.environ.get("SENTINAL_SCREENSHOT"):
            await ann.screenshot(path=picture)
        await browser.close()
