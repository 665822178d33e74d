"""The account of a run: what was acknowledged, who heard what, and so what was lost, doubled or out of order.

The invariant it checks is the protocol's: of each conversation a connection hears every revision once, in order,
without a hole, or is told by ``reset`` that some will not come; and what was acknowledged is heard by every listener.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

HOLES_NAMED = 1000
"""Holes longer than this are counted, and what fills them late is taken for doubled."""


@dataclass(slots=True)
class Heard:
    """How far one listener is in one conversation; ``missing`` are the revisions below that have not come."""

    revision: int
    missing: set[int] = field(default_factory=set)
    excused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is wrong; a run is sound when nothing is."""

    lost: int
    doubled: int
    out_of_order: int
    gaps: int
    shared_numbers: int
    resets: int

    @property
    def is_sound(self) -> bool:
        return not (self.lost or self.doubled or self.out_of_order or self.gaps or self.shared_numbers)


class Ledger:
    """Written to by senders and listeners while they run; times are seconds on one clock."""

    def __init__(self) -> None:
        self.listeners: set[str] = set()
        self.acks: list[float] = []
        self.deliveries: list[float] = []
        self.errors: Counter[str] = Counter()
        self.closed: Counter[str] = Counter()
        self._begun: dict[str, float] = {}
        self._acknowledged: dict[str, tuple[str, int]] = {}
        self._listening: defaultdict[str, set[str]] = defaultdict(set)
        self._heard_by: defaultdict[str, set[str]] = defaultdict(set)
        self._waited_for: dict[str, set[str]] = {}
        self._place: dict[tuple[str, str], Heard] = {}
        self._doubled = self._out_of_order = self._resets = 0

    @property
    def acknowledged(self) -> int:
        return len(self._acknowledged)

    def listens(self, listener: str, revisions: dict[str, int]) -> None:
        """A listener, and from which revision on they hear each of their conversations."""
        self.listeners.add(listener)
        for conversation, revision in revisions.items():
            self._listening[conversation].add(listener)
            self._place[listener, conversation] = Heard(revision)

    def known(self, listener: str) -> dict[str, int]:
        """Up to which revision a listener has heard everything."""
        return {
            conversation: min(place.missing, default=place.revision + 1) - 1
            for (who, conversation), place in self._place.items()
            if who == listener
        }

    def sent(self, client_id: str, at: float) -> None:
        self._begun[client_id] = at

    def was_acknowledged(self, client_id: str, conversation: str, revision: int, at: float) -> None:
        self._acknowledged[client_id] = (conversation, revision)
        self.acks.append(at - self._begun[client_id])
        if still := self._listening[conversation] - self._heard_by.pop(client_id, set()):
            self._waited_for[client_id] = still

    def heard(self, listener: str, event: dict[str, Any], at: float) -> None:
        """An event of a conversation, as it came."""
        place = self._place.get((listener, str(event.get("conversation_id"))))
        revision = event.get("revision")
        if place is None or not isinstance(revision, int):
            return
        if event["type"] == "reset":
            self._reset(place, revision)
            return
        if not self._in_order(place, revision) or event["type"] != "message.created":
            return
        client_id = event["data"].get("client_message_id")
        if client_id in self._begun:
            self.deliveries.append(at - self._begun[client_id])
            self._arrived(client_id, listener)

    def _arrived(self, client_id: str, listener: str) -> None:
        if client_id not in self._acknowledged:
            self._heard_by[client_id].add(listener)
        elif still := self._waited_for.get(client_id):
            still.discard(listener)
            if not still:
                del self._waited_for[client_id]

    def _in_order(self, place: Heard, revision: int) -> bool:
        """Whether this revision is heard for the first time."""
        if revision in place.missing:
            place.missing.remove(revision)
            self._out_of_order += 1
            return True
        if revision <= place.revision:
            self._doubled += 1
            return False
        hole = range(place.revision + 1, revision)
        place.missing.update(hole[-HOLES_NAMED:])
        place.revision = revision
        return True

    def _reset(self, place: Heard, revision: int) -> None:
        self._resets += 1
        place.excused = max(place.excused, revision)
        place.revision = max(place.revision, revision)
        place.missing = {each for each in place.missing if each > revision}

    def _unheard(self, client_id: str) -> list[str]:
        conversation, revision = self._acknowledged[client_id]
        still = self._waited_for[client_id]
        return [each for each in still if self._place[each, conversation].excused < revision]

    def is_complete(self) -> bool:
        """Whether nothing acknowledged is still to be heard by anybody."""
        return not any(map(self._unheard, self._waited_for))

    def verdict(self) -> Verdict:
        """What is wrong, once nothing more is to come. A hole that hides an acknowledged message is a loss as well."""
        places = self._place.values()
        return Verdict(
            lost=sum(len(self._unheard(client_id)) for client_id in self._waited_for),
            doubled=self._doubled,
            out_of_order=self._out_of_order,
            gaps=sum(len(place.missing) for place in places),
            shared_numbers=self._two_with_one_number(),
            resets=self._resets,
        )

    def _two_with_one_number(self) -> int:
        """Acknowledged messages that share a revision of their conversation with another one."""
        return len(self._acknowledged) - len(set(self._acknowledged.values()))
