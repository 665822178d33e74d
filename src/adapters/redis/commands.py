"""Asking Redis, whether it is one server or a cluster: what limits, presence and caches are written against."""

from collections.abc import Sequence
from typing import Any, Protocol

from adapters.redis.line import Word


class Commands(Protocol):
    """``call`` raises ``Unavailable`` for an error too; to ``many`` errors are answers like others.

    A command has keys of one group of ``together`` at most. One without a key goes where the next one that has a
    key goes, ahead of it; alone it goes to every server that there is.
    """

    async def call(self, *words: Word) -> Any: ...

    async def many(self, commands: Sequence[tuple[Word, ...]]) -> list[Any]: ...

    def tell(self, *words: Word) -> None: ...

    def together(self, keys: Sequence[str]) -> list[list[str]]: ...

    async def close(self) -> None: ...
