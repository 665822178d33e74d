"""Taking words back from what has been recorded: events and commands that carry a wiped message, or an erased person.

An event keeps its place and its revision, so whoever replays it gets a tombstone. A command stays one that can be
replayed: the same commands still lead to the same, wiped, state. Hence different words stay different, and the same
stay the same: an edit that changed something still does.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import msgspec

from application.bus.messages import Command
from domain.messaging.placeholders import content_instead, metadata_instead

_NOTHING: dict[str, Any] = {
    "content": None,
    "metadata": None,
    "reply_to": None,
    "reply_to_msg_id": None,
    "attachments": [],
    "reactions": [],
}
NO_REACTION = ":deleted:"


class Words:
    """The words of messages that are wiped together, numbered as they come; those of each field for themselves."""

    def __init__(self) -> None:
        self._numbers: dict[str, dict[bytes, int]] = defaultdict(dict)

    def number(self, field: str, said: Any) -> int:
        """The same for the same words."""
        numbers = self._numbers[field]
        return numbers.setdefault(msgspec.json.encode(said), len(numbers) + 1)


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


def command_without_words(name: str, payload: bytes, words: Words) -> bytes:
    """A recorded command that no longer says what its message said."""
    kind = next((each for each in Command.__subclasses__() if each.__name__ == name), None)
    if kind is None or not kind.words:
        return payload
    fields: dict[str, Any] = msgspec.json.decode(payload)
    for field, replacement in kind.words.items():
        if fields.get(field) is not None:
            fields[field] = replacement(fields, words.number(field, fields[field]))
    return msgspec.json.encode(fields)


def forward_without_words(payload: bytes, wiped: Collection[UUID], words: Words) -> bytes:
    """A recorded forward that no longer says what those of its copies said that their sender named like this."""
    fields: dict[str, Any] = msgspec.json.decode(payload)
    for name, said in zip(fields["client_message_ids"], fields.get("said") or (), strict=False):
        if UUID(name) in wiped:
            if said["content"] is not None:
                said["content"] = content_instead(said, words.number("content", said["content"]))
            said["metadata"] = metadata_instead(said, 0) or {}
    return msgspec.json.encode(fields)


def _time(id: Any, wiped: Mapping[UUID, str]) -> str | None:
    return wiped.get(UUID(id)) if isinstance(id, str) else None
