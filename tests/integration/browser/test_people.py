"""A person and their account in the web client: who they are, how it looks, where they are logged in, whom they know."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.support.browser import PASSWORD, account, is_online, message, reload, say, windows, write_to
from tests.support.server import serving, settings_for

pytestmark = pytest.mark.timeout(180)


async def _changes_name(page: Page, name: str) -> None:
    dialog = await account(page, "profile")
    await dialog.locator("[name=display_name]").fill(name)
    await dialog.get_by_test_id("save-profile").click()


async def _is_called(page: Page, name: str) -> None:
    await expect(page.get_by_test_id("profile")).to_contain_text(name)


async def test_a_reload_stays_logged_in_and_shows_the_new_name(fresh_database: str, redis: str) -> None:
    async with serving(settings_for(fresh_database, redis)) as server, windows(server.url) as browser:
        ann = await browser.register("ann_p")
        await _changes_name(ann, "Ann the First")
        await _is_called(ann, "Ann the First")

        await reload(ann)

        await _is_called(ann, "Ann the First")
        await ann.context.clear_cookies()
        await ann.reload()
        await expect(ann.locator("#login-form")).to_be_visible()


async def test_a_name_changed_on_another_device_is_reloaded_and_not_overwritten(
    fresh_database: str, redis: str
) -> None:
    async with serving(settings_for(fresh_database, redis)) as server, windows(server.url) as browser:
        desk = await browser.register("ann_q")
        phone = await browser.log_in("ann_q")
        dialog = await account(desk, "profile")
        await dialog.locator("[name=bio]").fill("typed before")
        await _changes_name(phone, "From the Phone")
        await _is_called(phone, "From the Phone")

        await dialog.get_by_test_id("save-profile").click()

        await expect(dialog.get_by_test_id("profile-problem")).to_contain_text("changed on another device")
        await expect(dialog.locator("[name=display_name]")).to_have_value("From the Phone")
        await expect(dialog.locator("[name=bio]")).to_have_value("")


async def test_an_email_address_asks_for_the_password_and_the_last_way_in_stays(
    fresh_database: str, redis: str
) -> None:
    async with serving(settings_for(fresh_database, redis)) as server, windows(server.url) as browser:
        ann = await browser.register("ann_r")
        dialog = await account(ann, "profile")
        await dialog.locator("[name=username]").fill("")
        await dialog.get_by_test_id("save-profile").click()
        await expect(dialog.locator("#profile-username-note")).to_contain_text("One way to log in")

        await dialog.locator("[name=email]").fill("ann@example.org")
        await dialog.locator("[name=current_password]").fill("not it at all")
        await dialog.get_by_test_id("save-profile").click()
        await expect(dialog.locator("#profile-current_password-note")).to_contain_text("not your current")

        await dialog.locator("[name=current_password]").fill(PASSWORD)
        await dialog.get_by_test_id("save-profile").click()
        await expect(dialog.locator("[name=current_password]")).to_have_count(0)
        await reload(ann)
        dialog = await account(ann, "profile")
        await expect(dialog.locator("[name=email]")).to_have_value("ann@example.org")
        await expect(dialog.locator("[name=username]")).to_have_value("")


async def test_theme_and_language_hold_at_once_after_a_reload_and_on_another_device(
    fresh_database: str, redis: str
) -> None:
    async with serving(settings_for(fresh_database, redis)) as server, windows(server.url) as browser:
        ann = await browser.register("ann_s")
        page = ann.locator("html")
        await account(ann, "appearance")
        await ann.get_by_test_id("setting-theme").select_option("DARK")
        await expect(page).to_have_attribute("data-theme", "dark")
        await ann.get_by_test_id("setting-language").select_option("ar")
        await expect(page).to_have_attribute("dir", "rtl")
        await expect(ann.get_by_test_id("account-profile")).to_contain_text("الملف الشخصي")

        await ann.route("**/static/app.js", lambda route: route.abort())
        await ann.reload()
        await expect(page).to_have_attribute("data-theme", "dark")
        await ann.unroute("**/static/app.js")

        await reload(ann)
        await expect(page).to_have_attribute("dir", "rtl")
        await expect(page).to_have_attribute("lang", "ar")

        phone = await browser.log_in("ann_s")
        await expect(phone.locator("html")).to_have_attribute("dir", "rtl")
        await expect(phone.locator("html")).to_have_attribute("data-theme", "dark")


async def test_enter_begins_a_line_when_it_is_set_so(fresh_database: str, redis: str) -> None:
    async with serving(settings_for(fresh_database, redis)) as server, windows(server.url) as browser:
        ann = await browser.register("ann_t")
        await account(ann, "chats")
        await ann.get_by_test_id("setting-enter_to_send").uncheck()
        await ann.keyboard.press("Escape")
        await write_to(ann, "ann_t")

        await say(ann, "one")
        await ann.keyboard.type("two")
        await expect(ann.get_by_test_id("message")).to_have_count(0)
        await ann.keyboard.press("Control+Enter")

        await expect(message(ann, "one")).to_contain_text("two")


async def test_a_session_ended_from_the_list_is_logged_out(fresh_database: str, redis: str) -> None:
    async with serving(settings_for(fresh_database, redis)) as server, windows(server.url) as browser:
        desk = await browser.register("ann_u")
        phone = await browser.log_in("ann_u")
        dialog = await account(desk, "devices")
        await expect(dialog.get_by_test_id("device")).to_have_count(2)

        await dialog.get_by_test_id("end-session").click()

        await expect(phone.locator("#login-form")).to_be_visible(timeout=15_000)
        await expect(dialog.get_by_test_id("device")).to_have_count(1)
        await is_online(desk)


async def test_a_saved_person_goes_by_the_nickname_and_a_blocked_one_cannot_write(
    fresh_database: str, redis: str
) -> None:
    async with serving(settings_for(fresh_database, redis)) as server, windows(server.url) as browser:
        ann = await browser.register("ann_v")
        bob = await browser.register("bob_v")
        await write_to(bob, "ann_v")
        await say(bob, "hello")
        await ann.get_by_test_id("conversation-item").first.click(timeout=15_000)

        await ann.get_by_test_id("about").click()
        person = ann.get_by_test_id("person-dialog")
        await person.locator("[name=nickname]").fill("Bobby")
        await person.get_by_test_id("save-contact").click()
        await expect(ann.get_by_test_id("thread-title")).to_have_text("Bobby")
        await expect(ann.get_by_test_id("conversation-item")).to_contain_text("Bobby")
        await person.get_by_test_id("block").click()
        await person.get_by_test_id("block-confirm").click()
        await expect(person.get_by_test_id("unblock")).to_be_visible()

        await say(bob, "are you there")
        await expect(message(bob, "are you there")).to_have_attribute("data-state", "failed")
        await expect(message(bob, "are you there")).to_contain_text("This person cannot be reached.")

        await reload(ann)
        await expect(ann.get_by_test_id("conversation-item")).to_contain_text("Bobby")
        await ann.get_by_test_id("contacts").click()
        await ann.get_by_test_id("contacts-blocked").click()
        await ann.get_by_test_id("toggle-block").click()
        await expect(ann.get_by_test_id("contact")).to_have_count(0)
        await bob.get_by_test_id("retry").click()
        await expect(message(bob, "are you there")).to_have_attribute(
            "data-state", re.compile("sent|delivered|read")
        )


async def test_a_new_password_ends_the_other_devices_and_deactivating_ends_this_one(
    fresh_database: str, redis: str
) -> None:
    async with serving(settings_for(fresh_database, redis)) as server, windows(server.url) as browser:
        desk = await browser.register("ann_w")
        phone = await browser.log_in("ann_w")
        dialog = await account(desk, "security")
        await dialog.locator("#password-form [name=current_password]").fill(PASSWORD)
        await dialog.locator("[name=new_password]").fill("battery staple")
        await dialog.locator("#password-form [type=submit]").click()
        await expect(phone.locator("#login-form")).to_be_visible(timeout=15_000)
        await is_online(desk)

        await dialog.get_by_test_id("deactivate").click()
        going = dialog.locator("#deactivate-form")
        await going.locator("[name=password]").fill(PASSWORD)
        await going.locator("[type=submit]").click()
        await expect(going).to_contain_text("not your current password")
        await going.locator("[name=password]").fill("battery staple")
        await going.locator("[type=submit]").click()
        await expect(desk.locator("#login-form")).to_be_visible()

        await desk.reload()
        await expect(desk.locator("#login-form")).to_be_visible()


async def test_everything_about_me_can_be_taken_along_and_then_erased(
    fresh_database: str, redis: str
) -> None:
    async with serving(settings_for(fresh_database, redis)) as server, windows(server.url) as browser:
        ann = await browser.register("ann_x")
        bob = await browser.register("bob_x")
        await write_to(ann, "bob_x")
        await say(ann, "remember me")
        dialog = await account(ann, "security")
        async with ann.expect_download() as download:
            await dialog.get_by_test_id("export").click()
        taken = json.loads(await asyncio.to_thread(Path(await (await download.value).path()).read_text))
        assert "ann_x" in json.dumps(taken)
        assert "remember me" in json.dumps(taken)

        await dialog.get_by_test_id("erase").click()
        going = dialog.locator("#erase-form")
        await expect(going.locator("[type=submit]")).to_be_disabled()
        await going.locator("[name=password]").fill(PASSWORD)
        await going.locator("[name=redact]").check()
        await going.locator("[name=sure]").check()
        await going.locator("[type=submit]").click()

        await expect(ann.locator("#login-form")).to_be_visible()
        await reload(bob)
        await expect(bob.get_by_test_id("conversation-item")).to_contain_text("Deleted account")
        await bob.get_by_test_id("conversation-item").click()
        await expect(bob.get_by_test_id("message")).to_contain_text("Message deleted")


async def test_one_sees_that_the_other_is_here_and_that_they_have_gone(
    fresh_database: str, redis: str
) -> None:
    async with serving(settings_for(fresh_database, redis)) as server, windows(server.url) as browser:
        ann = await browser.register("ann_y")
        bob = await browser.register("bob_y")
        await write_to(ann, "bob_y")
        await say(ann, "hello")

        await expect(ann.get_by_test_id("thread-detail")).to_have_text("online", timeout=15_000)
        await expect(ann.get_by_test_id("presence-dot")).to_have_count(1)
        await bob.context.close()

        await expect(ann.get_by_test_id("thread-detail")).to_contain_text("last seen", timeout=30_000)
        await expect(ann.get_by_test_id("presence-dot")).to_have_count(0)
