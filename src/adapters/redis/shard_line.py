"""A line that hears the channels of one master of a cluster, and is told when that master gives one away."""

from collections.abc import Callable, Sequence
from typing import Any

from adapters.redis.address import Address
from adapters.redis.line import Answers, Hear, Line, connect, encoded

Taken = Callable[["ShardLine", str], None]
Settled = Callable[[Answers | None], None]


class ShardLine(Line):
    """``taken`` is called with each channel that the server ends by itself, because its slot has moved.

    One command per channel, since one command may not speak of two slots, and so one answer each: errors are
    answers here. Which of two ``sunsubscribe`` was an answer cannot always be known; who reads the answers ends
    the line when they do not fit.
    """

    MESSAGE = b"smessage"

    def __init__(self, address: Address, hear: Hear, taken: Taken) -> None:
        super().__init__(hear)
        self.address = address
        self._ends_on_errors = False
        self._taken = taken
        self._leaving: set[bytes] = set()

    def join(self, channels: Sequence[str], settled: Settled) -> None:
        """Subscribe; ``settled`` gets an answer per channel, errors among them, or None from a broken line."""
        future = self.ask(b"".join(encoded("SSUBSCRIBE", each) for each in channels), len(channels))
        future.add_done_callback(lambda done: settled(done.result()))

    def leave(self, channel: str) -> None:
        """Unsubscribe, and do not wait for it."""
        name = channel.encode()
        self._leaving.add(name)
        future = self.ask(encoded("SUNSUBSCRIBE", channel), 1)
        future.add_done_callback(lambda _: self._leaving.discard(name))

    def _answer(self, answer: Any) -> None:
        if type(answer) is list and answer[0] == b"sunsubscribe" and answer[1] not in self._leaving:
            self._taken(self, answer[1].decode())
        else:
            super()._answer(answer)


async def dial_shard(address: Address, hear: Hear, taken: Taken) -> ShardLine:
    """Connect and be let in. Raises ``OSError``; takes as long as the caller lets it."""
    return await connect(address, lambda: ShardLine(address, hear, taken), with_database=False)
