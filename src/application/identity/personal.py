"""What stands in the place of a command's personal fields once somebody is erased.

The replacements keep the log replayable: the same commands still lead to the same erased account.
"""

import hashlib
from typing import Any

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
