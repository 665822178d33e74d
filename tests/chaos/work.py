"""What people do all the time: say, edit, delete, react, read, look back, come and go."""

import asyncio
import time
import urllib.parse
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.history import Founded
from tests.chaos.people import Door, Person
from tests.chaos.receiver import Receiver

PEOPLE = 8
GROUPS = 4
CODES = ("👍", "🎉", ":ok:")
PAUSE_SECONDS = (0.02, 0.18)
FLAP_SECONDS = (0.3, 1.2)
CHOICES = {
    "send": 52,
    "frame": 12,
    "edit": 10,
    "delete": 3,
    "react": 10,
    "unreact": 3,
    "read": 7,
    "history": 3,
}


@dataclass(slots=True)
class Group:
    """A conversation: its owner, those who stay, and one who comes and goes."""

    id: str
    owner: Person
    members: list[Person]
    wanderer: Person


@dataclass(slots=True)
class Company:
    """Everybody, with a device each, and where they meet."""

    door: Door
    people: list[Person] = field(default_factory=list)
    receivers: dict[str, Receiver] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)
    recent: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    sent: int = 0

    async def gather(self) -> None:
        """Make the people and their groups."""
        self.people = [await self.door.register(f"person{n}x{int(time.time())}") for n in range(PEOPLE)]
        self.receivers = {who.id: Receiver(self.door, who) for who in self.people}
        for number in range(GROUPS):
            await self.found(f"group {number}", [self.people[(number * 2 + n) % PEOPLE] for n in range(5)])

    async def found(self, subject: str, members: list[Person]) -> Group:
        """A new group of these; the last one is the one who comes and goes."""
        owner, *others = members
        body = {"subject": subject, "member_ids": [each.id for each in others]}
        status, made = await self.door.do(
            owner, "group.create", "POST", "/v1/conversations/groups", body=body, key=True
        )
        if status != 201:
            raise RuntimeError(f"a group could not be made: {status} {made}")
        id = made["conversation"]["id"]
        self.door.history.add(Founded(conversation=id, members=[each.id for each in members]))
        group = Group(id, owner, members, members[-1])
        self.groups.append(group)
        return group

    async def act(self, who: Person) -> None:
        """One person's day, until cancelled."""
        rng = self.door.rng
        mine = [group for group in self.groups if who in group.members]
        number = 0
        while True:
            group, number = rng.choice(mine), number + 1
            choice = rng.choices(list(CHOICES), list(CHOICES.values()))[0]
            await getattr(self, f"_{choice}")(who, group, f"{who.id[-4:]} says {number}")
            await asyncio.sleep(rng.uniform(*PAUSE_SECONDS))

    async def _send(self, who: Person, group: Group, text: str) -> None:
        message = await self.door.send(who, group.id, text)
        if message is not None:
            self._remember(group, message)

    async def _frame(self, who: Person, group: Group, text: str) -> None:
        message = await self.receivers[who.id].send(group.id, text)
        if message is not None:
            self._remember(group, message)

    def _remember(self, group: Group, message: dict[str, Any]) -> None:
        self.sent += 1
        recent = self.recent.setdefault(group.id, [])
        recent.append(message)
        del recent[:-20]

    async def _edit(self, who: Person, group: Group, text: str) -> None:
        said = who.said.get(group.id, [])[-5:]
        if said:
            id = self.door.rng.choice(said)["id"]
            await self.door.do(
                who,
                "message.edit",
                "PATCH",
                f"/v1/messages/{id}",
                body={"content": f"{text}, rather"},
                conversation=group.id,
                said={"message_id": id},
                keep=lambda answer: {"id": answer["id"], "revision": answer["revision"]},
            )

    async def _delete(self, who: Person, group: Group, _: str) -> None:
        said = who.said.get(group.id, [])
        if len(said) > 3:
            id = said.pop(self.door.rng.randrange(len(said)))["id"]
            path = f"/v1/messages/{id}?for=everyone"
            await self.door.do(who, "message.delete", "DELETE", path, conversation=group.id)

    async def _react(self, who: Person, group: Group, _: str, method: str = "PUT") -> None:
        recent = self.recent.get(group.id)
        if recent:
            id = self.door.rng.choice(recent)["id"]
            code = urllib.parse.quote(self.door.rng.choice(CODES))
            kind = "reaction.add" if method == "PUT" else "reaction.remove"
            path = f"/v1/messages/{id}/reactions/{code}"
            await self.door.do(who, kind, method, path, conversation=group.id)

    async def _unreact(self, who: Person, group: Group, text: str) -> None:
        await self._react(who, group, text, "DELETE")

    async def _read(self, who: Person, group: Group, _: str) -> None:
        place = self.receivers[who.id].places.get(group.id)
        if place is not None and place.messages:
            up_to = max(bubble.seq for bubble in place.messages.values())
            await self.door.do(
                who,
                "receipt.read",
                "POST",
                f"/v1/conversations/{group.id}/read",
                body={"up_to_sequence": up_to},
                conversation=group.id,
                key=True,
                keep=lambda me: {
                    name: me[name]
                    for name in ("last_read_sequence", "last_delivered_sequence", "my_revision")
                },
            )

    async def _history(self, who: Person, group: Group, _: str) -> None:
        path = f"/v1/conversations/{group.id}/messages?limit=20"
        # Who has left sees no later than that: only those who stay look back for the record.
        if who is not group.wanderer:
            await self.door.do(
                who,
                "conversation.history",
                "GET",
                path,
                conversation=group.id,
                keep=lambda page: [message["seq_id"] for message in page["items"]],
            )

    async def come_and_go(self, group: Group) -> None:
        """Its wanderer is removed or leaves, and is added again, until cancelled."""
        rng, wanderer = self.door.rng, group.wanderer
        members = f"/v1/conversations/{group.id}/members"
        while True:
            await asyncio.sleep(rng.uniform(*FLAP_SECONDS))
            if rng.random() < 0.5:
                path = f"{members}/{wanderer.id}"
                await self.door.do(group.owner, "member.remove", "DELETE", path, conversation=group.id)
            else:
                path = f"/v1/conversations/{group.id}/leave"
                await self.door.do(wanderer, "member.leave", "POST", path, key=True, conversation=group.id)
            await asyncio.sleep(rng.uniform(*FLAP_SECONDS))
            body = {"user_ids": [wanderer.id]}
            await self.door.do(
                group.owner, "member.add", "POST", members, body=body, key=True, conversation=group.id
            )
