"""Groups as large as they may be: what one event says and costs does not grow with the members who are not here."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg
import httpx
import pytest

from tests.scenarios.group_stage import path_of
from tests.scenarios.people import somebody
from tests.support.server import Realtime, Served, online, serving, settings_for

CROWD = 1000
ADDED_AT_ONCE = 256
FRAME_AT_MOST = 16 * 1024


@pytest.fixture
async def servers(fresh_database: str, redis: str) -> AsyncIterator[tuple[Served, Served, httpx.AsyncClient]]:
    settings = settings_for(fresh_database, redis)
    async with (
        serving(settings) as one,
        serving(settings) as two,
        httpx.AsyncClient(base_url=one.url, timeout=60) as client,
    ):
        yield one, two, client


async def _people(database: str, count: int) -> list[str]:
    """So many accounts that nobody has logged in to."""
    connection = await asyncpg.connect(database)
    try:
        rows = await connection.fetch(
            """
            WITH made AS (
                INSERT INTO users (username, password_hash, display_name)
                SELECT 'crowd' || n, 'none', 'Somebody' FROM generate_series(1, $1::int) AS n
                RETURNING id
            ), set AS (INSERT INTO user_settings (user_id) SELECT id FROM made)
            SELECT id::text FROM made
            """,
            count,
        )
        return [row["id"] for row in rows]
    finally:
        await connection.close()


async def _fill(database: str, place: str, people: list[str]) -> None:
    """Let them take part, as if they had been added one day or another."""
    connection = await asyncpg.connect(database)
    try:
        await connection.execute(
            "INSERT INTO participants (conversation_id, user_id) SELECT $1::uuid, unnest($2::uuid[])",
            place,
            people,
        )
        await connection.execute(
            "UPDATE conversations SET member_count = member_count + $2 WHERE id = $1::uuid",
            place,
            len(people),
        )
    finally:
        await connection.close()


async def _hears(socket: Realtime, type: str, place: str, times: int) -> list[dict[str, object]]:
    """So many events of a conversation, and no more than those."""
    found = []
    while len(found) < times:
        event = await socket.event(type, within=30)
        if event.get("conversation_id") == place:
            found.append(event)
    return found


async def test_a_thousand_join_and_each_who_is_here_hears_it_once(
    servers: tuple[Served, Served, httpx.AsyncClient], fresh_database: str
) -> None:
    one, two, client = servers
    ann, ben = await somebody(client), await somebody(client)
    newcomers = [await somebody(client) for _ in range(8)]
    place = await ann.group(ben)
    crowd = [each.id for each in newcomers] + await _people(fresh_database, CROWD - len(newcomers))
    async with AsyncExitStack() as stack:
        bens = await stack.enter_async_context(online(two.url, ben.token))
        sockets = [
            await stack.enter_async_context(online((one, two)[n % 2].url, each.token))
            for n, each in enumerate(newcomers)
        ]
        for start in range(0, CROWD, ADDED_AT_ONCE):
            some = crowd[start : start + ADDED_AT_ONCE]
            added = await ann.done("POST", path_of(place, "members"), {"user_ids": some})
            assert (len(added["added"]), added["not_added"]) == (len(some), [])
        portions = -(-CROWD // ADDED_AT_ONCE)
        told = await _hears(bens, "member.added", place, portions)
        assert [id for event in told for id in event["data"]["user_ids"]] == crowd  # type: ignore[index]
        for event in told:
            assert len(json.dumps(event)) <= FRAME_AT_MOST
        for socket in sockets:
            await _hears(socket, "member.added", place, portions)
        await ann.send(place, "welcome")
        for socket in (bens, *sockets):
            created = await _hears(socket, "message.created", place, 1)
            while created[-1]["data"]["content"] != "welcome":  # type: ignore[index]
                created += await _hears(socket, "message.created", place, 1)
            assert not [each for each in socket.events if each["type"] in ("member.added", "reset")]
        # Only those who are connected are known to a server, and one line of a conversation serves them all.
        assert len(one.container.hub().connections) + len(two.container.hub().connections) == 9


async def test_ten_thousand_members_and_no_more(
    servers: tuple[Served, Served, httpx.AsyncClient], fresh_database: str
) -> None:
    one, two, client = servers
    ann, ben, cem, dan = [await somebody(client) for _ in range(4)]
    place = await ann.group(ben)
    await _fill(fresh_database, place, await _people(fresh_database, 9_997))
    async with (
        online(one.url, ann.token) as anns,
        online(two.url, ben.token) as bens,
        online(two.url, cem.token) as cems,
    ):
        added = await ann.done("POST", path_of(place, "members"), {"user_ids": [cem.id]})
        assert len(added["added"]) == 1
        status, code = await ann.refused("POST", path_of(place, "members"), {"user_ids": [dan.id]})
        assert (status, code) == (409, "group_full")
        await _hears(bens, "member.added", place, 1)
        await _hears(cems, "member.added", place, 1)
        ids = [str(uuid.uuid4()) for _ in range(20)]
        sends = [
            {"type": "message.send", "conversation_id": place, "client_message_id": id, "content": id}
            for id in ids
        ]
        for send in sends:
            assert (await anns.ask(send))["type"] == "ack"
        for socket in (bens, cems):
            heard: list[str] = []
            while len(heard) < len(ids):
                (event,) = await _hears(socket, "message.created", place, 1)
                if event["data"]["type"] == "TEXT":  # type: ignore[index]
                    heard.append(event["data"]["content"])  # type: ignore[index]
            assert heard == ids
        last = (await bens.ask({"type": "conversation.history", "conversation_id": place, "limit": 1}))[
            "result"
        ]
        read = {"conversation_id": place, "up_to_sequence": last["items"][-1]["seq_id"]}
        acks = await asyncio.gather(
            bens.ask({"type": "receipt.read", **read}), cems.ask({"type": "receipt.read", **read})
        )
        assert [each["type"] for each in acks] == ["ack", "ack"]
        readers: set[str] = set()
        while not {ben.id, cem.id} <= readers:
            (told,) = await _hears(anns, "receipt.updated", place, 1)
            readers.add(told["data"]["user_id"])  # type: ignore[index]
        assert (await bens.ask({"type": "typing.start", "conversation_id": place}))["type"] == "ack"
        await ann.send(place, "later than any typing")
        await _hears(cems, "message.created", place, 1)
        assert not [each for each in cems.events if each["type"] == "typing.started"]
