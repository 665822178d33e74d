"""Commands to Redis, each answered or refused within a bound, whatever state Redis is in.

After a time-out whoever asks is refused at once for a while, then one question goes ahead to see: so a request
that asks several times has waited for one time-out and not for each.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import hiredis

from adapters.redis.address import Address, address_of
from adapters.redis.line import Answers, Line, Word, dial, encoded, hang_up
from domain.shared.errors import Unavailable

WITHIN_SECONDS = 0.25
AND_A_MOMENT_SECONDS = 0.03
PAUSE_SECONDS = 1.0


class RedisCommands:
    """One line, shared by everybody: what is asked in one turn of the loop travels together.

    Connects when first asked and again after a loss. Nothing is ever sent twice, so a command that raised
    ``Unavailable`` may or may not have been done. Connecting and answering take ``within`` seconds at most;
    one that took longer opens a pause of ``pause`` seconds in which nothing is asked.
    """

    def __init__(
        self, where: str | Address, *, within: float = WITHIN_SECONDS, pause: float = PAUSE_SECONDS
    ) -> None:
        self._address = address_of(where) if isinstance(where, str) else where
        self._within = within
        self._pause = pause
        self._resting_until = 0.0
        self._is_probing = False
        self._line: Line | None = None
        self._dialling = asyncio.Lock()
        self._is_closed = False

    async def call(self, *words: Word) -> Any:
        """One command and its answer; an error as an answer is ``Unavailable`` too."""
        (answer,) = await self.ask(encoded(*words), 1)
        if isinstance(answer, hiredis.ReplyError):
            raise Unavailable from answer
        return answer

    async def many(self, commands: Sequence[tuple[Word, ...]]) -> list[Any]:
        """Several commands in one go, in order, without a transaction; errors are answers like others."""
        if not commands:
            return []
        return await self.ask(b"".join(encoded(*words) for words in commands), len(commands))

    def together(self, keys: Sequence[str]) -> list[list[str]]:
        """Keys in groups that one command may have: here all of them."""
        return [list(keys)] if keys else []

    def tell(self, *words: Word) -> None:
        """Send a command whose answer nobody needs, if there is a line; behind what was asked before it."""
        if self._line is not None and not self._line.is_lost:
            self._line.ask(encoded(*words), 1)

    async def ask(self, commands: bytes, answers: int) -> list[Any]:
        """The same for commands that are encoded already."""
        if not self._resting_until:
            return await self._ask(commands, answers)
        if self._is_probing or asyncio.get_running_loop().time() < self._resting_until:
            raise Unavailable
        self._is_probing = True
        try:
            received = await self._ask(commands, answers)
        finally:
            self._is_probing = False
        self._resting_until = 0.0
        return received

    async def _ask(self, commands: bytes, answers: int) -> list[Any]:
        line: Line | None = None
        answer: asyncio.Future[Answers | None] | None = None
        try:
            async with asyncio.timeout(self._within):
                line = await self._open()
                answer = line.ask(commands, answers)
                received = await asyncio.shield(answer)
        except TimeoutError as error:
            # A loop that was held up looks at its clock before it writes what is to go out, or reads what has come in.
            if answer is not None:
                await asyncio.wait([answer], timeout=AND_A_MOMENT_SECONDS)
            if answer is None or not answer.done():
                # Whether it is slow or gone: nobody else should wait for the same answer.
                self._resting_until = asyncio.get_running_loop().time() + self._pause
                if line is not None:
                    line.abort()
                raise Unavailable from error
            received = answer.result()
        except OSError as error:
            raise Unavailable from error
        if received is None:
            raise Unavailable
        return received

    async def close(self) -> None:
        """Hang up for good; whoever still waits is refused."""
        self._is_closed = True
        async with self._dialling:
            await hang_up(self._line)
            self._line = None

    async def _open(self) -> Line:
        line = self._line
        if line is not None and not line.is_lost:
            return line
        async with self._dialling:
            if self._is_closed:
                raise Unavailable
            if self._line is None or self._line.is_lost:
                self._line = await dial(self._address)
            return self._line
