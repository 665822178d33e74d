"""Taking back what the log says of a person, or of a message's words; the commands stay such as can be replayed.

A command names those of its fields that are personal, or words, with what replaces them. One that the catalogue does
not know cannot be replayed anyway: nothing of it is kept, since nobody can say what it tells.
"""

from typing import Any

import msgspec

from application.catalogue import COMMANDS
from domain.shared.ids import UserId

_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in COMMANDS}
_NOTHING = b"{}"


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


def command_without_words(name: str, payload: bytes) -> bytes:
    """A command that no longer says what its message said."""
    kind = _KINDS.get(name)
    if kind is None:
        return _NOTHING
    fields: dict[str, Any] = msgspec.json.decode(payload)
    for field in kind.words.keys() & fields.keys():
        if fields[field] is not None:
            fields[field] = kind.words[field]
    return msgspec.json.encode(fields) if kind.words else payload
