"""What all views share: the way times are written, and pages."""

import hashlib
from typing import Annotated, Generic, TypeVar

import msgspec

from domain.shared.errors import PreconditionFailed

T = TypeVar("T")

Moment = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]
"""RFC 3339 in UTC with milliseconds, as ``domain.shared.values.moment`` writes it."""


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Some of many; ``next_cursor`` is null on the last page."""

    items: list[T]
    next_cursor: str | None = None


PageSize = Annotated[int, msgspec.Meta(ge=1, le=100)]
"""How many items a page has at most."""


def etag(view: msgspec.Struct) -> str:
    """The entity tag of a view (RFC 9110 §8.8.3): strong, the same for the same content and no other."""
    digest = hashlib.blake2b(msgspec.json.encode(view), digest_size=12)
    return f'"{digest.hexdigest()}"'


def require_match(if_match: str | None, view: msgspec.Struct) -> None:
    """Raises ``PreconditionFailed`` unless an ``If-Match`` header names the view as it is, or anything (``*``)."""
    if if_match is None or if_match.strip() == "*":
        return
    if etag(view) not in [tag.strip() for tag in if_match.split(",")]:
        raise PreconditionFailed
