"""Who is there, in Redis: of each person one hash, with a field per server that says until when, on Redis' clock.

A server that dies says nothing more, and its fields run out. The field ``seen`` stays for a day:
by then the store has it, and who is erased is soon forgotten here as well.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import hiredis

from adapters.redis.commands import Commands
from adapters.redis.line import Word
from application.ports.presence import Presence
from domain.shared.errors import Unavailable
from domain.shared.ids import UserId

LIFETIME_SECONDS = 30.0
KEPT_FOR = timedelta(days=1)
PEOPLE_A_WRITE = 500

_SEEN = b"seen"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PREAMBLE = b"""
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local me, word_holds, kept_for = ARGV[1], now + tonumber(ARGV[2]), ARGV[3]
local function is_anywhere()
  local fields, found = redis.call('HGETALL', KEYS[1]), false
  for i = 1, #fields, 2 do
    if fields[i] ~= 'seen' and tonumber(fields[i + 1]) > now then found = true end
    if fields[i] ~= 'seen' and tonumber(fields[i + 1]) <= now then redis.call('HDEL', KEYS[1], fields[i]) end
  end
  return found
end
local function write(...)
  redis.call('HSET', KEYS[1], 'seen', string.format('%.0f', now), ...)
  redis.call('PEXPIRE', KEYS[1], kept_for)
end
"""
BEAT = (
    _PREAMBLE
    + b"""
local was_there = is_anywhere()
write(me, string.format('%.0f', word_holds))
return was_there and 0 or 1
"""
)
LEAVE = (
    _PREAMBLE
    + b"""
local earlier = redis.call('HGET', KEYS[1], me)
if earlier then write(me, string.format('%.0f', math.min(tonumber(earlier), word_holds))) end
return is_anywhere() and 0 or 1
"""
)


class RedisPresences:
    """The promise of ``Presences``. One object is one server; ``lifetime`` is how long a heartbeat counts."""

    def __init__(self, commands: Commands, *, lifetime: float = LIFETIME_SECONDS) -> None:
        self._commands = commands
        self._lifetime = lifetime
        self._me = os.urandom(8).hex()

    async def beat(self, user_ids: Sequence[UserId]) -> set[UserId]:
        return await self._run(BEAT, user_ids, self._lifetime)

    async def leave(self, user_ids: Sequence[UserId], *, after: float = 0.0) -> set[UserId]:
        return await self._run(LEAVE, user_ids, after)

    async def of(self, user_ids: Sequence[UserId]) -> dict[UserId, Presence]:
        found: dict[UserId, Presence] = {}
        for some in _portions(user_ids):
            people = {_key(id): id for id in some}
            asked: list[tuple[Word, ...]] = []
            # Each server has a clock of its own, which is the one that counts for what it keeps.
            for keys in self._commands.together(list(people)):
                asked += [("TIME",), *(("HGETALL", key) for key in keys)]
            now = 0
            for words, answer in zip(asked, await self._commands.many(asked), strict=True):
                if words == ("TIME",):
                    seconds, microseconds = (int(part) for part in _sound(answer))
                    now = seconds * 1000 + microseconds // 1000
                else:
                    found[people[str(words[1])]] = _presence(_sound(answer), now)
        return found

    async def _run(self, script: bytes, user_ids: Sequence[UserId], holds_for: float) -> set[UserId]:
        """For whom the script says 1."""
        digest = hashlib.sha1(script, usedforsecurity=False).hexdigest()
        told: set[UserId] = set()
        for some in _portions(user_ids):
            answers = await self._evaluate("EVALSHA", digest, some, holds_for)
            unknown = [id for id, answer in zip(some, answers, strict=True) if _is_unknown(answer)]
            if unknown:
                # What was answered so was not done: only that is done again.
                again = iter(await self._evaluate("EVAL", script, unknown, holds_for))
                answers = [next(again) if _is_unknown(answer) else answer for answer in answers]
            told.update(id for id, answer in zip(some, answers, strict=True) if int(_sound(answer)))
        return told

    async def _evaluate(
        self, word: str, script: str | bytes, some: Sequence[UserId], holds_for: float
    ) -> list[Any]:
        words = (self._me, round(holds_for * 1000), KEPT_FOR // timedelta(milliseconds=1))
        return await self._commands.many([(word, script, 1, _key(id), *words) for id in some])


def _key(id: UserId) -> str:
    return f"presence:{{{id}}}"


def _portions(user_ids: Sequence[UserId]) -> Iterator[list[UserId]]:
    people = list(dict.fromkeys(user_ids))
    for start in range(0, len(people), PEOPLE_A_WRITE):
        yield people[start : start + PEOPLE_A_WRITE]


def _is_unknown(answer: Any) -> bool:
    return isinstance(answer, hiredis.ReplyError) and str(answer).startswith("NOSCRIPT")


def _sound(answer: Any) -> Any:
    if isinstance(answer, hiredis.ReplyError):
        raise Unavailable from answer
    return answer


def _presence(fields: list[bytes], now: int) -> Presence:
    values = dict(zip(fields[::2], map(int, fields[1::2]), strict=True))
    seen = values.pop(_SEEN, None)
    until = max(values.values(), default=0)
    return Presence(
        online=until > now,
        last_seen_at=None if seen is None else _EPOCH + timedelta(milliseconds=seen),
        alive_for=max(0, until - now) / 1000,
    )
