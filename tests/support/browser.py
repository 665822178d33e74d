"""Windows of a browser on a server, and what a person does in them."""

import atexit
import functools
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Browser, Locator, Page, WebSocketRoute, async_playwright, expect

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--headless=new",
    "--remote-debugging-port=0",
]
PASSWORD = "correct horse"
PATIENCE_MS = 15_000


@dataclass(frozen=True, slots=True)
class Windows:
    """Each window is a browser of its own: it shares neither cookies nor storage with the others."""

    browser: Browser
    url: str
    faults: list[str]

    async def open(self, registering: dict[str, str] | None = None) -> Page:
        # A click waits until what it aims at stands still.
        context = await self.browser.new_context(
            viewport={"width": 1100, "height": 700}, locale="en-US", reduced_motion="reduce"
        )
        if registering:
            await context.request.post(f"{self.url}/v1/auth/register", data=registering)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda said: "Security Policy" in said.text and self.faults.append(said.text))
        await page.goto(self.url)
        return page

    async def register(self, username: str) -> Page:
        """A new person's window, online; they are called by their username with a capital."""
        fields = {"username": username, "display_name": username.title(), "password": PASSWORD}
        page = await self.open(registering={**fields, "device_id": "window"})
        await is_online(page)
        return page

    async def sign_up(self, username: str) -> Page:
        """The same by the form for it."""
        page = await self.open()
        await page.get_by_test_id("show-register").click()
        form = page.locator("#register-form")
        await form.locator("[name=username]").fill(username)
        await form.locator("[name=display_name]").fill(username.title())
        await form.locator("[name=password]").fill(PASSWORD)
        await form.locator("[type=submit]").click()
        await is_online(page)
        return page

    async def log_in(self, username: str) -> Page:
        """Another device of somebody who has registered."""
        page = await self.open()
        form = page.locator("#login-form")
        await form.locator("[name=identifier]").fill(username)
        await form.locator("[name=password]").fill(PASSWORD)
        await form.locator("[type=submit]").click()
        await is_online(page)
        return page


@functools.cache
def _chromium() -> str:
    """One browser for all tests of a run, which is a second saved in each; the address to drive it by."""
    directory = tempfile.mkdtemp(prefix="sentinal-browser-")
    process = subprocess.Popen(
        [CHROMIUM, *ARGUMENTS, f"--user-data-dir={directory}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )

    def end() -> None:
        process.kill()
        process.wait()
        shutil.rmtree(directory, ignore_errors=True)

    atexit.register(end)
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"DevTools listening on (ws://\S+)", line):
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return found[1]
    raise RuntimeError("Chromium did not start.")


@asynccontextmanager
async def windows(url: str) -> AsyncIterator[Windows]:
    """A browser that shows this server. Afterwards: nothing was thrown in it, and no policy broken."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(_chromium())
        try:
            opened = Windows(browser, url, [])
            yield opened
            assert opened.faults == []
        finally:
            await browser.close()


async def is_online(page: Page) -> None:
    await expect(page.get_by_test_id("connection")).to_have_attribute(
        "data-state", "online", timeout=PATIENCE_MS
    )


async def reload(page: Page) -> None:
    """Load the page again and wait until it is online; fails when that asks for a password."""
    await page.reload()
    await is_online(page)


async def say(page: Page, text: str) -> None:
    await page.get_by_test_id("composer").fill(text)
    await page.get_by_test_id("composer").press("Enter")


def message(page: Page, text: str) -> Locator:
    return page.get_by_test_id("message").filter(has_text=text)


async def write_to(page: Page, username: str) -> None:
    """Open the conversation with somebody, known before or not."""
    await page.get_by_test_id("new-direct").click()
    await page.get_by_test_id("people-search").fill(username)
    await page.get_by_test_id("person").first.click()
    await expect(page.get_by_test_id("direct-dialog")).to_have_count(0)


async def account(page: Page, subject: str) -> Locator:
    """My account, open at one of its subjects."""
    dialog = page.get_by_test_id("account-dialog")
    if not await dialog.count():
        await page.get_by_test_id("profile").click()
    await page.get_by_test_id(f"account-{subject}").click()
    return dialog


async def picks(page: Page, row: Locator, *choices: str) -> None:
    """Open the menu of a message and go through it."""
    await row.hover()
    await row.get_by_test_id("message-more").click()
    for choice in choices:
        await page.get_by_test_id(choice).click()


async def keeps(page: Page, title: str, *choices: str) -> None:
    """Open the menu of a conversation in the list and go through it."""
    await page.get_by_test_id("conversation-item").filter(has_text=title).click(button="right")
    for choice in choices:
        await page.get_by_test_id(choice).click()


async def make_group(page: Page, subject: str, *usernames: str) -> None:
    """A new group with these people, open."""
    await page.get_by_test_id("new-group").click()
    await page.locator("#group-subject").fill(subject)
    for username in usernames:
        await page.get_by_test_id("people-search").fill(username)
        await page.get_by_test_id("person").filter(has_text=f"@{username}").click()
    await page.get_by_test_id("create-group").click()
    await expect(page.get_by_test_id("thread-title")).to_have_text(subject)


async def open_first(page: Page) -> None:
    await page.get_by_test_id("conversation-item").first.click(timeout=PATIENCE_MS)


class Line:
    """A page's realtime connection, which can be cut and mended."""

    def __init__(self) -> None:
        self.cut = False
        self.open: list[WebSocketRoute] = []

    async def through(self, page: Page) -> None:
        """Every connection of this page from now on; the page is loaded again for that."""

        async def connecting(route: WebSocketRoute) -> None:
            if self.cut:
                await route.close(code=1012)
                return
            route.connect_to_server()
            self.open.append(route)

        await page.route_web_socket(re.compile("/v1/realtime"), connecting)
        await reload(page)

    async def fail(self, page: Page) -> None:
        self.cut = True
        while self.open:
            await self.open.pop().close(code=1012)
        await expect(page.get_by_test_id("connection")).not_to_have_attribute("data-state", "online")

    async def return_to(self, page: Page) -> None:
        self.cut = False
        await page.evaluate("window.dispatchEvent(new Event('online'))")
        await is_online(page)
