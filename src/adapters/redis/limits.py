"""Rate limits that all servers share: the generic cell rate algorithm in one call, on Redis' own clock.

What is kept per key is the theoretical arrival time (ITU-T I.371): when the budget will be whole again.
"""

import hashlib
from typing import Any

import hiredis

from adapters.redis.commands import Commands
from adapters.redis.line import Word
from application.ports.limits import Limits, Rate, Verdict
from domain.shared.errors import Unavailable

LONGEST_KEY = 200

# Whole microseconds fit a Lua number exactly (2^53). The time is kept as text because Lua would round it.
# A time further ahead than a whole budget comes from a clock set back or a larger limit, and is cut down.
SCRIPT = b"""
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, burst, permits = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local whole, cost = interval * burst, interval * math.min(permits, burst)
local due = tonumber(redis.call('GET', KEYS[1]) or now)
if due < now then due = now elseif due > now + whole then due = now + whole end
local early = due + cost - whole - now
if early > 0 then return {0, 0, early} end
due = due + cost
redis.call('SET', KEYS[1], string.format('%.0f', due))
redis.call('PEXPIRE', KEYS[1], math.ceil((due - now) / 1000))
return {1, math.floor((whole - (due - now)) / interval), 0}
"""
_DIGEST = hashlib.sha1(SCRIPT, usedforsecurity=False).hexdigest()


class RedisLimits:
    """The promise of ``Limits``, across servers. When Redis cannot answer, a rate that fails open allows;
    of the others ``fallback`` decides for this process, and without one they raise ``Unavailable``.
    """

    def __init__(self, commands: Commands, fallback: Limits | None = None) -> None:
        self._commands = commands
        self._fallback = fallback

    async def take(self, rate: Rate, key: str, permits: int = 1) -> Verdict:
        try:
            allowed, remaining, early = await self._ask(rate, _name(rate, key), permits)
        except Unavailable:
            return await self._decide_alone(rate, key, permits)
        # Rounded up to whole milliseconds: after that time the attempt must succeed.
        return Verdict(allowed=bool(allowed), remaining=int(remaining), retry_after=-(-early // 1000) / 1000)

    async def _ask(self, rate: Rate, name: str, permits: int) -> list[int]:
        interval = max(1, round(rate.period / rate.per_period * 1_000_000))
        words: tuple[Word, ...] = (1, name, interval, rate.burst, permits)
        (answer,) = await self._commands.many([("EVALSHA", _DIGEST, *words)])
        if isinstance(answer, hiredis.ReplyError) and str(answer).startswith("NOSCRIPT"):
            answer = await self._commands.call("EVAL", SCRIPT, *words)
        return _numbers(answer)

    async def _decide_alone(self, rate: Rate, key: str, permits: int) -> Verdict:
        if rate.fails_open:
            return Verdict(allowed=True, remaining=rate.burst, retry_after=0.0)
        if self._fallback is None:
            raise Unavailable
        return await self._fallback.take(rate, key, permits)


def _name(rate: Rate, key: str) -> str:
    if len(key) > LONGEST_KEY:
        key = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return f"limit:{rate.name}:{key}"


def _numbers(answer: Any) -> list[int]:
    if isinstance(answer, hiredis.ReplyError):
        raise Unavailable from answer
    return [int(number) for number in answer]
