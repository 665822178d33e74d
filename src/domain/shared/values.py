"""Text and identifiers as people type them, turned into the one form that is stored, or refused."""

import re
import unicodedata
from datetime import UTC, datetime
from functools import lru_cache

from domain.shared.errors import Invalid

_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_CONTROLS = frozenset(map(chr, range(0x20))) | {"\x7f"}
_USERNAME = re.compile(r"[a-z][a-z0-9_.]{2,31}")
_PHONE = re.compile(r"\+[1-9][0-9]{7,14}")
_EMAIL_LOCAL = re.compile(r"[^\s@\x00-\x1f\x7f\"(),:;<>\[\]\\]{1,64}")
_DOMAIN_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")


def line(text: str, pointer: str, *, at_least: int, at_most: int, newlines: bool = False) -> str:
    """A name, subject or description: trimmed, ``at_least`` to ``at_most`` characters.

    Raises ``Invalid`` for other lengths, control characters (a newline passes where ``newlines``) and
    characters that reorder the text around them.
    """
    text = text.strip()
    if not at_least <= len(text) <= at_most:
        raise Invalid(f"Must have {at_least} to {at_most} characters after trimming.", pointer=pointer)
    for character in text:
        if character in _CONTROLS and not (newlines and character == "\n"):
            raise Invalid("Must not contain control characters.", pointer=pointer)
        if character in _BIDI:
            raise Invalid("Must not contain characters that reorder the text around them.", pointer=pointer)
        if "\ud800" <= character <= "\udfff":
            raise Invalid("Must be well-formed Unicode.", pointer=pointer)
    return text


def username(text: str, pointer: str = "/username") -> str:
    """NFKC and lower case; 3–32 of ``a-z 0-9 _ .``, a letter first. Raises ``Invalid``."""
    folded = unicodedata.normalize("NFKC", text).lower()
    if not _USERNAME.fullmatch(folded):
        raise Invalid("Must be 3 to 32 of a-z, 0-9, _ and ., and start with a letter.", pointer=pointer)
    return folded


def email(text: str, pointer: str = "/email") -> str:
    """One ``@``, at most 254 characters, the domain in lower case. Raises ``Invalid``."""
    text = unicodedata.normalize("NFC", text)
    local, at, domain = text.partition("@")
    labels = domain.lower().split(".")
    if (
        len(text) > 254
        or not at
        or not _EMAIL_LOCAL.fullmatch(local)
        or len(labels) < 2
        or not all(_DOMAIN_LABEL.fullmatch(label) for label in labels)
    ):
        raise Invalid("Must be an e-mail address.", pointer=pointer)
    return f"{local}@{domain.lower()}"


def phone_number(text: str, pointer: str = "/phone_number") -> str:
    """E.164: ``+`` and 8–15 digits. Raises ``Invalid``."""
    if not _PHONE.fullmatch(text):
        raise Invalid("Must be an international number: + and 8 to 15 digits.", pointer=pointer)
    return text


def password(text: str, pointer: str = "/password") -> str:
    """8–128 characters of any kind, NFC, never trimmed. Raises ``Invalid``."""
    normal = unicodedata.normalize("NFC", text)
    if not 8 <= len(normal) <= 128:
        raise Invalid("Must have 8 to 128 characters.", pointer=pointer)
    return normal


def device_id(text: str, pointer: str = "/device_id") -> str:
    """1–128 visible ASCII characters. Raises ``Invalid``."""
    return _visible(text, pointer, 128)


def device_type(text: str, pointer: str = "/device_type") -> str:
    """1–32 visible ASCII characters. Raises ``Invalid``."""
    return _visible(text, pointer, 32)


def _visible(text: str, pointer: str, at_most: int) -> str:
    if not 1 <= len(text) <= at_most or not all("\x21" <= character <= "\x7e" for character in text):
        raise Invalid(f"Must be 1 to {at_most} visible ASCII characters.", pointer=pointer)
    return text


@lru_cache(maxsize=512)
def moment(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and ``Z``: how every time leaves the product."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
