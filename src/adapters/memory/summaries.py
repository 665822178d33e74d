"""The conversation list of a memory store, which has no rows of its own: it is made anew whenever somebody looks."""

from collections.abc import Sequence

from adapters.memory.store import MemoryStore
from domain.shared.ids import ConversationId


class MemorySummaries:
    """The promise of ``Summaries``, with nothing to correct."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def count(self, beyond: ConversationId | None) -> int:
        return len(await self.after(beyond, len(self._store.conversations)))

    async def after(self, beyond: ConversationId | None, limit: int) -> list[ConversationId]:
        return sorted(id for id in self._store.conversations if beyond is None or id > beyond)[:limit]

    async def rebuild(self, conversation_ids: Sequence[ConversationId]) -> int:
        async with self._store.turn:
            return 0
