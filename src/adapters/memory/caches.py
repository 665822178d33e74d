"""Caches of one process over its own memory: nothing is remembered, because nothing would be quicker."""

from collections.abc import Sequence

from application.ports.events import Frame


class MemoryCaches:
    """The promise of ``Caches``: what nobody remembers is read afresh."""

    async def forget(self, frames: Sequence[Frame]) -> None:
        return None
