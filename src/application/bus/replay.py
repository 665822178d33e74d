"""Doing again, in an empty store, what a command log says was done.

The same commands go through the same bus with their recorded ids and times, so the store they make must equal
the one they were recorded beside. Secrets are not in the log; what they proved then is taken as proved.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from application.bus.bus import Bus
from application.bus.messages import Actor, decode_hook, secret_fields
from application.errors import Unregistered
from application.ports.command_log import LogEntry

FORGOTTEN = "forgotten secret"


class RecordedPasswords:
    """The ``Passwords`` of a replay: every password is right, because the log says that it was."""

    async def hash(self, password: str) -> str:
        return "not recorded"

    async def verify(self, hashed: str | None, password: str) -> bool:
        return hashed is not None

    def is_outdated(self, hashed: str) -> bool:
        return False

    def close(self) -> None:
        """Nothing to close; here because the passwords of a server have threads."""


async def replay(entries: AsyncIterator[LogEntry], bus: Bus, commands: Mapping[str, type[Any]]) -> int:
    """Carry out every entry in order; returns how many. Raises ``Unregistered`` for a name nobody knows."""
    done = 0
    async for entry in entries:
        kind = commands.get(entry.name)
        if kind is None:
            raise Unregistered(entry.name)
        actor = Actor(user_id=entry.actor_id, session_id=entry.session_id)
        await bus.replay(command_of(entry, kind), actor, entry)
        done += 1
    return done


def command_of(entry: LogEntry, kind: type[Any]) -> Any:
    """The recorded command, with a placeholder where it had a secret."""
    fields: dict[str, Any] = msgspec.json.decode(entry.payload)
    for name in secret_fields(kind):
        fields[name] = FORGOTTEN
    return msgspec.convert(fields, kind, dec_hook=decode_hook)
