"""Taking back what the log says of a person, or of a message's words; the commands stay such as can be replayed.

The same commands still lead to the same, wiped, state. Hence different words stay different, and the same stay the
same: an edit that changed something still does. A command names those of its fields that are personal, or words, with what replaces them. One that the catalogue does
not know cannot be replayed anyway: nothing of it is kept, since nobody can say what it tells.
"""

from collections import defaultdict
from collections.abc import Collection
from typing import Any
from uuid import UUID

import msgspec

from application.catalogue import COMMANDS
from domain.messaging.placeholders import content_instead, metadata_instead
from domain.shared.ids import UserId

_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in COMMANDS}
_NOTHING = b"{}"


class Words:
    """The words of messages that are wiped together, numbered as they come; those of each field for themselves."""

    def __init__(self) -> None:
        self._numbers: dict[str, dict[bytes, int]] = defaultdict(dict)

    def number(self, field: str, said: Any) -> int:
        """The same for the same words."""
        numbers = self._numbers[field]
        return numbers.setdefault(msgspec.json.encode(said), len(numbers) + 1)


def command_without_person(name: str, payload: bytes, user_id: UserId) -> bytes:
    """A command that an erased person gave, or that was about their account, and no longer says who that was."""
    kind = _KINDS.get(name)
    if kind is None:
        return _NOTHING
    fields: dict[str, Any] = msgspec.json.decode(payload)
    for field in kind.personal.keys() & fields.keys():
        replacement = kind.personal[field]
        fields[field] = replacement(fields[field], user_id) if callable(replacement) else replacement
    return msgspec.json.encode(fields) if kind.personal else payload


def command_without_words(name: str, payload: bytes, words: Words) -> bytes:
    """A command that no longer says what its message said."""
    kind = _KINDS.get(name)
    if kind is None:
        return _NOTHING
    if not kind.words:
        return payload
    fields: dict[str, Any] = msgspec.json.decode(payload)
    for field, replacement in kind.words.items():
        if fields.get(field) is not None:
            fields[field] = replacement(fields, words.number(field, fields[field]))
    return msgspec.json.encode(fields)


def forward_without_words(payload: bytes, wiped: Collection[UUID], words: Words) -> bytes:
    """A forward that no longer says what those of its copies said that their sender named like this."""
    fields: dict[str, Any] = msgspec.json.decode(payload)
    for name, said in zip(fields["client_message_ids"], fields.get("said") or (), strict=False):
        if UUID(name) in wiped:
            if said["content"] is not None:
                said["content"] = content_instead(said, words.number("content", said["content"]))
            said["metadata"] = metadata_instead(said, 0) or {}
    return msgspec.json.encode(fields)
