"""Groups while many act at once, on two servers: nothing accepted after a removal, one owner, nobody erased in them."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from entrypoints.container import Container
from entrypoints.http.app import application
from entrypoints.lifespan import running
from tests.scenarios.group_stage import add, member_of, members, path_of, told
from tests.scenarios.people import PASSWORD, Someone, somebody
from tests.support.counting import Record
from tests.support.counting import told as told_of
from tests.support.server import settings_for

RACES = 200
ERASURES = 24
ERASE = {"password": PASSWORD, "redact_messages": False}

# Every live group that has had somebody in it, as one moment has it.
MOMENT = """
SELECT c.id, c.member_count, count(*) FILTER (WHERE p.left_at IS NULL) AS present,
       count(*) FILTER (WHERE p.left_at IS NULL AND p.role = 'OWNER') AS owners,
       count(*) FILTER (WHERE p.left_at IS NULL AND u.erased_at IS NOT NULL) AS erased
  FROM conversations c JOIN participants p ON p.conversation_id = c.id JOIN users u ON u.id = p.user_id
 WHERE c.type = 'GROUP' AND c.closed_at IS NULL GROUP BY c.id
"""
TOO_LATE = """
SELECT count(*) FROM messages m JOIN participants p
    ON p.conversation_id = m.conversation_id AND p.user_id = m.sender_id
 WHERE p.left_at IS NOT NULL AND m.seq_id > p.left_sequence
"""


@pytest.fixture
async def servers(
    fresh_database: str, redis: str
) -> AsyncIterator[tuple[list[httpx.AsyncClient], Container]]:
    """A client of each of two servers, and what one of them is made of."""
    async with AsyncExitStack() as stack:
        clients = []
        for _ in range(2):
            container = await stack.enter_async_context(running(settings_for(fresh_database, redis)))
            transport = httpx.ASGITransport(application(container), raise_app_exceptions=False)
            client = httpx.AsyncClient(transport=transport, base_url="http://test", timeout=30)
            clients.append(await stack.enter_async_context(client))
        yield clients, container


@pytest.fixture
async def connection(fresh_database: str) -> AsyncIterator[Any]:
    """A line to the database, beside the product."""
    connection = await asyncpg.connect(fresh_database)
    yield connection
    await connection.close()


async def test_nothing_is_accepted_after_a_removal_was_acknowledged(
    servers: tuple[list[httpx.AsyncClient], Container], connection: Any, record_property: Record
) -> None:
    clients, container = servers
    chance, counted = random.Random(4), Counter[str]()
    owner = await somebody(clients[0])
    people = [await somebody(clients[n % 2]) for n in range(8)]
    place = await owner.group(*people)

    async def race(who: Someone) -> None:
        acknowledged = False

        async def remove() -> None:
            nonlocal acknowledged
            await asyncio.sleep(chance.random() * 0.02)
            await owner.done("DELETE", member_of(place, who))
            acknowledged = True

        async def send() -> None:
            for _ in range(4):
                late = acknowledged
                status = (await who.send(place)).status_code
                assert status in (201, 403)
                counted[f"{'after' if late else 'before'} {status}"] += 1

        await asyncio.gather(remove(), send(), send())
        counted[f"after {(await who.send(place)).status_code}"] += 1
        assert await _too_late(connection, lock) == 0

    lock = asyncio.Lock()
    for _ in range(RACES // len(people)):
        await asyncio.gather(*map(race, people))
        await add(owner, place, *people)
    record_property("counted", f"{RACES} races, {told_of(counted)}")
    assert counted["after 201"] == 0
    assert min(counted["before 201"], counted["before 403"], counted["after 403"]) > 0
    # And everything that was accepted has its place before the removal, without a hole.
    assert len(await told(container, place)) > RACES


async def test_nothing_is_accepted_after_a_group_was_closed_and_its_end_is_the_last_event(
    servers: tuple[list[httpx.AsyncClient], Container], connection: Any, record_property: Record
) -> None:
    clients, container = servers
    chance, counted = random.Random(9), Counter[str]()
    owner, *people = [await somebody(clients[n % 2]) for n in range(5)]

    async def race() -> None:
        place = await owner.group(*people)
        closed = False

        async def close() -> None:
            nonlocal closed
            await asyncio.sleep(chance.random() * 0.02)
            await owner.done("DELETE", path_of(place))
            closed = True

        async def talk(who: Someone) -> None:
            for act in (_send, _leave, _send):
                late = closed
                _, request = act(who, owner, place)
                status = (await request).status_code
                assert status in (201, 204, 403, 404)
                counted[f"{'after' if late else 'before'} {status}"] += 1

        await asyncio.gather(close(), *map(talk, people))
        for who in people:
            counted[f"after {(await who.send(place)).status_code}"] += 1
        events = await told(container, place)
        assert [event["revision"] for event in events] == list(range(1, len(events) + 1))
        assert events[-1]["type"] == "conversation.deleted"

    for _ in range(RACES // 20):
        await asyncio.gather(*(race() for _ in range(2)))
    record_property("counted", told_of(counted))
    assert counted["after 201"] == counted["after 204"] == 0
    assert min(counted["before 201"], counted["before 404"], counted["after 404"]) > 0


async def _too_late(connection: Any, lock: asyncio.Lock) -> int:
    """How many messages there are of people who had left by then."""
    async with lock:
        return int(await connection.fetchval(TOO_LATE))


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_live_group_has_one_owner_and_nobody_erased_whatever_happens_at_once(
    servers: tuple[list[httpx.AsyncClient], Container],
    connection: Any,
    seed: int,
    record_property: Record,
) -> None:
    clients, container = servers
    counted = Counter[str]()
    people = [await somebody(clients[n % 2]) for n in range(10)]
    places = [await owner.group(*(p for p in people if p is not owner)) for owner in people[:4]]
    doomed = random.Random(seed).sample(people, 3)

    async def live(at: int, who: Someone) -> None:
        chance = random.Random(f"{seed} {at}")
        for turn in range(24):
            if who in doomed and turn == 16:
                await _count(counted, "erase", who.ask("POST", "/v1/users/me/erase", ERASE))
                return
            # Each of the first four begins with a group of their own, and acts in it more often than elsewhere.
            place = places[at] if at < len(places) and chance.random() < 0.5 else chance.choice(places)
            other = chance.choice([person for person in people if person is not who])
            if turn < len(OWNING) and at < len(places):
                # An owner for sure: all of it is tried by somebody who may, before everybody has lost their say.
                kind, request = OWNING[turn](who, other, places[at])
                await _count(counted, kind, request)
            kind, request = chance.choice(ANYTHING)(who, other, place)
            await _count(counted, kind, request)
            await asyncio.sleep(chance.random() * 0.01)

    async with _watched(connection, counted):
        await asyncio.gather(*(live(at, who) for at, who in enumerate(people)))
    record_property("counted", told_of(counted))
    assert counted["moments"] > 0
    assert counted["erase 204"] == len(doomed)
    for kind in ("leave 204", "transfer 200", "remove 204", "add 200", "role 200"):
        assert counted[kind] > 0, kind
    for place in places:
        await _told_as_it_is(connection, container, place)


async def test_who_erases_their_account_while_being_added_is_in_no_group(
    servers: tuple[list[httpx.AsyncClient], Container], connection: Any, record_property: Record
) -> None:
    clients, _ = servers
    chance, counted = random.Random(7), Counter[str]()
    owners = [await somebody(client) for client in clients]
    places = [await owner.group() for owner in owners]

    async def added(owner: Someone, place: str, who: Someone, wait: float) -> None:
        await asyncio.sleep(wait)
        answer = await add(owner, place, who)
        counted["added" if answer["added"] else "not added"] += 1

    async def created(owner: Someone, who: Someone, wait: float) -> None:
        await asyncio.sleep(wait)
        body = {"subject": "x", "member_ids": [who.id]}
        answer = await owner.done("POST", "/v1/conversations/groups", body)
        counted["not created with" if answer["not_added"] else "created with"] += 1

    async def erased(who: Someone) -> float:
        begun = asyncio.get_running_loop().time()
        await who.done("POST", "/v1/users/me/erase", ERASE)
        return asyncio.get_running_loop().time() - begun

    takes = await erased(await somebody(clients[0]))
    for n in range(ERASURES):
        who = await somebody(clients[n % 2])
        waits = [chance.random() * takes * 1.5 for _ in range(3)]
        await asyncio.gather(
            erased(who),
            added(owners[0], places[0], who, waits[0]),
            added(owners[1], places[1], who, waits[1]),
            created(owners[0], who, waits[2]),
        )
        assert [row["id"] for row in await connection.fetch(MOMENT) if row["erased"]] == []
    record_property("counted", f"{ERASURES} races, {told_of(counted)}")
    assert min(counted["added"], counted["not added"]) > 0
    assert min(counted["created with"], counted["not created with"]) > 0


async def test_an_erasure_that_began_before_somebody_was_added_leaves_that_group_too(
    servers: tuple[list[httpx.AsyncClient], Container], connection: Any
) -> None:
    clients, _ = servers
    owner, who = await somebody(clients[0]), await somebody(clients[1])
    first, second = await owner.group(who), await owner.group()
    async with _held(connection, "conversation_sequences", "conversation_id", first, "UPDATE"):
        erasing = asyncio.create_task(who.done("POST", "/v1/users/me/erase", ERASE))
        await _somebody_waits(connection)
        assert (await add(owner, second, who))["added"]
    async with asyncio.timeout(20):
        await erasing
    for place in (first, second):
        assert await members(owner, place) == {owner.id: "OWNER"}


async def test_whoever_adds_somebody_waits_for_what_is_done_to_their_account(
    servers: tuple[list[httpx.AsyncClient], Container], connection: Any
) -> None:
    clients, _ = servers
    owner, who = await somebody(clients[0]), await somebody(clients[1])
    place = await owner.group()
    async with _held(connection, "users", "id", who.id, "NO KEY UPDATE"):
        adding = asyncio.create_task(add(owner, place, who))
        await _somebody_waits(connection)
        await connection.execute("UPDATE users SET is_active = false WHERE id = $1", UUID(who.id))
    async with asyncio.timeout(20):
        assert await adding == {"added": [], "not_added": [who.id]}


def _leave(who: Someone, other: Someone, place: str) -> tuple[str, Any]:
    return "leave", who.ask("POST", path_of(place, "leave"), {})


def _transfer(who: Someone, other: Someone, place: str) -> tuple[str, Any]:
    return "transfer", who.ask("POST", path_of(place, "transfer"), {"user_id": other.id})


def _remove(who: Someone, other: Someone, place: str) -> tuple[str, Any]:
    return "remove", who.ask("DELETE", member_of(place, other))


def _add(who: Someone, other: Someone, place: str) -> tuple[str, Any]:
    return "add", who.ask("POST", path_of(place, "members"), {"user_ids": [other.id]})


def _promote(who: Someone, other: Someone, place: str) -> tuple[str, Any]:
    return "role", who.ask("PATCH", member_of(place, other), {"role": "ADMIN"})


def _demote(who: Someone, other: Someone, place: str) -> tuple[str, Any]:
    return "role", who.ask("PATCH", member_of(place, other), {"role": "MEMBER"})


def _send(who: Someone, other: Someone, place: str) -> tuple[str, Any]:
    return "send", who.send(place)


OWNING = (_promote, _transfer, _remove, _add)
ANYTHING = (_leave, _transfer, _remove, _add, _add, _promote, _promote, _demote, _send)


async def _count(counted: Counter[str], kind: str, request: Any) -> None:
    response = await request
    assert response.status_code in (200, 201, 204, 401, 403, 404, 422), (kind, response.text)
    counted[f"{kind} {response.status_code}"] += 1


@asynccontextmanager
async def _watched(connection: Any, counted: Counter[str]) -> AsyncIterator[None]:
    """Look at every group again and again while something happens, and once more after it."""

    async def look() -> None:
        for row in await connection.fetch(MOMENT):
            assert row["owners"] == 1, dict(row)
            assert row["erased"] == 0, dict(row)
            assert row["present"] == row["member_count"], dict(row)
            counted["moments"] += 1

    async def watch() -> None:
        while True:
            await look()
            await asyncio.sleep(0.002)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
    await look()


async def _told_as_it_is(connection: Any, container: Container, place: str) -> None:
    """Who has heard every event knows who is there, and as what."""
    everybody = await connection.fetch(
        "SELECT user_id, role, left_at FROM participants WHERE conversation_id = $1", UUID(place)
    )
    creator = str(
        await connection.fetchval("SELECT created_by FROM conversations WHERE id = $1", UUID(place))
    )
    known = {str(row["user_id"]): "MEMBER" for row in everybody} | {creator: "OWNER"}
    for event in await told(container, place):
        data = event["data"]
        if event["type"] == "member.added":
            assert known.keys().isdisjoint(data["user_ids"])
            known |= dict.fromkeys(data["user_ids"], data["role"])
        elif event["type"] == "member.removed":
            del known[data["user_id"]]
        elif event["type"] == "member.updated":
            assert data["user_id"] in known
            known[data["user_id"]] = data["role"]
    assert known == {str(row["user_id"]): row["role"] for row in everybody if row["left_at"] is None}


@asynccontextmanager
async def _held(connection: Any, table: str, key: str, id: str, mode: str) -> AsyncIterator[None]:
    """Keep a row from others, as a slow transaction would."""
    async with connection.transaction():
        await connection.fetchval(f"SELECT 1 FROM {table} WHERE {key} = $1 FOR {mode}", UUID(id))  # noqa: S608
        yield


async def _somebody_waits(connection: Any) -> None:
    """Until a transaction of the product waits for a lock."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    async with asyncio.timeout(20):
        while not await connection.fetchval(waiting):
            await asyncio.sleep(0.01)
