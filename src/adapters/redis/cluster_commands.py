"""Commands to a cluster: each to the master of its slot, redirected where that has changed."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import hiredis

from adapters.redis.address import Address, seeds_of
from adapters.redis.cluster_map import ClusterMap
from adapters.redis.connection import PAUSE_SECONDS, WITHIN_SECONDS, RedisCommands
from adapters.redis.line import Word, encoded
from adapters.redis.slots import by_slot, slot_of, slot_of_command
from domain.shared.errors import Unavailable

FIRST_PAUSE_SECONDS = 0.002
_ASKING = encoded("ASKING")

Routed = tuple[int, bytes]
"""A slot and an encoded command that belongs there."""


class Unreachable(hiredis.ReplyError):
    """Stands in for the answer of a master that did not give one."""


class ClusterCommands:
    """The promise of ``Commands``, with one line to each master. What a redirection refuses was not done, so it is
    asked again elsewhere; nothing else is. A master out of reach spoils its own slots' answers and no others:
    ``Unavailable`` only where nothing could be asked.

    Bounded by ``within`` twice: once for finding the cluster or the first answers, once for redirections.
    """

    def __init__(self, url: str, *, within: float = WITHIN_SECONDS, pause: float = PAUSE_SECONDS) -> None:
        self.map = ClusterMap(seeds_of(url), within=within)
        self._within = within
        self._pause = pause
        self._nodes: dict[Address, RedisCommands] = {}
        self._is_closed = False

    async def call(self, *words: Word) -> Any:
        """One command; without a key to every master, the answers in a list."""
        slot = slot_of_command(words)
        if slot is None:
            return await self._call_everybody(words)
        (answer,) = await self.ask([(slot, encoded(*words))])
        if isinstance(answer, hiredis.ReplyError):
            raise Unavailable from answer
        return answer

    async def many(self, commands: Sequence[tuple[Word, ...]]) -> list[Any]:
        return await self.ask(list(_routed(commands)))

    def tell(self, *words: Word) -> None:
        slot = slot_of_command(words)
        node = self._nodes.get(self.map.owner(slot)) if slot is not None else None  # type: ignore[arg-type]
        if node is not None:
            node.tell(*words)

    def together(self, keys: Sequence[str]) -> list[list[str]]:
        return by_slot(keys)

    async def ask(self, asked: Sequence[Routed]) -> list[Any]:
        """The same for commands that are encoded already; those of one slot are asked in their order."""
        if not asked:
            return []
        if not self.map.is_known:
            await self.map.refresh()
        until = asyncio.get_running_loop().time() + self._within
        answers: list[Any] = [Unreachable("No master.")] * len(asked)
        places = {
            number: (owner, False)
            for number, (slot, _) in enumerate(asked)
            if (owner := self.map.owner(slot)) is not None
        }
        pause = 0.0
        while places := await self._round(asked, places, answers):
            if asyncio.get_running_loop().time() + pause > until:
                break
            # Once is a move. Sent on again, the servers do not agree yet, which takes them a moment.
            if pause:
                await asyncio.sleep(pause)
            pause = pause * 2 or FIRST_PAUSE_SECONDS
        if any(isinstance(answer, Unreachable) for answer in answers):
            self.map.look_again()
            if all(isinstance(answer, Unreachable) for answer in answers):
                raise Unavailable
        return answers

    async def close(self) -> None:
        self._is_closed = True
        await self.map.close()
        for node in self._nodes.values():
            await node.close()

    async def _round(
        self, asked: Sequence[Routed], places: dict[int, tuple[Address, bool]], answers: list[Any]
    ) -> dict[int, tuple[Address, bool]]:
        """Ask each where it belongs, all servers at once; where redirections send which of them."""
        groups: dict[tuple[Address, bool], list[int]] = defaultdict(list)
        for number, place in places.items():
            groups[place].append(number)
        received = [
            self._ask_one(address, [asked[number][1] for number in numbers], asking)
            for (address, asking), numbers in groups.items()
        ]
        # One master is the usual case, and needs no task of its own.
        replies = [await received[0]] if len(received) == 1 else await asyncio.gather(*received)
        redirected: dict[int, tuple[Address, bool]] = {}
        for ((address, _), numbers), reply in zip(groups.items(), replies, strict=True):
            for number, answer in zip(numbers, reply, strict=True):
                answers[number] = answer
                if isinstance(answer, hiredis.ReplyError):
                    elsewhere = self.map.redirected(answer, address)
                    if elsewhere is not None:
                        redirected[number] = (elsewhere, str(answer).startswith("ASK"))
        return dict(sorted(redirected.items()))

    async def _ask_one(self, address: Address, commands: list[bytes], asking: bool) -> list[Any]:
        try:
            node = self._node(address)
            if not asking:
                return await node.ask(b"".join(commands), len(commands))
            answers = await node.ask(b"".join(_ASKING + command for command in commands), 2 * len(commands))
            return answers[1::2]
        except Unavailable:
            return [Unreachable("No answer.")] * len(commands)

    async def _call_everybody(self, words: tuple[Word, ...]) -> list[Any]:
        if not self.map.is_known:
            await self.map.refresh()
        masters = self.map.masters
        answers = await asyncio.gather(
            *(self._node(master).call(*words) for master in masters), return_exceptions=True
        )
        for answer in answers:
            if isinstance(answer, BaseException):
                self.map.look_again()
                raise answer
        if not self.map.is_whole:
            self.map.look_again()
            raise Unavailable
        return list(answers)

    def _node(self, address: Address) -> RedisCommands:
        if self._is_closed:
            raise Unavailable
        node = self._nodes.get(address)
        if node is None:
            node = self._nodes[address] = RedisCommands(address, within=self._within, pause=self._pause)
        return node


def _routed(commands: Sequence[tuple[Word, ...]]) -> Iterable[Routed]:
    """Each with its slot; one without goes with the next that has one, or with the last."""
    slots = [slot_of_command(words) for words in commands]
    following = next((slot for slot in reversed(slots) if slot is not None), slot_of(b""))
    for number in range(len(slots) - 1, -1, -1):
        following = slots[number] = slots[number] if slots[number] is not None else following  # type: ignore[assignment]
    for slot, words in zip(slots, commands, strict=True):
        yield slot, encoded(*words)  # type: ignore[misc]
