"""The command log in memory: every command in the order in which it took effect."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime

from adapters.memory import constraints
from adapters.memory.store import MemoryStore
from application.ports.command_log import LogEntry


class MemoryCommandLog:
    """The promise of ``CommandLog``. Units of work write to it by their commit."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def answer(self, idempotency_key: str, not_before: datetime) -> LogEntry | None:
        known = self._store.answers.get(idempotency_key)
        entry = None if known is None else self._store.log[known]
        return entry if entry is not None and entry.at >= not_before else None

    async def note(self, entry: LogEntry) -> None:
        constraints.require_new_record(self._store, entry, ())
        self._store.put_entry(entry)

    async def accepted(self) -> AsyncIterator[LogEntry]:
        for entry in list(self._store.log.values()):
            if entry.refused is None:
                yield entry

    async def forget_answers(self, before: datetime) -> int:
        """Let go of keys and answers from before ``before``; the entries stay. Returns how many."""
        old = [self._store.log[id] for id in self._store.answers.values() if self._store.log[id].at < before]
        for entry in old:
            bare = replace(entry, idempotency_key=None, fingerprint=None, result=None)
            del self._store.answers[str(entry.idempotency_key)]
            self._store.log[entry.id] = bare
        return len(old)
