"""A client as the contract describes one: what it has fetched, and what it makes of every event it hears.

It knows nothing of the server but the documents. If its state differs from what a fresh client fetches, an event was
missing, late, or said too little.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.scenarios.people import Someone

NOT_FOLDED = ("updated_at", "peer", "me", "receipts")
"""Of a conversation: what no event carries, and what is kept elsewhere."""


@dataclass(slots=True)
class Place:
    """One conversation, as one client has it."""

    info: dict[str, Any]
    me: dict[str, Any]
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)

    def plain(self, viewer: str, blocked: set[str]) -> dict[str, Any]:
        """Everything that must agree, in a form that compares; unread is counted here and not believed."""
        shown = {id: message for id, message in self.messages.items() if self._is_shown(message)}
        return {
            "info": {name: value for name, value in self.info.items() if name not in NOT_FOLDED},
            "me": {name: value for name, value in self.me.items() if name != "unread_count"},
            "unread": min(100, sum(self._is_news(message, viewer, blocked) for message in shown.values())),
            "members": self.members,
            "messages": dict(sorted(shown.items())),
        }

    def _is_shown(self, message: dict[str, Any]) -> bool:
        return message["id"] not in self.hidden and (message["seq_id"] > self.me["cleared_through_sequence"])

    def _is_news(self, message: dict[str, Any], viewer: str, blocked: set[str]) -> bool:
        return (
            message["seq_id"] > self.me["last_read_sequence"]
            and message["sender_id"] != viewer
            and message["sender_id"] not in blocked
            and message["type"] != "SYSTEM"
            and message["deleted_at"] is None
        )


@dataclass(slots=True)
class Client:
    """The state of one device. ``hear`` folds an event into it."""

    someone: Someone
    places: dict[str, Place] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)

    async def fetch(self) -> "Client":
        """Throw everything away and ask for it."""
        self.places = {}
        contacts = (await self.someone.get("/v1/contacts?blocked=true&limit=100"))["items"]
        self.blocked = {contact["user"]["id"] for contact in contacts}
        for archived in ("false", "true"):
            listed = await self.someone.get(f"/v1/conversations?limit=100&archived={archived}")
            for entry in listed["items"]:
                await self.fetch_place(entry["conversation"]["id"])
        return self

    async def fetch_place(self, id: str) -> None:
        conversation = await self.someone.get(f"/v1/conversations/{id}")
        place = Place(info=conversation, me=conversation["me"])
        members = (await self.someone.get(f"/v1/conversations/{id}/members?limit=100"))["items"]
        place.members = {
            member["user"]["id"]: {"role": member["role"], "silenced_until": member["silenced_until"]}
            for member in members
        }
        messages = (await self.someone.get(f"/v1/conversations/{id}/messages?limit=100"))["items"]
        place.messages = {message["id"]: _as_broadcast(message) for message in messages}
        self.places[id] = place

    def plain(self) -> dict[str, Any]:
        return {id: place.plain(self.someone.id, self.blocked) for id, place in sorted(self.places.items())}

    async def hear(self, event: dict[str, Any]) -> None:
        """Fold one event. What it cannot do by itself it fetches, as the contract tells it to."""
        kind, data, id = event["type"], event["data"], event.get("conversation_id")
        if kind == "contact.updated":
            (self.blocked.add if data["is_blocked"] else self.blocked.discard)(data["user_id"])
        elif kind == "conversation.created":
            await self._created(data)
        elif kind == "member.added" and self.someone.id in data["user_ids"]:
            await self.fetch_place(str(id))
        elif id in self.places:
            self._fold(self.places[id], event)
            if (
                kind == "member.removed" and data["user_id"] == self.someone.id
            ) or kind == "conversation.deleted":
                del self.places[id]

    async def _created(self, entry: dict[str, Any]) -> None:
        """What the entry does not say about oneself and the others is fetched."""
        id = entry["conversation"]["id"]
        if id not in self.places:
            await self.fetch_place(id)

    def _fold(self, place: Place, event: dict[str, Any]) -> None:
        kind, data = event["type"], event["data"]
        revision = event.get("revision")
        if revision is not None:
            if revision <= place.info["revision"]:
                return
            place.info["revision"] = revision
        match kind:
            case "message.created":
                place.messages[data["id"]] = data
                place.info["last_sequence"] = data["seq_id"]
                self._new_message(place, data)
            case "message.updated":
                place.messages[data["id"]] = data
            case "message.deleted":
                self._wipe(place, data, event)
            case "message.hidden":
                place.hidden.add(data["message_id"])
                place.me["my_revision"] = event["my_revision"]
            case "reaction.added" | "reaction.removed":
                self._react(place, data, revision)
            case "member.added":
                for user_id in data["user_ids"]:
                    place.members[user_id] = {"role": data["role"], "silenced_until": None}
                place.info["member_count"] = len(place.members)
            case "member.removed":
                place.members.pop(data["user_id"], None)
                place.info["member_count"] = len(place.members)
            case "member.updated":
                place.members[data["user_id"]] = {
                    "role": data["role"],
                    "silenced_until": data["silenced_until"],
                }
                if data["user_id"] == self.someone.id:
                    place.me |= {"role": data["role"], "silenced_until": data["silenced_until"]}
            case "conversation.updated":
                place.info |= data
            case "participation.updated":
                place.me = data

    def _new_message(self, place: Place, message: dict[str, Any]) -> None:
        if message["sender_id"] == self.someone.id and message["type"] != "SYSTEM":
            for cursor in ("last_read_sequence", "last_delivered_sequence"):
                place.me[cursor] = max(place.me[cursor], message["seq_id"])
        if place.me["muted_until"] is None:
            place.me["archived"] = False

    @staticmethod
    def _wipe(place: Place, data: dict[str, Any], event: dict[str, Any]) -> None:
        message = place.messages.get(data["message_id"])
        if message is not None:
            message |= {
                **dict.fromkeys(("content", "metadata", "reply_to", "reply_to_msg_id")),
                "attachments": [],
                "reactions": [],
                "deleted_at": event["at"],
                "revision": event["revision"],
            }
        for other in place.messages.values():
            if other["reply_to"] is not None and other["reply_to"]["id"] == data["message_id"]:
                other["reply_to"] |= {"content": None, "deleted": True}

    @staticmethod
    def _react(place: Place, data: dict[str, Any], revision: int | None) -> None:
        message = place.messages.get(data["message_id"])
        if message is None:
            return
        counts = {each["reaction_code"]: each["count"] for each in message["reactions"]}
        counts[data["reaction_code"]] = data["count"]
        message["revision"] = revision
        message["reactions"] = [
            {"reaction_code": code, "count": count} for code, count in sorted(counts.items()) if count
        ]


def _as_broadcast(message: dict[str, Any]) -> dict[str, Any]:
    """A message as events have it: the same for everybody who hears it."""
    reactions = [
        {"reaction_code": each["reaction_code"], "count": each["count"]} for each in message["reactions"]
    ]
    return {
        **message,
        "reactions": sorted(reactions, key=lambda each: str(each["reaction_code"])),
        "forwarded_from_msg_id": None,
    }


def difference(mine: Any, fresh: Any, path: str = "") -> str:
    """The first place where two states differ."""
    if isinstance(mine, dict) and isinstance(fresh, dict):
        for key in [*mine, *fresh]:
            if mine.get(key, "nothing") != fresh.get(key, "nothing"):
                return difference(mine.get(key, "nothing"), fresh.get(key, "nothing"), f"{path}/{key}")
    if isinstance(mine, list) and isinstance(fresh, list) and len(mine) == len(fresh):
        for place, (here, there) in enumerate(zip(mine, fresh, strict=True)):
            if here != there:
                return difference(here, there, f"{path}/{place}")
    return f"{path}: folded {mine!r}, fetched {fresh!r}"
