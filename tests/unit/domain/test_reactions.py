"""What counts as a reaction's code, and how reactions are counted."""

import unicodedata

import pytest

from domain.messaging.reaction import MAX_CODE_BYTES, Tally, changed, reaction_code
from domain.shared.errors import Invalid

ACCEPTED = {
    "a pictograph": "👍",
    "one that is text by default": "❤",
    "with the emoji selector": "❤️",
    "with a skin tone": "👍🏿",
    "joined": "👨‍👩‍👧‍👦",
    "joined with a skin tone": "🧑🏽‍🚀",
    "a flag and a pictograph joined": "🏳️‍🌈",
    "a flag": "🇯🇵",
    "a flag of tags": "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "a keycap": "1️⃣",
    "a keycap without selector": "#⃣",
    "a sign of old": "©",
    "a heart that is new": "🫶",
    "a short code": ":+1:",
    "a long short code": ":" + "x" * 30 + ":",
}
REFUSED = {
    "nothing": "",
    "a letter": "a",
    "a digit, which alone is no keycap": "1",
    "a star": "*",
    "two pictographs": "👍👍",
    "a pictograph and a letter": "👍a",
    "a skin tone alone": "🏽",
    "two skin tones": "👍🏽🏽",
    "half a flag": "🇯",
    "a flag and a half": "🇯🇵🇯",
    "a joiner at the end": "👍\u200d",
    "a joiner at the beginning": "\u200d👍",
    "joiners in a row": "👍\u200d\u200d👍",
    "a selector alone": "\ufe0f",
    "two selectors": "❤\ufe0f\ufe0f",
    "the text selector": "❤\ufe0e",
    "a flag of tags without an end": "\U0001f3f4\U000e0067\U000e0062",
    "tags alone": "\U000e0067\U000e007f",
    "white space before": " 👍",
    "a newline after": "👍\n",
    "a newline after a short code": ":a:\n",
    "a bidi override": "\u202e👍",
    "a letter with an accent": "é",
    "a combining mark on a pictograph": "👍\u0301",
    "an upper-case short code": ":A:",
    "an empty short code": "::",
    "a short code with a space": ":a b:",
    "two short codes": ":a::b:",
    "half a short code": ":a",
    "a short code of other digits": ":٣:",
    "a lone surrogate": "\ud83d",
    "NUL": "\0",
    "33 bytes": ":" + "x" * 31 + ":",
    "35 bytes of one sequence": "👩🏻‍❤️‍💋‍👨🏿",
    "very much": "👍" * 100_000,
}


@pytest.mark.parametrize("code", ACCEPTED.values(), ids=ACCEPTED)
def test_one_emoji_or_a_short_code_is_accepted_as_it_is(code: str) -> None:
    assert reaction_code(code) == code
    assert unicodedata.is_normalized("NFC", code)
    assert len(code.encode()) <= MAX_CODE_BYTES


@pytest.mark.parametrize("code", REFUSED.values(), ids=REFUSED)
def test_everything_else_is_refused_by_name(code: str) -> None:
    with pytest.raises(Invalid) as refused:
        reaction_code(code)
    assert refused.value.pointer == "/reaction_code"


def test_no_single_character_that_is_a_letter_digit_mark_or_control_is_accepted() -> None:
    accepted = []
    for number in range(0x110000):
        try:
            accepted.append(reaction_code(chr(number)))
        except Invalid:
            continue
    assert 1300 < len(accepted) < 1500
    kinds = {unicodedata.category(character) for character in accepted}
    # Cn: of the block that new pictographs come into, what this Python does not know yet.
    assert kinds <= {"So", "Sm", "Po", "Pd", "Ll", "Cn"}
    letters = [character for character in accepted if unicodedata.category(character) == "Ll"]
    assert letters == ["ℹ"]


def test_counting_keeps_the_order_of_codes_and_forgets_what_nobody_gave() -> None:
    def tally(code: str, count: int, *, mine: bool) -> Tally:
        return Tally(reaction_code=code, count=count, mine=mine)

    tallies = changed((), "a", 1, mine=False)
    assert tallies == (tally("a", 1, mine=False),)
    tallies = changed(changed(tallies, "b", 1, mine=True), "a", 1, mine=True)
    assert tallies == (tally("a", 2, mine=True), tally("b", 1, mine=True))
    tallies = changed(changed(tallies, "a", -1, mine=False), "b", -1, mine=True)
    assert tallies == (tally("a", 1, mine=True),)
    assert changed(tallies, "c", -1, mine=True) == tallies
