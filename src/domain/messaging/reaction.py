"""Reactions: one emoji or short code of one person on one message.

What counts as an emoji: exactly one sequence of Unicode's emoji grammar (UTS 51), in NFC. That is a pictograph, alone or
with a skin tone or the emoji variation selector, several of those joined by ZWJ; a flag (two regional indicators, or the
black flag with tags); or a keycap. Whether somebody draws it is not asked.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.shared.errors import Invalid
from domain.shared.ids import MessageId, UserId

MAX_CODE_BYTES = 32
MAX_CODES = 20

# Extended_Pictographic of Unicode 16 as far as it has the property Emoji, and the block that new ones come into.
_PICTOGRAPHS = """
00A9 00AE 203C 2049 2122 2139 2194-2199 21A9-21AA 231A-231B 2328 23CF 23E9-23F3 23F8-23FA 24C2 25AA-25AB 25B6 25C0
25FB-25FE 2600-2604 260E 2611 2614-2615 2618 261D 2620 2622-2623 2626 262A 262E-262F 2638-263A 2640 2642 2648-2653
265F-2660 2663 2665-2666 2668 267B 267E-267F 2692-2697 2699 269B-269C 26A0-26A1 26A7 26AA-26AB 26B0-26B1 26BD-26BE
26C4-26C5 26C8 26CE-26CF 26D1 26D3-26D4 26E9-26EA 26F0-26F5 26F7-26FA 26FD 2702 2705 2708-270D 270F 2712 2714 2716
271D 2721 2728 2733-2734 2744 2747 274C 274E 2753-2755 2757 2763-2764 2795-2797 27A1 27B0 27BF 2934-2935 2B05-2B07
2B1B-2B1C 2B50 2B55 3030 303D 3297 3299 1F004 1F0CF 1F170-1F171 1F17E-1F17F 1F18E 1F191-1F19A 1F201-1F202 1F21A 1F22F
1F232-1F23A 1F250-1F251 1F300-1F321 1F324-1F393 1F396-1F397 1F399-1F39B 1F39E-1F3F0 1F3F3-1F3F5 1F3F7-1F3FA
1F400-1F4FD 1F4FF-1F53D 1F549-1F54E 1F550-1F567 1F56F-1F570 1F573-1F57A 1F587 1F58A-1F58D 1F590 1F595-1F596 1F5A4-1F5A5
1F5A8 1F5B1-1F5B2 1F5BC 1F5C2-1F5C4 1F5D1-1F5D3 1F5DC-1F5DE 1F5E1 1F5E3 1F5E8 1F5EF 1F5F3 1F5FA-1F64F 1F680-1F6C5
1F6CB-1F6D2 1F6D5-1F6D7 1F6DC-1F6E5 1F6E9 1F6EB-1F6EC 1F6F0 1F6F3-1F6FC 1F7E0-1F7EB 1F7F0 1F90C-1F93A 1F93C-1F945
1F947-1F9FF 1FA70-1FAFF
"""


def _character_class(ranges: str) -> str:
    parts = ["-".join(chr(int(end, 16)) for end in each.split("-")) for each in ranges.split()]
    return f"[{''.join(parts)}]"


_ELEMENT = f"{_character_class(_PICTOGRAPHS)}(?:[\U0001f3fb-\U0001f3ff]|\ufe0f)?"
_FLAG = "[\U0001f1e6-\U0001f1ff]{2}"
_TAGGED_FLAG = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"
_KEYCAP = "[0-9#*]\ufe0f?\u20e3"
_EMOJI = re.compile(f"{_TAGGED_FLAG}|{_FLAG}|{_KEYCAP}|{_ELEMENT}(?:\u200d{_ELEMENT})*")
_SHORT_CODE = re.compile(r":[a-z0-9_+-]+:")


def reaction_code(text: str, pointer: str = "/reaction_code") -> str:
    """One emoji in NFC, or ``:short_code:``; 1–32 bytes. Raises ``Invalid``."""
    # Long before any other look: whatever is matched below is short.
    if len(text) > MAX_CODE_BYTES or len(text.encode(errors="replace")) > MAX_CODE_BYTES:
        raise Invalid(f"Must have 1 to {MAX_CODE_BYTES} bytes.", pointer=pointer)
    is_emoji = _EMOJI.fullmatch(text) is not None and unicodedata.is_normalized("NFC", text)
    if not is_emoji and not _SHORT_CODE.fullmatch(text):
        raise Invalid("Must be one emoji, or a :short_code: of a-z, 0-9, _, + and -.", pointer=pointer)
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """Somebody reacted. One per message, person and code."""

    id: UUID
    message_id: MessageId
    user_id: UserId
    reaction_code: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many reacted to a message with a code, and whether a certain person did."""

    reaction_code: str
    count: int
    mine: bool


def changed(tallies: Sequence[Tally], code: str, by: int, *, mine: bool) -> tuple[Tally, ...]:
    """The tallies after one more reaction with a code, or one less; ``mine`` if it is the viewer's."""
    kept = []
    known = Tally(reaction_code=code, count=0, mine=False)
    for tally in (*tallies, *(() if any(t.reaction_code == code for t in tallies) else (known,))):
        if tally.reaction_code == code:
            is_mine = by > 0 if mine else tally.mine
            tally = Tally(reaction_code=code, count=tally.count + by, mine=is_mine)
        if tally.count > 0:
            kept.append(tally)
    return tuple(kept)
