"""Taking words back from events that carry a wiped message, or an erased person.

An event keeps its place and its revision, so whoever replays it gets a tombstone.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

_NOTHING: dict[str, Any] = {
    "content": None,
    "metadata": None,
    "reply_to": None,
    "reply_to_msg_id": None,
    "attachments": [],
    "reactions": [],
}
NO_REACTION = ":deleted:"


def event_without_messages(body: bytes, wiped: Mapping[UUID, str]) -> bytes:
    """A frame that no longer says what the ``wiped`` messages said; the map has the time of each wiping."""
    frame: dict[str, Any] = msgspec.json.decode(body)
    data = frame["data"]
    if (at := _time(data.get("id"), wiped)) is not None:
        data |= {**_NOTHING, "deleted_at": at}
    if "reaction_code" in data and _time(data.get("message_id"), wiped) is not None:
        data["reaction_code"] = NO_REACTION
    for name, text in (("reply_to", "content"), ("last_message", "preview")):
        part = data.get(name)
        if part is not None and _time(part["id"], wiped) is not None:
            part |= {text: None, "deleted": True}
    return msgspec.json.encode(frame)


def event_without_person(body: bytes) -> bytes:
    """A frame for an erased person's devices, without the names they gave to others."""
    frame: dict[str, Any] = msgspec.json.decode(body)
    if isinstance(frame["data"], dict) and frame["data"].get("nickname") is not None:
        frame["data"]["nickname"] = None
    return msgspec.json.encode(frame)


def _time(id: Any, wiped: Mapping[UUID, str]) -> str | None:
    return wiped.get(UUID(id)) if isinstance(id, str) else None
