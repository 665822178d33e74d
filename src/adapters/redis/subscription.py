"""Hearing channels for as long as wanted, over as many lines as that takes."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

import structlog

from adapters.redis.address import Address
from adapters.redis.inbox import Inbox
from adapters.redis.line import Answers, Line, dial, encoded, hang_up
from application.ports.events import Interrupted
from domain.shared.errors import Unavailable

CHANNELS_A_COMMAND = 1000
CONFIRMED_WITHIN_SECONDS = 2.0
DIAL_WITHIN_SECONDS = 1.0
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0

log = structlog.get_logger("redis")


class RedisSubscription(Inbox):
    """The promise of ``Subscription``, for one reader. ``add`` raises ``Unavailable`` when the channels are
    not confirmed within two seconds, and then wants none of those that were not.

    A line that breaks is replaced; when Redis has confirmed every channel on the new one, ``Interrupted``
    follows. A reader that lags makes the line pause: Redis hangs up in the end, which again shows as
    ``Interrupted``, and memory stays flat.
    """

    def __init__(self, address: Address) -> None:
        super().__init__()
        self._address = address
        self._asked: dict[str, asyncio.Future[Answers | None]] = {}
        self._claims: Counter[str] = Counter()
        self._line: Line | None = None
        self._online = asyncio.Event()
        self._is_connected = False
        self._was_connected = False
        self._keeper = asyncio.create_task(self._keep_a_line(), name="redis-subscription")

    @property
    def connected(self) -> bool:
        """Whether every wanted channel is heard, as far as can be known."""
        return self._is_connected

    async def wait_for_line(self, seconds: float) -> bool:
        """Whether there is a line, after waiting for it a while."""
        try:
            async with asyncio.timeout(seconds):
                await self._online.wait()
        except TimeoutError:
            return False
        return True

    async def add(self, channels: Sequence[str]) -> None:
        wanted = set(channels)
        fresh = wanted - self._channels
        self._channels |= fresh
        self._claims.update(wanted)
        is_confirmed = False
        try:
            async with asyncio.timeout(CONFIRMED_WITHIN_SECONDS):
                await self._confirm(wanted)
            is_confirmed = True
        except TimeoutError as error:
            raise Unavailable from error
        finally:
            for channel in wanted:
                self._claims[channel] -= 1
                if not self._claims[channel]:
                    del self._claims[channel]
            if not is_confirmed:
                self._let_go(c for c in fresh if c not in self._claims and not self._is_confirmed(c))

    async def remove(self, channels: Sequence[str]) -> None:
        self._let_go(channels)

    async def close(self) -> None:
        """End the line, and ``deliveries`` with it. Closing twice is closing once."""
        self._end()
        self._online.set()
        line = self._line
        self._keeper.cancel()
        await asyncio.wait([self._keeper])
        await hang_up(line)

    async def _confirm(self, wanted: set[str]) -> None:
        while True:
            await self._online.wait()
            if self._is_closed:
                raise Unavailable
            current = wanted & self._channels
            self._ask_for(channel for channel in current if channel not in self._asked)
            answers = {self._asked[channel] for channel in current}
            if not answers:
                return
            await asyncio.wait(answers)
            if all(future.result() is not None for future in answers):
                return

    def _is_confirmed(self, channel: str) -> bool:
        future = self._asked.get(channel)
        return future is not None and future.done() and future.result() is not None

    def _ask_for(self, channels: Iterable[str]) -> None:
        line = self._line
        if line is None:
            return
        for some in _chunks(channels):
            future = line.ask(encoded("SUBSCRIBE", *some), len(some))
            self._asked.update(dict.fromkeys(some, future))

    def _let_go(self, channels: Iterable[str]) -> None:
        for some in _chunks(channel for channel in channels if channel in self._channels):
            self._channels.difference_update(some)
            asked = [channel for channel in dict.fromkeys(some) if self._asked.pop(channel, None)]
            if asked and self._line is not None:
                self._line.ask(encoded("UNSUBSCRIBE", *asked), len(asked))

    async def _keep_a_line(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                async with asyncio.timeout(DIAL_WITHIN_SECONDS):
                    line = await dial(self._address, self._hear)
                if await self._use(line):
                    pause = FIRST_PAUSE_SECONDS
            except OSError as error:
                log.debug("redis_unreachable", error=type(error).__name__)
            except Exception:
                # Whatever it was, a subscription that stops trying would be silent for ever.
                log.exception("redis_subscription_failed")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _use(self, line: Line) -> bool:
        """Want everything on this line and stay until it breaks; whether all was ever confirmed."""
        is_confirmed = False
        self._line = line
        self._asked = {}
        self._ask_for(self._channels)
        self._online.set()
        try:
            if answers := set(self._asked.values()):
                await asyncio.wait(answers)
            is_confirmed = not line.is_lost and all(future.result() is not None for future in answers)
            if is_confirmed:
                self._begin()
                await asyncio.wait([line.lost])
        finally:
            line.abort()
            self._line = None
            if not self._is_closed:
                self._online.clear()
                if self._is_connected:
                    log.warning("redis_line_lost", channels=len(self._channels))
            self._is_connected = False
        return is_confirmed

    def _begin(self) -> None:
        self._is_connected = True
        if self._was_connected:
            log.info("redis_line_restored", channels=len(self._channels))
            self._put(Interrupted())
        self._was_connected = True

    def _hold_back(self) -> None:
        if self._line is not None:
            self._line.pause()

    def _read_on(self) -> None:
        if self._line is not None:
            self._line.resume()


def _chunks(channels: Iterable[str]) -> Iterable[list[str]]:
    """Lists of at most a thousand, so that no command of ours keeps Redis from everybody else's."""
    rest = iter(list(channels))
    while some := list(islice(rest, CHANNELS_A_COMMAND)):
        yield some
