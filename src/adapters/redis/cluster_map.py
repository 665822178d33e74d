"""Which master of a cluster has which slot: asked of whoever answers first, and corrected by every redirection."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import hiredis
import structlog

from adapters.redis.address import Address
from adapters.redis.connection import PAUSE_SECONDS
from adapters.redis.line import dial, encoded
from adapters.redis.slots import SLOTS
from domain.shared.errors import Unavailable

LOOK_AGAIN_AFTER_SECONDS = 0.1

log = structlog.get_logger("redis")


class ClusterMap:
    """Empty until ``refresh``, which asks seeds and known masters at once and believes the first, and raises
    ``Unavailable`` when none of them answers within ``within`` seconds. What was known before is kept then.
    """

    def __init__(self, seeds: Sequence[Address], *, within: float) -> None:
        self._seeds = tuple(seeds)
        self._within = within
        self._owners: list[Address | None] = [None] * SLOTS
        self._refreshing: asyncio.Task[bool] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._resting_until = 0.0
        self._is_closed = False
        self.masters: tuple[Address, ...] = ()

    @property
    def is_known(self) -> bool:
        return bool(self.masters)

    @property
    def is_whole(self) -> bool:
        """Whether every slot has a master."""
        return None not in self._owners

    def owner(self, slot: int) -> Address | None:
        return self._owners[slot]

    def redirected(self, error: hiredis.ReplyError, by: Address) -> Address | None:
        """Where an error sends us; None for any other. A slot that has moved for good is noted."""
        word, _, rest = str(error).partition(" ")
        slot, _, place = rest.partition(" ")
        host, _, port = place.rpartition(":")
        if word not in ("MOVED", "ASK") or not slot.isdigit() or not port.isdigit():
            return None
        address = replace(by, host=host or by.host, port=int(port))
        if word == "MOVED":
            self._owners[int(slot) % SLOTS] = address
            self.look_again()
        return address

    def look_again(self) -> None:
        """Something is not where it was: refresh soon, without anybody waiting for it."""
        if not self._is_closed and (self._looking is None or self._looking.done()):
            self._looking = asyncio.create_task(self._refresh_later(), name="redis-cluster-look")

    async def refresh(self) -> None:
        """Ask, together with whoever else asks. After a time-out nobody waits for a second one for a while."""
        if self._is_closed or asyncio.get_running_loop().time() < self._resting_until:
            raise Unavailable
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refresh(), name="redis-cluster-map")
        if not await asyncio.shield(self._refreshing):
            raise Unavailable

    async def close(self) -> None:
        self._is_closed = True
        for task in (self._refreshing, self._looking):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])

    async def _refresh(self) -> bool:
        tasks = [asyncio.create_task(_ask(node)) for node in dict.fromkeys((*self.masters, *self._seeds))]
        try:
            async with asyncio.timeout(self._within):
                for earliest in asyncio.as_completed(tasks):
                    with suppress(OSError):
                        self._note(await earliest)
                        return True
        except TimeoutError:
            self._resting_until = asyncio.get_running_loop().time() + PAUSE_SECONDS
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return False

    async def _refresh_later(self) -> None:
        await asyncio.sleep(LOOK_AGAIN_AFTER_SECONDS)
        with suppress(Unavailable):
            await self.refresh()

    def _note(self, ranges: Sequence[tuple[int, int, Address]]) -> None:
        owners: list[Address | None] = [None] * SLOTS
        for first, last, address in ranges:
            owners[first : last + 1] = [address] * (last + 1 - first)
        masters = tuple(dict.fromkeys(address for _, _, address in ranges))
        if set(masters) != set(self.masters):
            log.info("redis_cluster_map", masters=len(masters), slots=SLOTS - owners.count(None))
        self._owners, self.masters = owners, masters


async def _ask(node: Address) -> list[tuple[int, int, Address]]:
    """The ranges of slots as one server of a cluster sees them. Raises ``OSError``."""
    line = await dial(node)
    try:
        answers = await line.ask(encoded("CLUSTER", "SLOTS"), 1)
    finally:
        line.abort()
    try:
        return [_range(entry, node) for entry in (answers or [None])[0] or _refuse(node)]
    except (TypeError, ValueError, IndexError) as error:
        raise ConnectionError(f"{node.host}:{node.port} is no server of a cluster with slots.") from error


def _range(entry: Any, node: Address) -> tuple[int, int, Address]:
    first, last, master = int(entry[0]), int(entry[1]), entry[2]
    if not 0 <= first <= last < SLOTS:
        raise ValueError("slots")
    # Without a name it is the server that answered.
    return first, last, replace(node, host=(master[0] or b"").decode() or node.host, port=int(master[1]))


def _refuse(node: Address) -> Any:
    raise ValueError(node.port)
