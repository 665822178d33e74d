"""One conversation's events, put in order: no I/O, so that every disorder can be tried in a test.

The invariant: whatever is offered, in whatever order and however often, what comes out is revision
``delivered + 1``, ``delivered + 2``, … each exactly once.
"""

from dataclasses import dataclass, field

HELD_BACK_AT_MOST = 1024


@dataclass(slots=True)
class Order:
    """``delivered`` is the revision up to which everything has come out; None until the head is known."""

    delivered: int | None = None
    held: dict[int, bytes] = field(default_factory=dict)

    def begin(self, head: int) -> list[tuple[int, bytes]]:
        """Everything up to ``head`` counts as delivered; what was held beyond it may come out now."""
        self.delivered = head
        for revision in [r for r in self.held if r <= head]:
            del self.held[revision]
        return self._release()

    def offer(self, revision: int, body: bytes) -> list[tuple[int, bytes]]:
        """Take an event; returns those that are in order now, this one perhaps among them."""
        if self.delivered is not None and revision <= self.delivered:
            return []
        if len(self.held) < HELD_BACK_AT_MOST or revision in self.held:
            self.held[revision] = body
        return self._release() if self.delivered is not None else []

    @property
    def has_hole(self) -> bool:
        """Whether something is held back because what comes before it is missing."""
        return self.delivered is not None and bool(self.held)

    def _release(self) -> list[tuple[int, bytes]]:
        released = []
        at = self.delivered or 0
        while (body := self.held.pop(at + 1, None)) is not None:
            at += 1
            released.append((at, body))
        self.delivered = at
        return released
