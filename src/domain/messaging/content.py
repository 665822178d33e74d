"""What a message may say: the types there are, and which of text, attachments and metadata each of them takes."""

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.messaging import metadata as structured
from domain.shared.errors import Invalid

MAX_TEXT = 4096
MAX_ATTACHMENTS = 10
PREVIEW = 140
# By a pattern: looking at each character in Python costs a long message more than everything else about it.
_SURROGATE = re.compile("[\ud800-\udfff]")
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


CARRIERS = frozenset(
    (
        MessageType.IMAGE,
        MessageType.VIDEO,
        MessageType.AUDIO,
        MessageType.FILE,
        MessageType.STICKER,
        MessageType.GIF,
    )
)
"""Types that carry attachments, and take a caption."""

_STRUCTURED = {MessageType.LOCATION: structured.location, MessageType.CONTACT: structured.contact}


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
    if _SURROGATE.search(content):
        raise Invalid("Must be well-formed Unicode.", pointer="/content")
    if all(c.isspace() or c in _INVISIBLE or unicodedata.category(c) == "Cf" for c in content):
        raise Invalid("Must contain something visible.", pointer="/content")
    return content


def words_of(type: MessageType, content: str | None) -> str | None:
    """What a message of this type says in words: text, a caption or nothing at all. Raises ``Invalid``."""
    if type is MessageType.TEXT or (type in CARRIERS and content is not None):
        return text(content)
    if content is not None:
        raise Invalid(f"A message of type {type} takes no content.", pointer="/content")
    return None


def metadata_of(type: MessageType, given: dict[str, Any] | None) -> dict[str, Any] | None:
    """The metadata as it is stored: of LOCATION and CONTACT, which need it, and of no other. Raises ``Invalid``."""
    if type in _STRUCTURED:
        return _STRUCTURED[type](given)
    if given is not None:
        raise Invalid(f"A message of type {type} takes no metadata.", pointer="/metadata")
    return None


def require_said(
    type: MessageType,
    content: str | None,
    metadata: dict[str, Any] | None,
    attachment_ids: Sequence[UUID],
) -> None:
    """Whether a client may say this. Raises ``Invalid``, pointing at the field at fault."""
    if type is MessageType.SYSTEM:
        raise Invalid("Messages of type SYSTEM come from the server.", pointer="/type")
    words_of(type, content)
    metadata_of(type, metadata)
    if type in CARRIERS and not 1 <= len(attachment_ids) <= MAX_ATTACHMENTS:
        raise Invalid(f"Needs 1 to {MAX_ATTACHMENTS} attachments.", pointer="/attachment_ids")
    if type not in CARRIERS and attachment_ids:
        raise Invalid(f"A message of type {type} takes no attachments.", pointer="/attachment_ids")
    if len(set(attachment_ids)) < len(attachment_ids):
        raise Invalid("Must not name an attachment twice.", pointer="/attachment_ids")


def preview(content: str | None) -> str | None:
    """The beginning of a content, at most 140 characters: for lists and replies."""
    return None if content is None else content[:PREVIEW]
