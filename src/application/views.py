"""What all views share: the way times are written, and pages."""

from typing import Annotated, Generic, TypeVar

import msgspec

T = TypeVar("T")

Moment = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]
"""RFC 3339 in UTC with milliseconds, as ``domain.shared.values.moment`` writes it."""


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Some of many; ``next_cursor`` is null on the last page."""

    items: list[T]
    next_cursor: str | None = None


PageSize = Annotated[int, msgspec.Meta(ge=1, le=100)]
"""How many items a page has at most."""
