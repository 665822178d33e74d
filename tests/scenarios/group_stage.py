"""A group with somebody in every position, and what its members can find out of it."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from domain.shared.ids import ConversationId
from entrypoints.container import Container
from tests.scenarios.people import Someone, somebody

POSITIONS = ("owner", "admin", "member", "former", "outsider", "anonymous")


@dataclass(slots=True)
class Cast:
    """One person for each position, two they act on, and somebody to be added."""

    owner: Someone
    admin: Someone
    member: Someone
    former: Someone
    outsider: Someone
    anonymous: Someone
    other_admin: Someone
    other_member: Someone
    newcomer: Someone

    def __getitem__(self, position: str) -> Someone:
        return getattr(self, position)  # type: ignore[no-any-return]

    async def group(self) -> str:
        """A new group with everybody in position: its last revision is 10."""
        place = await self.owner.group(
            self.admin, self.member, self.former, self.other_admin, self.other_member
        )
        for admin in (self.admin, self.other_admin):
            await self.owner.done("PATCH", member_of(place, admin), {"role": "ADMIN"})
        await self.owner.send(place, "hello")
        await self.owner.done("DELETE", member_of(place, self.former))
        await self.owner.send(place, "after")
        await self.owner.send(place, "and after")
        return place


async def cast(client: httpx.AsyncClient) -> Cast:
    people = [await somebody(client) for _ in range(9)]
    people[5].token = "nobody's"
    return Cast(*people)


def path_of(place: str, *more: str) -> str:
    return "/".join(("/v1/conversations", place, *more))


def member_of(place: str, someone: Someone) -> str:
    return path_of(place, "members", someone.id)


async def add(who: Someone, place: str, *others: Someone) -> Any:
    body = {"user_ids": [other.id for other in others]}
    return await who.done("POST", path_of(place, "members"), body)


async def members(viewer: Someone, place: str) -> dict[str, str]:
    """Everybody's role."""
    listed = (await viewer.get(path_of(place, "members") + "?limit=100"))["items"]
    return {each["user"]["id"]: each["role"] for each in listed}


async def said(viewer: Someone, place: str) -> list[dict[str, Any]]:
    return list((await viewer.get(path_of(place, "messages") + "?limit=100"))["items"])


async def told(container: Container, place: str, since: int = 0) -> list[dict[str, Any]]:
    """Every durable event above a revision, as clients hear it; its revisions have no hole."""
    frames = await container.store().outbox.since(ConversationId(UUID(place)), since, 1000)
    events = [json.loads(frame.body) for frame in frames]
    assert [event["revision"] for event in events] == list(range(since + 1, since + 1 + len(events)))
    return events


async def told_of(container: Container, place: str, since: int) -> list[Any]:
    """The same in short: what the server said, and the data of the other events."""
    return [
        event["data"]["metadata"] if event["type"] == "message.created" else {event["type"]: event["data"]}
        for event in await told(container, place, since)
    ]


async def head(viewer: Someone, place: str) -> int:
    return int((await viewer.get(path_of(place)))["revision"])
