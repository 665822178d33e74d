"""What a message may say: the types there are, and the rules of their text."""

import unicodedata
from enum import StrEnum

from domain.shared.errors import Invalid

MAX_TEXT = 4096
PREVIEW = 140
_INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e")


class MessageType(StrEnum):
    TEXT = "TEXT"
    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    AUDIO = "AUDIO"
    FILE = "FILE"
    LOCATION = "LOCATION"
    CONTACT = "CONTACT"
    SYSTEM = "SYSTEM"
    STICKER = "STICKER"
    GIF = "GIF"


def text(content: str | None) -> str:
    """A text message as it is stored: as sent, 1–4,096 characters, something of it visible.

    Raises ``Invalid``, pointing at ``/content``.
    """
    if content is None:
        raise Invalid("A text message needs content.", pointer="/content")
    if not 1 <= len(content) <= MAX_TEXT:
        raise Invalid(f"Must have 1 to {MAX_TEXT} characters.", pointer="/content")
    if "\x00" in content:
        raise Invalid("Must not contain the NUL character.", pointer="/content")
    if any("\ud800" <= character <= "\udfff" for character in content):
        raise Invalid("Must be well-formed Unicode.", pointer="/content")
    if all(c.isspace() or c in _INVISIBLE or unicodedata.category(c) == "Cf" for c in content):
        raise Invalid("Must contain something visible.", pointer="/content")
    return content


def preview(content: str | None) -> str | None:
    """The beginning of a content, at most 140 characters: for lists and replies."""
    return None if content is None else content[:PREVIEW]
