"""What a route says of itself, for the OpenAPI document: written beside the route, read by ``openapi``."""

from dataclasses import dataclass, field
from typing import Any

OPERATION = "operation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Body and query are the command or query the route decodes; ``answers`` the views by status code.

    ``path`` names fields that come from the path and not from the body, ``takes_match`` says that ``If-Match`` is
    heeded, ``lists`` are parameters with ids separated by commas. ``refusals`` are codes beside the
    general ones.
    """

    tag: str
    summary: str
    body: type[Any] | None = None
    query: type[Any] | None = None
    path: tuple[str, ...] = ()
    answers: dict[int, Any] = field(default_factory=dict)
    refusals: tuple[str, ...] = ()
    public: bool = False
    cookie: bool = False
    takes_key: bool = False
    takes_match: bool = False
    lists: tuple[str, ...] = ()


def says(**parts: Any) -> dict[str, Any]:
    """The ``opt`` of a route: its ``Operation``, and whether it is answered without a token."""
    operation = Operation(**parts)
    return {OPERATION: operation, "public": True} if operation.public else {OPERATION: operation}
