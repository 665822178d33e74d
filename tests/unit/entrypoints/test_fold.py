"""State before, plus the events heard, is the state after as a fresh client fetches it: for every command and observer.

The idea is Zulip's: whatever an event should have said and did not shows as a difference here.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from tests.scenarios.people import PASSWORD, Someone, log_in, somebody
from tests.support.fold import Client
from tests.support.server import Realtime, online, serving, settings_for

PATIENCE_SECONDS = 5


@dataclass(slots=True)
class Observer:
    """A client that has fetched everything once, and lives on events since."""

    name: str
    client: Client
    socket: Realtime
    heard: list[str] = field(default_factory=list)

    async def keep_up(self) -> None:
        """Fold everything that has arrived."""
        assert (await self.socket.ask({"type": "ping"}))["type"] == "pong"
        waiting, self.socket.events = self.socket.events, []
        for event in waiting:
            self.heard.append(event["type"])
            await self.client.hear(event)

    async def agrees(self, step: str) -> None:
        """Wait until what was folded is what a fresh client fetches."""
        fresh, mine = None, None
        for _ in range(int(PATIENCE_SECONDS / 0.02)):
            await self.keep_up()
            fresh = (await Client(self.client.someone).fetch()).plain()
            mine = self.client.plain()
            if fresh == mine:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"after {step!r}, {self.name} differs: {_difference(mine, fresh)}")


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


def _difference(mine: Any, fresh: Any, path: str = "") -> str:
    """The first place where two states differ."""
    if isinstance(mine, dict) and isinstance(fresh, dict):
        for key in [*mine, *fresh]:
            if mine.get(key, "nothing") != fresh.get(key, "nothing"):
                return _difference(mine.get(key, "nothing"), fresh.get(key, "nothing"), f"{path}/{key}")
    return f"{path}: folded {mine!r}, fetched {fresh!r}"


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


async def test_group_life() -> None:
    async with cast() as on:
        body = {"subject": "A group", "member_ids": [on.ben.id]}
        made = await on.step("create", lambda: on.ann.done("POST", "/v1/conversations/groups", body))
        group = f"/v1/conversations/{made['conversation']['id']}"
        everybody = {"user_ids": [on.cem.id, on.ben.id]}
        ben, cem = f"{group}/members/{on.ben.id}", f"{group}/members/{on.cem.id}"
        info = {"subject": "Another", "description": "words", "expiry_seconds": 3600, "post_policy": "ADMINS"}
        silence = {"role": "ADMIN", "silenced_until": "2126-01-01T00:00:00.000Z"}
        steps: list[tuple[str, Someone, str, str, Any]] = [
            ("add", on.ann, "POST", f"{group}/members", everybody),
            ("read", on.cem, "POST", f"{group}/read", _up_to(2)),
            ("promote", on.ann, "PATCH", ben, {"role": "ADMIN"}),
            ("silence", on.ben, "PATCH", cem, {"silenced_until": silence["silenced_until"]}),
            ("promote the silenced", on.ann, "PATCH", cem, silence),
            ("let speak", on.ann, "PATCH", cem, {"silenced_until": None}),
            ("change everything", on.cem, "PATCH", group, info),
            ("change something back", on.ann, "PATCH", group, {"description": None, "post_policy": "ALL"}),
            ("remove", on.ann, "DELETE", cem, None),
            ("rename without them", on.ann, "PATCH", group, {"subject": "Third"}),
            ("add again", on.ben, "POST", f"{group}/members", everybody),
            ("hand over", on.ann, "POST", f"{group}/transfer", {"user_id": on.cem.id}),
            ("leave as owner", on.cem, "POST", f"{group}/leave", {"successor_id": on.ben.id}),
            ("leave", on.ann, "POST", f"{group}/leave", {}),
            ("add the founder", on.ben, "POST", f"{group}/members", {"user_ids": [on.ann.id]}),
            ("delete", on.ben, "DELETE", group, None),
        ]
        for name, who, method, path, given in steps:
            await on.step(name, partial(who.done, method, path, given))
            if name in ("add", "add again"):
                await on.step(f"send after {name}", lambda: on.ben.send(made["conversation"]["id"]))


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
