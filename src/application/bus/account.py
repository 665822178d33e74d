"""What one handler has done in a unit of work that it may share with others: its events, and whether it wrote at all.

Every saving of an aggregate takes what it has recorded, into the account of whoever saves. Who shares a unit of work
with others opens an account of their own first; who does not uses the unit's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from domain.shared.events import Event


@dataclass(slots=True)
class Account:
    """``writes`` counts what would be stored."""

    events: list[Event] = field(default_factory=list)
    saved: list[Any] = field(default_factory=list)
    writes: int = 0

    def told(self) -> list[Event]:
        """Everything recorded so far, in the order of saving; it is told once."""
        events = [*self.events, *(event for aggregate in self.saved for event in aggregate.events)]
        for aggregate in self.saved:
            aggregate.events.clear()
        self.events.clear()
        return events


_current: ContextVar[Account | None] = ContextVar("account", default=None)


@contextmanager
def account() -> Iterator[Account]:
    """An account for what is done inside."""
    mine = Account()
    token = _current.set(mine)
    try:
        yield mine
    finally:
        _current.reset(token)


class Ledger:
    """What a unit of work's repositories note their writing in."""

    def __init__(self) -> None:
        self._own = Account()

    @property
    def current(self) -> Account:
        return _current.get() or self._own

    def append(self, aggregate: Any) -> None:
        """An aggregate was saved."""
        mine = self.current
        mine.writes += 1
        mine.saved.append(aggregate)
        mine.events.extend(aggregate.events)
        aggregate.events.clear()

    def wrote(self) -> None:
        """Something was written that records no events."""
        self.current.writes += 1
