"""What a unit of work remembers: per key one object, and what it looked like when it was found.

That a key has nothing is not remembered: a later look may find what somebody else has committed since.
"""

from collections.abc import Awaitable, Callable, Hashable, Iterable
from dataclasses import fields
from typing import Any, Generic, TypeVar

from adapters.postgres.tables import Statement, Table
from adapters.postgres.transaction import Batcher, Transaction

K = TypeVar("K", bound=Hashable)
V = TypeVar("V", bound=Any)


class Identities(Generic[K, V]):
    """The objects of one table by key, loaded together and each once, and those of them to be written."""

    def __init__(
        self, transaction: Transaction, table: Table, load: Callable[[list[K]], Awaitable[dict[K, V]]]
    ) -> None:
        self._table = table
        self._load = load
        self._lookups: Batcher[K, V] = Batcher(transaction, self._load_unknown)
        self._objects: dict[K, V] = {}
        self._stale: dict[K, V] = {}
        self._as_found: dict[K, tuple[Any, ...]] = {}
        self._added: dict[K, V] = {}
        self._saved: dict[K, V] = {}

    async def get(self, key: K) -> V | None:
        """The object, or None."""
        if key in self._objects:
            return self._objects[key]
        return await self._lookups.get(key)

    async def get_many(self, keys: Iterable[K]) -> dict[K, V]:
        """Those that there are."""
        wanted = list(dict.fromkeys(keys))
        await self._lookups.get_many([key for key in wanted if key not in self._objects])
        return {key: self._objects[key] for key in wanted if key in self._objects}

    def known(self, key: K) -> V | None:
        """What is remembered, without looking."""
        return self._objects.get(key)

    def add(self, key: K, value: V) -> None:
        """An object with no row yet."""
        self._objects[key] = self._added[key] = value

    def save(self, key: K, value: V) -> None:
        """An object whose row must say what it says at commit."""
        self._objects[key] = value
        if key in self._added:
            self._added[key] = value
        else:
            self._saved[key] = value

    def adopt(self, key: K, fresh: V) -> V:
        """Remember a row just read. An object that is known stays the one; a stale one is renewed."""
        if key in self._objects:
            return self._objects[key]
        value = self._stale.pop(key, fresh)
        if value is not fresh:
            for field in fields(fresh):
                if field.compare:
                    setattr(value, field.name, getattr(fresh, field.name))
        self._objects[key] = value
        self._as_found[key] = self._table.values(value)
        return value

    def distrust(self, keys: Iterable[K]) -> None:
        """Read these again when they are next asked for, unless this unit of work has changed them."""
        for key in keys:
            if key in self._objects and key not in self._saved and key not in self._added:
                self._stale[key] = self._objects.pop(key)

    def keys(self) -> list[K]:
        return list(self._objects)

    @property
    def added(self) -> list[V]:
        """What was added, in the order of keys, which is the order rows are locked in."""
        return [self._added[key] for key in sorted(self._added)]  # type: ignore[type-var]

    @property
    def changed(self) -> list[V]:
        """What was saved and does not say what it said when it was found; in the order of keys."""
        return [
            self._saved[key]
            for key in sorted(self._saved)  # type: ignore[type-var]
            if self._as_found.get(key) != self._table.values(self._saved[key])
        ]

    def updating(self, which: Callable[[V], bool] = lambda value: True) -> list[Statement]:
        """The statement that writes what was changed, of those that ``which`` picks."""
        keys = [key for key in sorted(self._saved) if which(self._saved[key])]  # type: ignore[type-var]
        found = {key: self._as_found.get(key) for key in keys}
        changed = [key for key in keys if found[key] != self._table.values(self._saved[key])]
        before = [was for key in changed if (was := found[key]) is not None]
        known = before if len(before) == len(changed) else None
        return self._table.updating([self._saved[key] for key in changed], known)

    def was(self, key: K, column: str) -> Any:
        """What a column said when its row was found; None where it was not."""
        found = self._as_found.get(key)
        return None if found is None else found[self._table.position(column)]

    async def _load_unknown(self, keys: list[K]) -> dict[K, V]:
        found = await self._load(keys)
        return {key: self.adopt(key, value) for key, value in found.items()}
