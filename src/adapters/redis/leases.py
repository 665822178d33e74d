"""A cache with leases: what is remembered in it is never older than the last time it was told to forget.

The invariant: a value is stored only where nothing was forgotten between the miss that led to it and the moment
it is stored. A miss leaves a token that nobody else has under the key; to fill is to exchange that token for the
value, in one step; to forget is to delete the key, token or value. So who read the old state holds a token that
is gone, however long they were held up (memcache leases: Nishtala et al., NSDI 2013, §3.2.1).
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from adapters.redis.commands import Commands
from adapters.redis.line import Word
from domain.shared.errors import Unavailable

LEASE_MS = 2000
TOKEN_BYTES = 16
_MILLISECOND = timedelta(milliseconds=1)

# A value begins with "=" and the shape it was written in, a token with "?". A value of another shape, left by
# another version of the program, is as good as none. 1: this token is now yours to fill; 0: another's.
LOOK = b"""
local found = {}
for place, key in ipairs(KEYS) do
  local kept = redis.call('GET', key)
  if kept and string.sub(kept, 1, #ARGV[1]) == ARGV[1] then
    found[place] = string.sub(kept, #ARGV[1] + 1)
  elseif kept and string.sub(kept, 1, 1) == '?' then
    found[place] = 0
  else
    redis.call('SET', key, ARGV[2], 'PX', ARGV[3])
    found[place] = 1
  end
end
return found
"""
FILL = b"""
for place, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then
    redis.call('SET', key, ARGV[2 * place], 'PX', ARGV[2 * place + 1])
  end
end
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a look found, and the keys it may now fill with its token."""

    hits: dict[str, bytes]
    leased: frozenset[str]
    token: bytes


class Leases:
    """Values of one ``shape`` by key. ``look`` and ``forget`` raise ``Unavailable``; ``fill`` neither waits nor
    raises, and may come to nothing.
    """

    def __init__(self, commands: Commands, shape: str, *, lease_ms: int = LEASE_MS) -> None:
        self._commands = commands
        self._head = b"=%b:" % shape.encode()
        self._lease_ms = lease_ms

    async def look(self, keys: Sequence[str]) -> Looked:
        """One round trip, whatever the number of keys. What a server of a cluster cannot say is neither hit nor lease."""
        token = b"?" + secrets.token_bytes(TOKEN_BYTES)
        groups = self._commands.together(keys)
        asked: list[tuple[Word, ...]] = [
            ("EVAL", LOOK, len(some), *some, self._head, token, self._lease_ms) for some in groups
        ]
        if len(asked) == 1:
            answers: list[Any] = [await self._commands.call(*asked[0])]
        else:
            answers = await self._commands.many(asked)
        found: dict[str, Any] = {}
        for some, answer in zip(groups, answers, strict=True):
            if isinstance(answer, list):
                found.update(zip(some, answer, strict=True))
        return Looked(
            hits={key: answer for key, answer in found.items() if isinstance(answer, bytes)},
            leased=frozenset(key for key, answer in found.items() if answer == 1),
            token=token,
        )

    def fill(self, looked: Looked, values: Mapping[str, tuple[bytes, timedelta]]) -> None:
        """Store what was read after a look that missed, each for a while, where the lease still stands."""
        for some in self._commands.together([key for key in values if key in looked.leased]):
            words: list[bytes | int] = []
            for value, kept_for in map(values.__getitem__, some):
                words += (self._head + value, max(1, kept_for // _MILLISECOND))
            self._commands.tell("EVAL", FILL, len(some), *some, looked.token, *words)


async def forget(commands: Commands, keys: Iterable[str]) -> None:
    """Delete whatever is under these keys. Raises ``Unavailable`` when that is not known to be done."""
    groups = commands.together(list(keys))
    answers = await commands.many([("DEL", *some) for some in groups])
    if not all(isinstance(answer, int) for answer in answers):
        raise Unavailable
