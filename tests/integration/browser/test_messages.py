"""What is done to a message in the web client: answered, changed, taken back, reacted to, passed on."""

import pytest
from playwright.async_api import expect

from tests.support.browser import (
    Line,
    account,
    make_group,
    message,
    open_first,
    picks,
    say,
    windows,
    write_to,
)
from tests.support.server import serving, settings_for

pytestmark = pytest.mark.timeout(120)

COMPOSES = """field => field.dispatchEvent(
  new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, isComposing: true }))"""


async def test_a_message_is_answered_changed_reacted_to_passed_on_and_taken_back() -> None:
    async with serving(settings_for()) as server, windows(server.url) as browser:
        ann = await browser.register("ann_m")
        bob = await browser.register("bob_m")
        await make_group(ann, "Elsewhere", "bob_m")
        await write_to(ann, "bob_m")
        await say(ann, "who brings the map")
        await bob.get_by_test_id("conversation-item").filter(has_text="who brings").click()
        await expect(message(ann, "who brings")).to_have_attribute("data-state", "read")

        await picks(bob, message(bob, "who brings"), "reply")
        await expect(bob.get_by_test_id("composer-context")).to_contain_text("who brings the map")
        await bob.keyboard.press("Escape")
        await expect(bob.get_by_test_id("composer-context")).to_have_count(0)
        await picks(bob, message(bob, "who brings"), "reply")
        await bob.keyboard.type("I do")
        await bob.keyboard.press("Enter")
        answer = message(ann, "I do")
        await expect(answer).to_contain_text("who brings the map")
        await answer.get_by_test_id("jump").click()
        await expect(message(ann, "who brings").first.get_by_test_id("message-more")).to_be_focused()

        await ann.keyboard.press("ArrowDown")
        await expect(answer.get_by_test_id("message-more")).to_be_focused()
        await ann.keyboard.press("Enter")
        await expect(ann.get_by_test_id("quick-reaction").first).to_be_focused()
        await ann.keyboard.press("Escape")
        await expect(ann.get_by_test_id("message-menu")).to_have_count(0)
        await expect(answer.get_by_test_id("message-more")).to_be_focused()

        await ann.get_by_test_id("composer").focus()
        await ann.keyboard.press("ArrowUp")
        await expect(ann.get_by_test_id("composer")).to_have_value("who brings the map")
        await say(ann, "who brings the tent")
        await expect(message(bob, "who brings the tent").first.get_by_test_id("edited")).to_be_visible()
        await expect(message(bob, "I do")).to_contain_text("who brings the tent")
        await expect(ann.get_by_test_id("composer")).to_have_value("")

        await answer.hover()
        await answer.get_by_test_id("message-more").click()
        await ann.get_by_test_id("quick-reaction").first.click()
        given = message(bob, "I do").get_by_test_id("reaction")
        await given.click()
        await expect(answer.get_by_test_id("reaction")).to_have_text("👍2")
        await answer.get_by_test_id("reaction").click()
        await expect(given).to_have_text("👍")
        await expect(given).to_have_attribute("aria-pressed", "true")
        await picks(bob, message(bob, "I do"), "other-reaction")
        await bob.get_by_test_id("reaction-input").fill("nonsense")
        await bob.get_by_test_id("react").click()
        await expect(bob.locator("#reaction-code-note")).to_contain_text("a single emoji")
        await bob.get_by_test_id("reaction-input").fill("🦊")
        await bob.get_by_test_id("react").click()
        await expect(answer.get_by_test_id("reaction")).to_have_count(2)

        await picks(ann, answer, "forward")
        await ann.get_by_test_id("forward-to").filter(has_text="Elsewhere").click()
        await ann.get_by_test_id("forward-send").click()
        await bob.get_by_test_id("conversation-item").filter(has_text="Elsewhere").click()
        await expect(message(bob, "I do")).to_contain_text("Forwarded")

        await picks(ann, message(ann, "who brings").first, "delete", "delete-for-everyone")
        await expect(answer).to_contain_text("Message deleted")
        await bob.get_by_test_id("conversation-item").filter(has_not_text="Elsewhere").click()
        await expect(message(bob, "Message deleted").first).to_be_visible()
        await picks(bob, message(bob, "I do"), "delete", "delete-for-me")
        await expect(message(bob, "I do")).to_have_count(0)
        await expect(answer).to_have_count(1)


async def test_keys_that_pick_a_word_do_not_send_and_a_refused_change_keeps_the_words() -> None:
    async with (
        serving(settings_for(SENTINAL_EDIT_HOURS="0", SENTINAL_DELETE_HOURS="0")) as server,
        windows(server.url) as browser,
    ):
        ann = await browser.register("ann_n")
        await write_to(ann, "ann_n")
        composer = ann.get_by_test_id("composer")
        await composer.fill("にほん")
        await composer.evaluate(COMPOSES)
        await expect(composer).to_have_value("にほん")
        await expect(ann.get_by_test_id("message")).to_have_count(0)
        await composer.press("Enter")
        await expect(message(ann, "にほん")).to_have_attribute("data-state", "sent")

        await composer.fill("half a thought")
        await picks(ann, message(ann, "にほん"), "edit")
        await say(ann, "日本")
        problem = ann.get_by_test_id("composer-problem")
        await expect(problem).to_have_text("This message is too old to be edited.")
        await expect(composer).to_have_value("日本")
        await composer.press("Escape")
        await expect(problem).to_be_empty()
        await expect(composer).to_have_value("half a thought")

        await picks(ann, message(ann, "にほん"), "delete", "delete-for-everyone")
        dialog = ann.get_by_test_id("delete-dialog")
        await expect(dialog).to_contain_text("This message is too old to be deleted for everyone.")
        await ann.keyboard.press("Escape")
        await account(ann, "appearance")
        await ann.get_by_test_id("setting-language").select_option("de")
        await ann.keyboard.press("Escape")
        await picks(ann, message(ann, "にほん"), "delete", "delete-for-everyone")
        await expect(dialog).to_contain_text("Diese Nachricht ist zu alt, um für alle gelöscht zu werden.")


async def test_what_was_changed_while_away_is_there_after_coming_back_without_reading_all_again() -> None:
    async with serving(settings_for()) as server, windows(server.url) as browser:
        ann = await browser.register("ann_o")
        bob = await browser.register("bob_o")
        await write_to(ann, "bob_o")
        for text in ("one", "two", "three"):
            await say(ann, text)
        await open_first(bob)
        line = Line()
        await line.through(bob)
        await expect(message(bob, "three")).to_be_visible()
        read: list[str] = []
        await line.fail(bob)
        bob.on("request", lambda request: read.append(request.url.removeprefix(server.url)))

        await picks(ann, message(ann, "one"), "edit")
        await say(ann, "first")
        await picks(ann, message(ann, "two"), "delete", "delete-for-everyone")
        three = message(ann, "three")
        await three.hover()
        await three.get_by_test_id("message-more").click()
        await ann.get_by_test_id("quick-reaction").first.click()
        await say(ann, "four")
        await expect(message(ann, "four")).to_have_attribute("data-state", "sent")
        await make_group(ann, "Made meanwhile", "bob_o")
        await expect(message(bob, "one")).to_be_visible()
        await line.return_to(bob)

        await expect(message(bob, "four")).to_be_visible()
        await expect(message(bob, "first").get_by_test_id("edited")).to_be_visible()
        await expect(message(bob, "Message deleted")).to_have_count(1)
        await expect(message(bob, "three").get_by_test_id("reaction")).to_have_text("👍")
        await expect(bob.get_by_test_id("conversation-item").filter(has_text="Made meanwhile")).to_have_count(
            1
        )
        assert [url for url in read if url.startswith("/v1/sync")]
        assert not [url for url in read if url.startswith("/v1/conversations?")]
