"""What commands in the log say of people, and what stands in its place once somebody is erased.

A command names its personal fields with what replaces them (``personal``). The replacement keeps the log
replayable: the same commands still lead to the same erased account.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.shared.ids import UserId

PSEUDONYM = object()
"""Stands for a username made of the account's id: valid, unique, and telling nothing."""


def pseudonym(user_id: UserId) -> str:
    return f"erased.{user_id.hex[:24]}"


def without_person(payload: bytes, personal: Mapping[str, Any], user_id: UserId) -> bytes:
    """A recorded command that no longer says who it was."""
    fields: dict[str, Any] = msgspec.json.decode(payload)
    for name, replacement in personal.items():
        if name in fields:
            fields[name] = pseudonym(user_id) if replacement is PSEUDONYM else replacement
    return msgspec.json.encode(fields)
