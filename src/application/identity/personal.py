"""What commands in the log say of people, and what stands in its place once somebody is erased.

A command names its personal fields with what replaces them (``personal``). The replacement keeps the log
replayable: the same commands still lead to the same erased account.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from application.bus.messages import Command
from domain.shared.ids import UserId

ERASED = "erased."


def as_username(given: Any, user_id: UserId) -> str:
    """A username made of the account's id: valid, unique, and telling nothing."""
    return ERASED + user_id.hex[:24]


def as_device(given: Any, user_id: UserId) -> str:
    """A device's name that is still the same for the same device, and another for another. Done once."""
    if str(given).startswith(ERASED):
        return str(given)
    return ERASED + hashlib.blake2b(f"{user_id}\n{given}".encode(), digest_size=16).hexdigest()


def rewritten(name: str, payload: bytes, user_id: UserId) -> bytes:
    """What the log keeps of a command that an erased person gave, or that was about their account."""
    kind = next((each for each in Command.__subclasses__() if each.__name__ == name), None)
    return without_person(payload, kind.personal, user_id) if kind is not None and kind.personal else payload


def without_person(payload: bytes, personal: Mapping[str, Any], user_id: UserId) -> bytes:
    """A recorded command that no longer says who it was."""
    fields: dict[str, Any] = msgspec.json.decode(payload)
    for name, replacement in personal.items():
        if name in fields:
            given = fields[name]
            fields[name] = replacement(given, user_id) if callable(replacement) else replacement
    return msgspec.json.encode(fields)
