"""What an invariant returns: what contradicts it, where, and when."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One contradiction. ``revisions`` is where to look in the conversation's events."""

    text: str
    conversation: str = ""
    at: float | None = None
    revisions: tuple[int, int] | None = None
