"""Hearing channels on a cluster: each at the master of its slot, wherever that is by now."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Any

import hiredis
import structlog

from adapters.redis.address import Address
from adapters.redis.cluster_map import ClusterMap
from adapters.redis.inbox import Inbox
from adapters.redis.line import Answers
from adapters.redis.shard_line import ShardLine, dial_shard
from adapters.redis.slots import slot_of
from adapters.redis.subscription import (
    CHANNELS_A_COMMAND,
    CONFIRMED_WITHIN_SECONDS,
    DIAL_WITHIN_SECONDS,
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
)
from application.ports.events import Interrupted
from domain.shared.errors import Unavailable

log = structlog.get_logger("redis")


class _Asking:
    """One time of asking a line for channels: an answer counts only for who still waits for this one."""

    __slots__ = ("line",)

    def __init__(self, line: ShardLine) -> None:
        self.line = line


class ClusterSubscription(Inbox):
    """The promise of ``Subscription``, for one reader, with a line to every master that has a wanted channel.

    A channel is lost when its line breaks or its slot moves. It is asked for again, where the map says now, until
    it is confirmed; then ``Interrupted`` follows. The others are heard meanwhile.
    """

    def __init__(self, nodes: ClusterMap) -> None:
        super().__init__()
        self._map = nodes
        self._lines: dict[Address, ShardLine] = {}
        self._dialling: dict[Address, asyncio.Task[None]] = {}
        self._refusals: Counter[Address] = Counter()
        self._homeless: set[str] = set()
        self._asked: dict[str, _Asking] = {}
        self._heard: set[str] = set()
        self._missed: set[str] = set()
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._claims: Counter[str] = Counter()
        self._stirred = asyncio.Event()
        self._keeper = asyncio.create_task(self._keep_asking(), name="redis-cluster-subscription")

    @property
    def connected(self) -> bool:
        return self._map.is_known and not self._missed

    async def wait_for_map(self, seconds: float) -> bool:
        """Whether the cluster is known, after waiting for it a while."""
        try:
            async with asyncio.timeout(seconds):
                while not self._map.is_known:
                    await asyncio.sleep(FIRST_PAUSE_SECONDS)
        except TimeoutError:
            return False
        return True

    async def add(self, channels: Sequence[str]) -> None:
        wanted = set(channels)
        fresh = wanted - self._channels
        self._channels |= fresh
        self._homeless |= fresh
        self._claims.update(wanted)
        self._stirred.set()
        is_confirmed = False
        try:
            async with asyncio.timeout(CONFIRMED_WITHIN_SECONDS):
                while unheard := (wanted & self._channels) - self._heard:
                    if self._is_closed:
                        raise Unavailable
                    await asyncio.wait([self._wait_for(channel) for channel in unheard])
            is_confirmed = True
        except TimeoutError as error:
            raise Unavailable from error
        finally:
            self._claims.subtract(wanted)
            self._claims = +self._claims
            if not is_confirmed:
                self._let_go(c for c in fresh if c not in self._claims and c not in self._heard)

    async def remove(self, channels: Sequence[str]) -> None:
        self._let_go(channels)

    async def close(self) -> None:
        """End every line, and ``deliveries`` with them. Closing twice is closing once."""
        self._end()
        tasks = [self._keeper, *self._dialling.values()]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        for line in self._lines.values():
            line.abort()
        for channel in list(self._waiting):
            self._wake(channel)

    def _wait_for(self, channel: str) -> asyncio.Future[None]:
        if channel not in self._waiting:
            self._waiting[channel] = asyncio.get_running_loop().create_future()
        return self._waiting[channel]

    def _wake(self, channel: str) -> None:
        if (waiting := self._waiting.pop(channel, None)) is not None and not waiting.done():
            waiting.set_result(None)

    def _let_go(self, channels: Iterable[str]) -> None:
        for channel in [each for each in channels if each in self._channels]:
            for state in (self._channels, self._homeless, self._heard, self._missed):
                state.discard(channel)
            if (asking := self._asked.pop(channel, None)) is not None:
                asking.line.leave(channel)
            self._wake(channel)

    async def _keep_asking(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            self._stirred.clear()
            try:
                if not self._map.is_known:
                    await self._map.refresh()
                self._ask_for_the_homeless()
                if not self._homeless:
                    pause = FIRST_PAUSE_SECONDS
                    await self._stirred.wait()
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._stirred.wait()
                    continue
                await self._map.refresh()
            except Unavailable:
                await asyncio.sleep(pause)
            except Exception:
                # Whatever it was, a subscription that stops trying would be silent for ever.
                log.exception("redis_subscription_failed")
                await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _ask_for_the_homeless(self) -> None:
        groups: dict[Address, list[str]] = defaultdict(list)
        for channel in self._homeless:
            if (owner := self._map.owner(slot_of(channel))) is not None:
                groups[owner].append(channel)
        for address, channels in groups.items():
            line = self._lines.get(address)
            if line is not None and not line.is_lost:
                self._ask(line, channels)
            elif address not in self._dialling:
                self._dialling[address] = asyncio.create_task(self._dial(address))

    def _ask(self, line: ShardLine, channels: list[str]) -> None:
        rest = iter(channels)
        while some := list(islice(rest, CHANNELS_A_COMMAND)):
            asking = _Asking(line)
            self._asked.update(dict.fromkeys(some, asking))
            self._homeless.difference_update(some)
            line.join(some, partial(self._settle, asking, some))

    async def _dial(self, address: Address) -> None:
        try:
            async with asyncio.timeout(DIAL_WITHIN_SECONDS):
                line = await dial_shard(address, self._hear, self._lose_taken)
            self._lines[address] = line
            del self._refusals[address]
            line.lost.add_done_callback(lambda _: self._lose_line(line))
        except Exception as error:
            if not isinstance(error, OSError):
                log.exception("redis_subscription_failed")
            log.debug("redis_unreachable", error=type(error).__name__)
            self._map.look_again()
            # As long as it is refused, whoever adds channels must not make us knock again at once.
            self._refusals[address] += 1
            await asyncio.sleep(
                min(FIRST_PAUSE_SECONDS * 2 ** self._refusals[address], LONGEST_PAUSE_SECONDS)
            )
        finally:
            self._dialling.pop(address, None)
            self._stirred.set()

    def _settle(self, asking: _Asking, channels: list[str], answers: Answers | None) -> None:
        """Answers to one time of asking; a broken line has none, and is seen to elsewhere."""
        was_missed = False
        for channel, answer in zip(channels, answers or (), strict=False):
            is_error = isinstance(answer, hiredis.ReplyError)
            if not is_error and not _confirms(answer, channel):
                log.warning("redis_answers_confused", answer=str(answer)[:80])
                asking.line.abort()
                break
            if self._asked.get(channel) is not asking:
                continue
            if is_error:
                del self._asked[channel]
                self._homeless.add(channel)
                has_moved = self._map.redirected(answer, asking.line.address) is not None
                pause = FIRST_PAUSE_SECONDS if has_moved else LONGEST_PAUSE_SECONDS
                asyncio.get_running_loop().call_later(pause, self._stirred.set)
                continue
            self._heard.add(channel)
            self._wake(channel)
            was_missed |= channel in self._missed
            self._missed.discard(channel)
        if was_missed and not (self._items and isinstance(self._items[-1], Interrupted)):
            log.info("redis_line_restored", channels=len(channels))
            self._put(Interrupted())

    def _lose_taken(self, line: ShardLine, channel: str) -> None:
        asking = self._asked.get(channel)
        if asking is not None and asking.line is line:
            self._lose([channel])

    def _lose_line(self, line: ShardLine) -> None:
        if self._lines.get(line.address) is line:
            del self._lines[line.address]
        lost = [channel for channel, asking in self._asked.items() if asking.line is line]
        if not self._is_closed:
            log.warning("redis_line_lost", channels=len(lost))
            self._lose(lost)

    def _lose(self, channels: Iterable[str]) -> None:
        for channel in channels:
            del self._asked[channel]
            self._homeless.add(channel)
            if channel in self._heard:
                self._heard.discard(channel)
                self._missed.add(channel)
        self._map.look_again()
        self._stirred.set()

    def _hold_back(self) -> None:
        for line in self._lines.values():
            line.pause()

    def _read_on(self) -> None:
        for line in self._lines.values():
            line.resume()


def _confirms(answer: Any, channel: str) -> bool:
    return isinstance(answer, list) and answer[:2] == [b"ssubscribe", channel.encode()]
