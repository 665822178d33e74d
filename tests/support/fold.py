"""A client as the documents describe one: what it has fetched, and what it makes of every event it hears.

It knows nothing of the server but the documents. If its state differs from what a fresh client fetches, an event was
missing, late, or said too little.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from domain.shared.values import moment
from tests.scenarios.people import Someone

NOT_FOLDED = ("updated_at", "peer", "me", "receipts")
"""Of a conversation: what no event carries, and what is kept elsewhere."""
PREVIEW = 140
ASKS_FOR_RECEIPTS = ("receipt.updated", "member.added", "member.removed")
"""In a group, where only the lowest cursors are known: what may have moved them."""

Message = dict[str, Any]


@dataclass(slots=True)
class Place:
    """One conversation, as one client has it. ``badge`` is what a list shows as unread: it believes what it is told,
    and counts what comes. ``listed`` is the entry of the list as it was fetched.
    """

    viewer: str
    info: dict[str, Any]
    me: dict[str, Any]
    listed: dict[str, Any]
    badge: int
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)

    def shown(self, now: str) -> dict[str, Message]:
        """What is neither hidden, nor cleared, nor over; a reply to something that is shows no preview of it."""
        seen = {
            id: message
            for id, message in self.messages.items()
            if id not in self.hidden
            and message["seq_id"] > self.me["cleared_through_sequence"]
            and not _is_over(message, now)
        }
        return {
            id: message
            if message["reply_to"] is None or message["reply_to"]["id"] in seen
            else message | {"reply_to": None}
            for id, message in sorted(seen.items(), key=lambda each: int(each[1]["seq_id"]))
        }

    def is_news(self, message: Message, blocked: set[str]) -> bool:
        return (
            message["seq_id"] > max(self.me["last_read_sequence"], self.me["cleared_through_sequence"])
            and message["sender_id"] not in {self.viewer, *blocked}
            and message["type"] != "SYSTEM"
            and message["deleted_at"] is None
        )

    def unread(self, blocked: set[str], now: str) -> int:
        return min(100, sum(self.is_news(message, blocked) for message in self.shown(now).values()))

    def entry(self, blocked: set[str], now: str) -> dict[str, Any]:
        """What the list shows of it, worked out from the messages."""
        newest = next(reversed(self.shown(now).values()), None)
        return {
            "last_message": None if newest is None else _summary(newest),
            "last_activity_at": self.info["created_at"] if newest is None else newest["created_at"],
            "unread_count": self.unread(blocked, now),
        }

    def ticks(self, now: str) -> dict[int, str]:
        """How far each of my own messages has come with everybody else; None where the server does not say."""
        receipts = self.info["receipts"] or {"delivered_up_to": 0, "read_up_to": 0}
        mine = [message["seq_id"] for message in self.shown(now).values() if _is_of(message, self.viewer)]
        return {
            seq: "read"
            if seq <= receipts["read_up_to"]
            else "delivered"
            if seq <= receipts["delivered_up_to"]
            else "sent"
            for seq in mine
        }


@dataclass(slots=True)
class Client:
    """The state of one device. ``hear`` folds an event into it."""

    someone: Someone
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    places: dict[str, Place] = field(default_factory=dict)
    contacts: dict[str, dict[str, Any]] = field(default_factory=dict)
    order: dict[str, list[str]] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)

    @property
    def now(self) -> str:
        return moment(self.clock())

    @property
    def blocked(self) -> set[str]:
        return {id for id, contact in self.contacts.items() if contact["is_blocked"]}

    async def fetch(self) -> "Client":
        """Throw everything away and ask for it."""
        self.places, self.contacts = {}, {}
        for query in ("limit=100", "blocked=true&limit=100"):
            for contact in (await self.someone.get(f"/v1/contacts?{query}"))["items"]:
                saved = contact["user"]["is_contact"]
                self.contacts[contact["user"]["id"]] = _contact(contact, is_contact=saved)
        for archived in ("false", "true"):
            listed = await self.someone.get(f"/v1/conversations?limit=100&archived={archived}")
            self.order[archived] = [entry["conversation"]["id"] for entry in listed["items"]]
            for entry in listed["items"]:
                await self.fetch_place(entry["conversation"]["id"], entry)
        self.totals = await self.someone.get("/v1/conversations/unread")
        return self

    async def fetch_place(self, id: str, entry: dict[str, Any] | None = None) -> None:
        info = await self.someone.get(f"/v1/conversations/{id}")
        me = info["me"]
        place = Place(self.someone.id, info, me, listed=_listed(entry or {}), badge=me["unread_count"])
        members = (await self.someone.get(f"/v1/conversations/{id}/members?limit=100"))["items"]
        place.members = {
            member["user"]["id"]: {name: value for name, value in member.items() if name != "user"}
            for member in members
        }
        messages = (await self.someone.get(f"/v1/conversations/{id}/messages?limit=100"))["items"]
        place.messages = {message["id"]: _as_folded(message) for message in messages}
        self.places[id] = place

    def let_go(self) -> None:
        """Drop what is over: nothing tells a client, it looks at the clock."""
        now = self.now
        for place in self.places.values():
            over = [id for id, message in place.messages.items() if _is_over(message, now)]
            for id in over:
                del place.messages[id]
            if over:
                place.badge = place.unread(self.blocked, now)

    def plain(self, *, as_fetched: bool = False) -> dict[str, Any]:
        """Everything that must agree, in a form that compares. What the server works out for its answers is taken
        from them ``as_fetched``, and else worked out from what was heard.
        """
        return {
            "places": {id: self._plain(place, as_fetched) for id, place in sorted(self.places.items())},
            "contacts": {id: each for id, each in sorted(self.contacts.items()) if any(each.values())},
            "order": self.order if as_fetched else self._ordered(),
            "totals": self.totals if as_fetched else self._counted(),
        }

    def _plain(self, place: Place, as_fetched: bool) -> dict[str, Any]:
        now = self.now
        return {
            "info": {name: value for name, value in place.info.items() if name not in NOT_FOLDED},
            "me": {name: value for name, value in place.me.items() if name != "unread_count"},
            "entry": place.listed if as_fetched else place.entry(self.blocked, now),
            "badge": place.badge,
            "members": place.members,
            "messages": place.shown(now),
            "ticks": place.ticks(now),
        }

    def _ordered(self) -> dict[str, list[str]]:
        def key(id: str) -> tuple[str, str, str]:
            place = self.places[id]
            activity = place.entry(self.blocked, self.now)["last_activity_at"]
            return place.me["pinned_at"] or "", activity, id

        ordered = sorted(self.places, key=key, reverse=True)
        return {
            name: [id for id in ordered if self.places[id].me["archived"] is wanted]
            for name, wanted in (("false", False), ("true", True))
        }

    def _counted(self) -> dict[str, int]:
        counts = [
            place.unread(self.blocked, self.now)
            for place in self.places.values()
            if not place.me["archived"] and not _is_later(place.me["muted_until"], self.now)
        ]
        return {"conversations": sum(map(bool, counts)), "messages": sum(counts)}

    async def hear(self, event: dict[str, Any]) -> None:
        """Fold one event. What it cannot do by itself it fetches, as the documents tell it to."""
        kind, data, id = event["type"], event["data"], str(event.get("conversation_id"))
        if kind == "contact.updated":
            self.contacts[data["user_id"]] = _contact(data, is_contact=data["is_contact"])
            for place in self.places.values():
                place.badge = place.unread(self.blocked, self.now)
        elif kind == "conversation.created":
            # What the entry does not say about oneself and the others is fetched.
            if id not in self.places:
                await self.fetch_place(id)
        elif kind == "member.added" and self.someone.id in data["user_ids"]:
            await self.fetch_place(id)
        elif id in self.places:
            Folding(self.places[id], self.blocked, self.now, event).fold()
            if kind == "conversation.deleted" or (
                kind == "member.removed" and data["user_id"] == self.someone.id
            ):
                del self.places[id]
            elif kind in ASKS_FOR_RECEIPTS and self.places[id].info["type"] == "GROUP":
                fetched = await self.someone.get(f"/v1/conversations/{id}")
                self.places[id].info["receipts"] = fetched["receipts"]


@dataclass(slots=True)
class Folding:
    """One event on its way into one conversation."""

    place: Place
    blocked: set[str]
    now: str
    event: dict[str, Any]

    def fold(self) -> None:
        place, kind, data = self.place, self.event["type"], self.event["data"]
        revision = self.event.get("revision")
        if revision is not None:
            if revision <= place.info["revision"]:
                return
            place.info["revision"] = revision
        match kind:
            case "message.created":
                self._arrive(_as_folded(data))
            case "message.updated":
                self._change(_as_folded(data))
            case "message.deleted":
                self._wipe(data)
            case "message.hidden":
                place.hidden.add(data["message_id"])
                place.me["my_revision"] = self.event["my_revision"]
            case "reaction.added" | "reaction.removed":
                self._react(data, revision)
            case "member.added" | "member.removed" | "member.updated":
                self._count_members(kind, data)
            case "conversation.updated":
                place.info |= data
            case "receipt.updated" if data["user_id"] != place.viewer and place.info["type"] == "DM":
                receipts = place.info["receipts"]
                for cursor in receipts:
                    receipts[cursor] = max(receipts[cursor], data[cursor])
            case "participation.updated" if data["my_revision"] >= place.me["my_revision"]:
                place.me, place.badge = data, data["unread_count"]

    def _arrive(self, message: Message) -> None:
        place, me = self.place, self.place.me
        place.messages[message["id"]] = message
        place.info["last_sequence"] = message["seq_id"]
        if _is_of(message, place.viewer):
            place.badge = 0
            for cursor in ("last_read_sequence", "last_delivered_sequence"):
                me[cursor] = max(me[cursor], message["seq_id"])
        place.badge = min(100, place.badge + place.is_news(message, self.blocked))
        if not _is_later(me["muted_until"], message["created_at"]):
            me["archived"] = False

    def _change(self, message: Message) -> None:
        before = self.place.messages.get(message["id"])
        mine = {each["reaction_code"]: each["mine"] for each in before["reactions"]} if before else {}
        for each in message["reactions"]:
            each["mine"] = mine.get(each["reaction_code"], False)
        self.place.messages[message["id"]] = message
        words = message["content"]
        self._preview(message["id"], {"content": None if words is None else words[:PREVIEW]})

    def _wipe(self, data: dict[str, Any]) -> None:
        message = self.place.messages.get(data["message_id"])
        if message is not None:
            message |= {
                **dict.fromkeys(("content", "metadata", "reply_to", "reply_to_msg_id")),
                "attachments": [],
                "reactions": [],
                "deleted_at": self.event["at"],
                "revision": self.event["revision"],
            }
        self._preview(data["message_id"], {"content": None, "deleted": True})
        self.place.badge = self.place.unread(self.blocked, self.now)

    def _preview(self, id: str, changes: dict[str, Any]) -> None:
        """Replies show what becomes of the message that they answer."""
        for other in self.place.messages.values():
            if other["reply_to"] is not None and other["reply_to"]["id"] == id:
                other["reply_to"] = other["reply_to"] | changes

    def _react(self, data: dict[str, Any], revision: int | None) -> None:
        message = self.place.messages.get(data["message_id"])
        if message is None:
            return
        known = {each["reaction_code"]: each for each in message["reactions"]}
        code = data["reaction_code"]
        mine = bool(known.get(code, {}).get("mine"))
        if data["user_id"] == self.place.viewer:
            mine = self.event["type"] == "reaction.added"
        known[code] = {"reaction_code": code, "count": data["count"], "mine": mine}
        message["reactions"] = sorted((each for each in known.values() if each["count"]), key=_code)
        message["revision"] = revision

    def _count_members(self, kind: str, data: dict[str, Any]) -> None:
        place, members = self.place, self.place.members
        if kind == "member.added":
            new = {"role": data["role"], "silenced_until": None}
            new |= {"joined_at": self.event["at"], "added_by": data["by"]}
            members |= {user_id: dict(new) for user_id in data["user_ids"]}
        elif kind == "member.removed":
            members.pop(data["user_id"], None)
        else:
            changed = {"role": data["role"], "silenced_until": data["silenced_until"]}
            members[data["user_id"]] |= changed
            if data["user_id"] == place.viewer:
                place.me |= changed
        place.info["member_count"] = len(members)


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


def _is_of(message: Message, viewer: str) -> bool:
    return message["sender_id"] == viewer and message["type"] != "SYSTEM"


def _is_over(message: Message, now: str) -> bool:
    return message["expires_at"] is not None and message["expires_at"] <= now


def _is_later(until: str | None, now: str) -> bool:
    return until is not None and until > now


def _code(reaction: dict[str, Any]) -> str:
    return str(reaction["reaction_code"])


def _contact(said: dict[str, Any], *, is_contact: bool) -> dict[str, Any]:
    return {"nickname": said["nickname"], "is_contact": is_contact, "is_blocked": said["is_blocked"]}


def _listed(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "conversation"}


def _summary(message: Message) -> dict[str, Any]:
    words = message["content"]
    named = {name: message[name] for name in ("id", "seq_id", "sender_id", "type", "created_at")}
    return named | {
        "preview": None if words is None else words[:PREVIEW],
        "deleted": message["deleted_at"] is not None,
    }


def _as_folded(message: Message) -> Message:
    """A message as a client keeps it: where it was forwarded from is said in answers, and in no event."""
    return {
        **message,
        "reactions": sorted((dict(each) for each in message["reactions"]), key=_code),
        "forwarded_from_msg_id": None,
    }
