"""State before, plus the events heard, is the state after as a fresh client fetches it: for every command and observer.

The idea is Zulip's: whatever an event should have said and did not shows as a difference here.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.scenarios.people import PASSWORD, Someone, log_in, somebody
from tests.support.fold import Client, difference
from tests.support.server import Realtime, online, serving, settings_for

PATIENCE_SECONDS = 5


@dataclass(slots=True)
class Observer:
    """A client that has fetched everything once, and lives on events since."""

    name: str
    client: Client
    socket: Realtime
    deaf_to: str = ""

    async def keep_up(self) -> None:
        """Fold everything that has arrived."""
        assert (await self.socket.ask({"type": "ping"}))["type"] == "pong"
        waiting, self.socket.events = self.socket.events, []
        for event in waiting:
            if event["type"] != self.deaf_to:
                await self.client.hear(event)

    async def agrees(self, step: str, patience: float = PATIENCE_SECONDS) -> None:
        """Wait until what was folded is what a fresh client fetches."""
        fresh, mine = None, None
        for _ in range(int(patience / 0.02)):
            await self.keep_up()
            fresh = (await Client(self.client.someone).fetch()).plain()
            mine = self.client.plain()
            if fresh == mine:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"after {step!r}, {self.name} differs: {difference(mine, fresh)}")


@dataclass(slots=True)
class Cast:
    """Who acts and who looks on."""

    ann: Someone
    ben: Someone
    cem: Someone
    dan: Someone
    """Never takes part."""
    observers: list[Observer]
    places: dict[str, str] = field(default_factory=dict)

    async def step(self, name: str, act: Callable[[], Awaitable[Any]]) -> Any:
        """Do something, and let everybody compare."""
        result = await act()
        for observer in self.observers:
            await observer.agrees(name)
        return result


@asynccontextmanager
async def cast() -> AsyncIterator[Cast]:
    async with (
        serving(settings_for()) as server,
        httpx.AsyncClient(base_url=server.url, timeout=20) as client,
        AsyncExitStack() as stack,
    ):
        ann, ben, cem, dan = [await somebody(client) for _ in range(4)]
        tablet = await log_in(client, ann.me["username"], device_id="tablet")
        observers = []
        for name, someone in (
            ("the actor's other device", tablet),
            ("another member", ben),
            ("somebody who comes and goes", cem),
            ("an outsider", dan),
        ):
            socket = await stack.enter_async_context(online(server.url, someone.token))
            observers.append(Observer(name, await Client(someone).fetch(), socket))
        yield Cast(ann, ben, cem, dan, observers)


async def test_direct_conversations() -> None:
    async with cast() as on:
        body = {"user_id": on.ben.id}
        opened = await on.step("open", lambda: on.ann.done("POST", "/v1/conversations/direct", body))
        place = opened["id"]
        for n in range(3):
            await on.step(f"send {n}", lambda: on.ann.send(place))
        read = f"/v1/conversations/{place}/read"
        await on.step("deliver", lambda: on.ben.done("POST", read.replace("read", "delivered"), _up_to(2)))
        await on.step("read", lambda: on.ben.done("POST", read, _up_to(2)))
        await on.step("answer", lambda: on.ben.send(place))
        await on.step("read the answer", lambda: on.ann.done("POST", read, _up_to(4)))
        await on.step("save", lambda: on.ann.done("PUT", f"/v1/contacts/{on.ben.id}"))
        await on.step("block", lambda: on.ann.done("PUT", f"/v1/contacts/{on.ben.id}/block"))
        await on.step("unblock", lambda: on.ann.done("DELETE", f"/v1/contacts/{on.ben.id}/block"))


async def test_a_groups_life() -> None:
    async with cast() as on:
        ann, ben, cem = on.ann, on.ben, on.cem
        body = {"subject": "A group", "member_ids": [ben.id]}
        made = await on.step("create", lambda: ann.done("POST", "/v1/conversations/groups", body))
        path = f"/v1/conversations/{made['conversation']['id']}"
        place = made["conversation"]["id"]
        await on.step("send", lambda: ann.send(place))
        await on.step("add", lambda: ann.done("POST", f"{path}/members", {"user_ids": [cem.id]}))
        await on.step("the added one sends", lambda: cem.send(place))
        for change in (
            {"subject": "Another"},
            {"description": "what it is about"},
            {"post_policy": "ADMINS"},
            {"post_policy": "ALL", "description": None},
            {"expiry_seconds": 3600},
            {"expiry_seconds": None},
        ):
            await on.step(f"change {change}", lambda change=change: ann.done("PATCH", path, change))
        await on.step("promote", lambda: ann.done("PATCH", f"{path}/members/{ben.id}", {"role": "ADMIN"}))
        until = "2030-01-01T00:00:00.000Z"
        silence = {"silenced_until": until}
        await on.step("silence", lambda: ben.done("PATCH", f"{path}/members/{cem.id}", silence))
        speak = {"silenced_until": None}
        await on.step("let speak", lambda: ben.done("PATCH", f"{path}/members/{cem.id}", speak))
        await on.step("remove", lambda: ben.done("DELETE", f"{path}/members/{cem.id}"))
        await on.step("send without them", lambda: ann.send(place))
        await on.step("add again", lambda: ben.done("POST", f"{path}/members", {"user_ids": [cem.id]}))
        await on.step("they leave", lambda: cem.done("POST", f"{path}/leave"))
        await on.step("send after", lambda: ben.send(place))
        await on.step("hand over", lambda: ann.done("POST", f"{path}/transfer", {"user_id": ben.id}))
        await on.step("the former owner leaves", lambda: ann.done("POST", f"{path}/leave"))
        await on.step(
            "add them all", lambda: ben.done("POST", f"{path}/members", {"user_ids": [ann.id, cem.id]})
        )
        await on.step("close", lambda: ben.done("DELETE", path))


async def test_a_missing_event_is_noticed() -> None:
    async with cast() as on:
        body = {"subject": "A group", "member_ids": [on.ben.id]}
        made = await on.step("create", lambda: on.ann.done("POST", "/v1/conversations/groups", body))
        (looker,) = [observer for observer in on.observers if observer.client.someone is on.ben]
        looker.deaf_to = "message.created"
        await on.ann.send(made["conversation"]["id"])
        with pytest.raises(AssertionError, match="another member differs"):
            await looker.agrees("a send nobody told", patience=0.2)


async def test_groups() -> None:
    async with cast() as on:
        body = {"subject": "A group", "member_ids": [on.ben.id, on.cem.id]}
        made = await on.step("create", lambda: on.ann.done("POST", "/v1/conversations/groups", body))
        place = made["conversation"]["id"]
        await on.step("send", lambda: on.ann.send(place))
        await on.step("another sends", lambda: on.cem.send(place))
        await on.step("block a member", lambda: on.ann.done("PUT", f"/v1/contacts/{on.cem.id}/block"))
        await on.step("the blocked sends", lambda: on.cem.send(place))
        erase = {"password": PASSWORD, "redact_messages": True}
        on.observers = [each for each in on.observers if each.client.someone.id != on.cem.id]
        await on.step("a member is erased", lambda: on.cem.done("POST", "/v1/users/me/erase", erase))


async def test_how_long_messages_live_in_a_direct_conversation() -> None:
    async with cast() as on:
        opened = await on.step(
            "open", lambda: on.ann.done("POST", "/v1/conversations/direct", {"user_id": on.ben.id})
        )
        place = f"/v1/conversations/{opened['id']}"
        await on.step("limit", lambda: on.ann.done("PATCH", place, {"expiry_seconds": 3600}))
        await on.step("send", lambda: on.ben.send(opened["id"]))
        await on.step("for ever", lambda: on.ben.done("PATCH", place, {"expiry_seconds": None}))


def _up_to(sequence: int) -> dict[str, int]:
    return {"up_to_sequence": sequence}
