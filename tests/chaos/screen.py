"""What a client makes of the events it hears and the pages it fetches: a fold, written from docs/realtime.md."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from tests.chaos.history import Bubble


@dataclass(slots=True)
class Place:
    """One conversation on a screen. ``revision`` is up to where everything is known."""

    revision: int = 0
    messages: dict[str, Bubble] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)

    def hear(self, event: dict[str, Any]) -> None:
        """Fold one event; what is known already changes nothing."""
        revision = event.get("revision")
        if revision is None or revision <= self.revision:
            return
        self.revision = revision
        data = event["data"]
        match event["type"]:
            case "message.created" | "message.updated":
                self.put(data)
            case "message.deleted":
                self._change(data["message_id"], revision, content=None, deleted=True, reactions={})
            case "reaction.added" | "reaction.removed":
                known = self.messages.get(data["message_id"])
                counts = {} if known is None else known.reactions | {data["reaction_code"]: data["count"]}
                present = {code: count for code, count in counts.items() if count}
                self._change(data["message_id"], revision, reactions=present)
            case "member.added":
                self.members |= set(data["user_ids"])
            case "member.removed":
                self.members.discard(data["user_id"])

    def put(self, message: dict[str, Any]) -> None:
        """A message as the server has it."""
        known = self.messages.get(message["id"])
        if known is None or known.revision < message["revision"]:
            self.messages[message["id"]] = Bubble(
                seq=message["seq_id"],
                revision=message["revision"],
                sender=message["sender_id"],
                content=message["content"],
                deleted=message["deleted_at"] is not None,
                reactions={each["reaction_code"]: each["count"] for each in message["reactions"]},
            )

    def _change(self, id: str, revision: int, **changes: Any) -> None:
        known = self.messages.get(id)
        if known is not None and known.revision < revision:
            self.messages[id] = msgspec.structs.replace(known, revision=revision, **changes)
