"""The structured part of a message: a place, or somebody's card. What the server writes there no client may send."""

import json
import math
from typing import Any
from uuid import UUID

from domain.shared import values
from domain.shared.errors import Invalid

MAX_METADATA_BYTES = 4096
FORWARD_DEPTH = "forward_depth"


def location(given: dict[str, Any] | None) -> dict[str, Any]:
    """``{latitude, longitude, label?}``, in degrees. Raises ``Invalid``, pointing at what is wrong."""
    fields = _fields(given, ("latitude", "longitude"), ("label",))
    kept: dict[str, Any] = {
        "latitude": _degrees(fields["latitude"], 90, "/metadata/latitude"),
        "longitude": _degrees(fields["longitude"], 180, "/metadata/longitude"),
    }
    if fields.get("label") is not None:
        kept["label"] = _line(fields["label"], "/metadata/label", 256)
    return kept


def contact(given: dict[str, Any] | None) -> dict[str, Any]:
    """``{user_id}`` or ``{display_name, phone_number}``. Raises ``Invalid``, pointing at what is wrong."""
    if given is not None and "user_id" in given:
        return {"user_id": _id(_fields(given, ("user_id",))["user_id"])}
    fields = _fields(given, ("display_name", "phone_number"))
    number = fields["phone_number"]
    if not isinstance(number, str):
        raise Invalid("Must be a text.", pointer="/metadata/phone_number")
    return {
        "display_name": _line(fields["display_name"], "/metadata/display_name", 64),
        "phone_number": values.phone_number(number, "/metadata/phone_number"),
    }


def forwarded(metadata: dict[str, Any] | None) -> dict[str, Any]:
    """What a copy of a message has for metadata: the same, and one hop more."""
    kept = metadata or {}
    return {**kept, FORWARD_DEPTH: kept.get(FORWARD_DEPTH, 0) + 1}


def _fields(
    given: dict[str, Any] | None, needed: tuple[str, ...], possible: tuple[str, ...] = ()
) -> dict[str, Any]:
    if given is None:
        raise Invalid("A message of this type needs metadata.", pointer="/metadata")
    if len(json.dumps(given, ensure_ascii=False, separators=(",", ":")).encode()) > MAX_METADATA_BYTES:
        raise Invalid(f"Must have at most {MAX_METADATA_BYTES} bytes.", pointer="/metadata")
    for name in given:
        if name not in needed and name not in possible:
            raise Invalid("Is not taken here.", pointer=f"/metadata/{_escaped(name)}")
    for name in needed:
        if given.get(name) is None:
            raise Invalid("Is needed here.", pointer=f"/metadata/{name}")
    return given


def _degrees(value: Any, at_most: int, pointer: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid("Must be a number.", pointer=pointer)
    if not math.isfinite(value) or not -at_most <= value <= at_most:
        raise Invalid(f"Must be from -{at_most} to {at_most}.", pointer=pointer)
    return value


def _line(value: Any, pointer: str, at_most: int) -> str:
    if not isinstance(value, str):
        raise Invalid("Must be a text.", pointer=pointer)
    return values.line(value, pointer, at_least=1, at_most=at_most)


def _id(value: Any) -> str:
    try:
        # Other spellings that Python reads, braces or a urn, are none of ours.
        if len(value) == 36:
            return str(UUID(value))
    except (TypeError, ValueError, AttributeError):
        pass
    raise Invalid("Must be an id.", pointer="/metadata/user_id")


def _escaped(name: str) -> str:
    """A name inside a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
