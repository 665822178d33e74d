"""Units of work take turns at a store, from their first use of it to their end."""

import asyncio

from adapters.memory.store import MemoryStore


class Turn:
    """One unit's turn. ``take`` waits for it, once; ``end`` gives it up. Several handlers may share it."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._taking = asyncio.Lock()
        self._is_taken = False

    async def take(self) -> MemoryStore:
        """Wait until nobody else is at the store, and keep it."""
        async with self._taking:
            if not self._is_taken:
                await self._store.turn.acquire()
                self._is_taken = True
        return self._store

    def end(self) -> None:
        """Let the next one in; ending twice is ending once."""
        if self._is_taken:
            self._is_taken = False
            self._store.turn.release()
