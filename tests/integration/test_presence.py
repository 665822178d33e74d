"""Who is online, through every layer: sockets, Redis, two servers, their watchers, and the database's copy."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest

from tests.support.server import (
    PASSWORD,
    Person,
    Realtime,
    Served,
    a_person,
    online,
    server_process,
    serving,
    settings_for,
)

BRIEF = {"SENTINAL_PRESENCE_SECONDS": "3"}


@asynccontextmanager
async def _two(database: str, redis: str) -> AsyncIterator[tuple[Served, Served]]:
    settings = settings_for(database, redis)
    async with serving(settings) as one, serving(settings) as two:
        yield one, two


async def _watch(socket: Realtime, *people: Person) -> list[Any]:
    answer = await socket.ask({"type": "presence.watch", "user_ids": [person.id for person in people]})
    assert answer["type"] == "ack", answer
    assert [item["user_id"] for item in answer["result"]["items"]] == [person.id for person in people]
    return [item["is_online"] for item in answer["result"]["items"]]


async def _change(socket: Realtime, of: Person) -> Any:
    """The next presence somebody has, as this socket hears it."""
    event = await socket.event("presence.changed")
    assert set(event) == {"type", "at", "data"}
    assert set(event["data"]) == {"user_id", "is_online", "last_seen_at"}
    assert event["data"]["user_id"] == of.id
    if event["data"]["is_online"] is None:
        assert event["data"]["last_seen_at"] is None
    return event["data"]["is_online"]


async def _nothing(socket: Realtime, seconds: float) -> None:
    """See that no presence is heard for a while."""
    with pytest.raises(TimeoutError):
        await socket.event("presence.changed", within=seconds)


async def _asked(who: Person, *people: Person) -> list[Any]:
    found = await who.get(f"/v1/presence?user_ids={','.join(person.id for person in people)}")
    assert found.status_code == 200, found.text
    return [item["is_online"] for item in found.json()["items"]]


async def _until_mirrored(database: str, person: Person, is_online: bool) -> None:
    connection = await asyncpg.connect(database)
    try:
        async with asyncio.timeout(15):
            while True:
                row = await connection.fetchrow("SELECT * FROM users WHERE username = $1", person.name)
                assert row is not None
                if row["is_online"] is is_online and row["last_seen_at"] is not None:
                    assert row["updated_at"] == row["created_at"]
                    return
                await asyncio.sleep(0.05)
    finally:
        await connection.close()


async def test_coming_going_and_coming_right_back_on_another_server(fresh_database: str, redis: str) -> None:
    async with _two(fresh_database, redis) as (one, two):
        ann, bob = await a_person(one.url), await a_person(two.url)
        async with online(two.url, bob.token) as bobs:
            assert await _watch(bobs, ann) == [False]
            async with online(one.url, ann.token):
                assert await _change(bobs, ann) is True
                assert await _asked(bob, ann) == [True]
                profile = (await bob.get(f"/v1/users/{ann.id}")).json()
                assert profile["is_online"] is True
                assert profile["last_seen_at"] is not None
            async with online(two.url, ann.token):
                await _nothing(bobs, 6.0)
                assert await _asked(bob, ann) == [True]
            assert await _asked(bob, ann) == [True]
            assert await _change(bobs, ann) is False
            assert await _asked(bob, ann) == [False]


async def test_who_was_on_a_server_that_left_in_good_order_has_five_seconds_to_come_back(
    fresh_database: str, redis: str
) -> None:
    async with serving(settings_for(fresh_database, redis)) as here:
        bob = await a_person(here.url)
        async with online(here.url, bob.token) as bobs:
            async with serving(settings_for(fresh_database, redis)) as other:
                ann, cem = await a_person(other.url), await a_person(other.url)
                async with online(other.url, ann.token), online(other.url, cem.token):
                    assert await _watch(bobs, ann, cem) == [True, True]
            async with online(here.url, cem.token):
                assert await _change(bobs, ann) is False
                assert await _asked(bob, ann, cem) == [False, True]


async def test_the_people_of_a_killed_server_go_offline_for_watchers_query_and_database(
    fresh_database: str, redis: str
) -> None:
    async with serving(settings_for(fresh_database, redis, **BRIEF)) as here:
        bob = await a_person(here.url)
        async with (
            online(here.url, bob.token) as bobs,
            server_process(fresh_database, redis, **BRIEF) as (there, process),
        ):
            ann = await a_person(there)
            async with online(there, ann.token) as anns:
                assert await _watch(bobs, ann) == [True]
                await _until_mirrored(fresh_database, ann, True)
                process.kill()
                await process.wait()
                assert await _change(bobs, ann) is False
                assert await _asked(bob, ann) == [False]
                await _until_mirrored(fresh_database, ann, False)
                await anns.connection.wait_closed()


async def test_privacy_is_heard_on_open_sockets(fresh_database: str, redis: str) -> None:
    async with _two(fresh_database, redis) as (one, two):
        ann, bob, cem = await a_person(one.url), await a_person(two.url), await a_person(two.url)
        async with (
            online(one.url, ann.token),
            online(two.url, bob.token) as bobs,
            online(two.url, cem.token) as cems,
        ):
            assert await _watch(bobs, ann) == await _watch(cems, ann) == [True]
            await _done(ann.http.put(f"/v1/contacts/{bob.id}", json={}))
            await _let_see(ann, "CONTACTS")
            assert await _change(cems, ann) is None
            assert (await _asked(bob, ann), await _asked(cem, ann)) == ([True], [None])
            await _done(ann.http.put(f"/v1/contacts/{cem.id}", json={}))
            assert await _change(cems, ann) is True
            await _done(ann.http.delete(f"/v1/contacts/{cem.id}"))
            assert await _change(cems, ann) is None
            await _let_see(ann, "NOBODY")
            assert await _change(bobs, ann) is None
            await _let_see(ann, "EVERYONE")
            assert await _change(bobs, ann) is await _change(cems, ann) is True
            await _let_see(cem, "NOBODY")
            assert await _change(cems, ann) is None, "last seen is reciprocal"
            await _nothing(bobs, 0.2)


async def test_a_block_is_heard_on_open_sockets_in_both_directions(fresh_database: str, redis: str) -> None:
    async with _two(fresh_database, redis) as (one, two):
        ann, bob = await a_person(one.url), await a_person(two.url)
        async with online(one.url, ann.token) as anns, online(two.url, bob.token) as bobs:
            assert await _watch(bobs, ann) == await _watch(anns, bob) == [True]
            await _done(ann.http.put(f"/v1/contacts/{bob.id}/block"))
            assert await _change(bobs, ann) is await _change(anns, bob) is None
            assert await _asked(bob, ann) == await _asked(ann, bob) == [None]
            await _done(ann.http.delete(f"/v1/contacts/{bob.id}/block"))
            assert await _change(bobs, ann) is await _change(anns, bob) is True


async def test_a_deactivated_account_is_nowhere_for_those_who_watch_it(
    fresh_database: str, redis: str
) -> None:
    async with _two(fresh_database, redis) as (one, two):
        ann, bob = await a_person(one.url), await a_person(two.url)
        async with online(one.url, ann.token), online(two.url, bob.token) as bobs:
            assert await _watch(bobs, ann) == [True]
            await _done(ann.post("/v1/users/me/deactivate", {"password": PASSWORD}))
            assert await _change(bobs, ann) is None
            assert await _asked(bob, ann) == [None]


async def _done(request: Awaitable[httpx.Response]) -> None:
    response = await request
    assert response.is_success, response.text


async def _let_see(person: Person, setting: str) -> None:
    await _done(person.http.patch("/v1/users/me/settings", json={"privacy_last_seen": setting}))


ADMITTED = {"EVERYONE": {"stranger", "contact"}, "CONTACTS": {"contact"}, "NOBODY": set[str]()}
"""Whom each value of ``privacy_last_seen`` admits; ``blocked`` ones nowhere."""


async def test_of_presence_each_viewer_hears_what_the_setting_admits(fresh_database: str, redis: str) -> None:
    async with _two(fresh_database, redis) as (one, two), AsyncExitStack() as stack:
        targets = {value: await a_person(one.url) for value in ADMITTED}
        viewers = {kind: await a_person(two.url) for kind in ("stranger", "contact", "blocked")}
        for value, target in targets.items():
            changed = await target.http.patch("/v1/users/me/settings", json={"privacy_last_seen": value})
            assert changed.status_code == 200
            for kind in ("contact", "blocked"):
                saved = await target.http.put(f"/v1/contacts/{viewers[kind].id}", json={})
                assert saved.status_code == 200
            blocked = await target.http.put(f"/v1/contacts/{viewers['blocked'].id}/block")
            assert blocked.status_code == 204
        sockets = {
            kind: await stack.enter_async_context(online(two.url, viewer.token))
            for kind, viewer in viewers.items()
        }
        for kind, socket in sockets.items():
            known = await _watch(socket, *targets.values())
            assert known == [False if kind in ADMITTED[value] else None for value in targets]
        for target in targets.values():
            await stack.enter_async_context(online(one.url, target.token))
        for kind, socket in sockets.items():
            admitted = {targets[value].id for value in targets if kind in ADMITTED[value]}
            heard = {(await socket.event("presence.changed"))["data"]["user_id"] for _ in admitted}
            assert heard == admitted
        # Everybody has heard what they may, so what they may not would have come as well.
        for socket in sockets.values():
            assert (await socket.ask({"type": "ping"}))["type"] == "pong"
            assert not [event for event in socket.events if event["type"] == "presence.changed"]
