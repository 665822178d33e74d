"""Asking for many at once: those who ask while a question is under way share the next one. Nobody waits for a timer."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Gathering(Generic[K, V]):
    """``of`` answers for some keys, those left out that there is nothing of. What goes wrong is raised to everybody
    whose keys were asked together.
    """

    def __init__(self, ask: Callable[[list[K]], Awaitable[dict[K, V]]], at_most: int) -> None:
        self._ask = ask
        self._at_most = at_most
        self._waiting: list[tuple[list[K], asyncio.Future[dict[K, V]]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def of(self, keys: Iterable[K]) -> dict[K, V]:
        wanted = list(keys)
        if not wanted:
            return {}
        answer: asyncio.Future[dict[K, V]] = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, answer))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_for_all())
        return await answer

    async def _ask_for_all(self) -> None:
        while self._waiting:
            turn = self._next()
            try:
                found = await self._ask(list({key for keys, _ in turn for key in keys}))
            except BaseException as error:
                for _, answer in turn:
                    if not answer.done():
                        answer.set_exception(error)
                if not isinstance(error, Exception):
                    raise
                continue
            for keys, answer in turn:
                if not answer.done():
                    answer.set_result({key: found[key] for key in keys if key in found})

    def _next(self) -> list[tuple[list[K], asyncio.Future[dict[K, V]]]]:
        """Those whose turn it is: somebody, and whoever fits beside them."""
        size, count = 0, 0
        for keys, _ in self._waiting:
            size += len(keys)
            if count and size > self._at_most:
                break
            count += 1
        turn, self._waiting = self._waiting[:count], self._waiting[count:]
        return turn
