"""Seats in Redis: of each person one sorted set of connections, each with until when it counts, on Redis' clock.

A server that dies keeps no seat any more, and its connections run out.
"""

import hashlib
from collections.abc import Collection, Mapping
from itertools import islice
from typing import Any

import hiredis

from adapters.redis.commands import Commands
from adapters.redis.line import Word
from domain.shared.errors import Unavailable
from domain.shared.ids import UserId

LIFETIME_SECONDS = 60.0
PEOPLE_A_WRITE = 500

SCRIPT = b"""
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local until_then = string.format('%.0f', now + tonumber(ARGV[1]))
local at_most = tonumber(ARGV[2])
if at_most >= 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
  if not redis.call('ZSCORE', KEYS[1], ARGV[3]) and redis.call('ZCARD', KEYS[1]) >= at_most then return 0 end
end
for i = 3, #ARGV do redis.call('ZADD', KEYS[1], until_then, ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
"""
_DIGEST = hashlib.sha1(SCRIPT, usedforsecurity=False).hexdigest()
_AS_MANY_AS_THERE_ARE = -1


class RedisSeats:
    """The promise of ``Seats``, across servers."""

    def __init__(self, commands: Commands, *, lifetime: float = LIFETIME_SECONDS) -> None:
        self._commands = commands
        self._lifetime = round(lifetime * 1000)

    async def take(self, user_id: UserId, connection_id: str, at_most: int) -> bool:
        (allowed,) = await self._run([(user_id, at_most, [connection_id])])
        return bool(allowed)

    async def keep(self, taken: Mapping[UserId, Collection[str]]) -> None:
        people = iter(taken.items())
        while some := list(islice(people, PEOPLE_A_WRITE)):
            await self._run([(user_id, _AS_MANY_AS_THERE_ARE, ids) for user_id, ids in some if ids])

    async def leave(self, user_id: UserId, connection_id: str) -> None:
        await self._commands.call("ZREM", _key(user_id), connection_id)

    async def _run(self, seats: list[tuple[UserId, int, Collection[str]]]) -> list[int]:
        asked: list[tuple[Word, ...]] = [
            ("EVALSHA", _DIGEST, 1, _key(user_id), self._lifetime, at_most, *ids)
            for user_id, at_most, ids in seats
        ]
        answers = await self._commands.many(asked) if asked else []
        if any(_is_unknown(answer) for answer in answers):
            # Doing it again says the same: whoever has a seat may take it again.
            await self._commands.call("SCRIPT", "LOAD", SCRIPT)
            answers = await self._commands.many(asked)
        for answer in answers:
            if isinstance(answer, hiredis.ReplyError):
                raise Unavailable from answer
        return [int(answer) for answer in answers]


def _key(user_id: UserId) -> str:
    return f"seats:{{{user_id}}}"


def _is_unknown(answer: Any) -> bool:
    return isinstance(answer, hiredis.ReplyError) and str(answer).startswith("NOSCRIPT")
