"""Messages under contention on PostgreSQL: one of each, no hole at any moment, no deadlock."""

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from application.errors import Collision
from application.testing.stage import append, commit, group_of, people
from application.testing.world import World
from domain.shared.ids import ConversationId, UserId
from tests.integration.certify.postgres_world import postgres_world
from tests.scenarios.forwarding import to
from tests.scenarios.messages import body, say
from tests.scenarios.people import Someone, somebody
from tests.support.counting import Record, told
from tests.support.server import serving, settings_for

WRITERS = 8
EACH = 25
HOLES = """
SELECT (SELECT count(*) FROM (SELECT seq_id, row_number() OVER (ORDER BY seq_id) AS n FROM messages
                               WHERE conversation_id = $1) AS m WHERE seq_id <> n) AS sequences,
       (SELECT count(*) FROM (SELECT revision, row_number() OVER (ORDER BY revision) AS n FROM outbox_events
                               WHERE aggregate_id = $1 AND revision IS NOT NULL) AS o WHERE revision <> n) AS revisions,
       (SELECT last_sequence FROM conversation_sequences WHERE conversation_id = $1) AS last_sequence,
       (SELECT revision FROM conversation_sequences WHERE conversation_id = $1) AS revision,
       (SELECT count(*) FROM messages WHERE conversation_id = $1) AS messages,
       (SELECT count(*) FROM outbox_events WHERE aggregate_id = $1 AND revision IS NOT NULL) AS events
"""


@pytest.fixture
async def clients(database: str, redis: str) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """One client each of two servers."""
    settings = settings_for(database, redis)
    async with (
        serving(settings) as one,
        serving(settings) as two,
        httpx.AsyncClient(base_url=one.url, timeout=60) as here,
        httpx.AsyncClient(base_url=two.url, timeout=60) as there,
    ):
        yield here, there


def _at(who: Someone, client: httpx.AsyncClient) -> Someone:
    return Someone(client, who.me, who.token, who.session_id, who.cookie)


async def _snapshot(connection: Any, place: str) -> Any:
    """Of one moment: whether the numbers are 1…n, and the heads the last of them."""
    row = await connection.fetchrow(HOLES, uuid.UUID(place))
    assert (row["sequences"], row["revisions"]) == (0, 0), row
    assert (row["last_sequence"], row["revision"]) == (row["messages"], row["events"]), row
    return row


async def test_of_twenty_sends_under_one_client_id_on_two_servers_one_is_new(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient], database: str, record_property: Record
) -> None:
    here, there = clients
    ann, ben = await somebody(here), await somebody(there)
    place = await ann.direct(ben)
    new = repeated = 0
    for _ in range(5):
        given = body(content="once")
        asking = [_at(ann, clients[n % 2]) for n in range(20)]
        path = f"/v1/conversations/{place}/messages"
        answers = await asyncio.gather(*(each.ask("POST", path, given) for each in asking))
        assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
        assert len({answer.text for answer in answers}) == 1
        new += sum(answer.status_code == 201 for answer in answers)
        repeated += sum(answer.status_code == 200 for answer in answers)
    connection = await asyncpg.connect(database)
    row = await _snapshot(connection, place)
    await connection.close()
    record_property("counted", f"{new} × new, {repeated} × repeated, {row['messages']} × stored")
    assert (new, repeated, row["messages"]) == (5, 95, 5)


async def test_eight_writers_of_whom_a_fifth_roll_back_leave_no_hole_at_any_moment(
    database: str, record_property: Record
) -> None:
    chance = random.Random(4)
    done = {"committed": 0, "rolled back": 0, "collided": 0, "snapshots": 0}

    async def write(world: World, place: ConversationId, person: UserId) -> None:
        for _ in range(EACH):
            try:
                async with world.units.open() as uow:
                    for _ in range(chance.randint(1, 3)):
                        await append(uow, place, person)
                    if chance.random() < 0.2:
                        done["rolled back"] += 1
                        continue
                    await commit(uow)
                done["committed"] += 1
            except Collision:
                done["collided"] += 1

    async with postgres_world(database) as world:
        members = await people(world, WRITERS)
        place = await group_of(world, *members)
        connection = await asyncpg.connect(database)
        writing = [asyncio.create_task(write(world, place, person)) for person in members]
        numbers = "SELECT count(*) AS n, max(seq_id) AS s, max(revision) AS r FROM messages WHERE conversation_id = $1"
        while not all(task.done() for task in writing):
            row = await connection.fetchrow(numbers, place)
            assert row is not None
            assert row["n"] == (row["s"] or 0) == (row["r"] or 0)
            done["snapshots"] += 1
            await asyncio.sleep(0.005)
        await asyncio.gather(*writing)
        row = await connection.fetchrow(numbers, place)
        await connection.close()
    record_property("counted", told(done))
    assert all(done[name] > 0 for name in ("committed", "rolled back", "snapshots")), done
    assert done["committed"] + done["rolled back"] + done["collided"] == WRITERS * EACH


async def test_of_an_edit_a_deletion_and_reactions_at_once_nothing_is_left_beside_the_tombstone(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient], database: str, record_property: Record
) -> None:
    here, there = clients
    ann, ben = await somebody(here), await somebody(there)
    place = await ann.group(ben)
    counted: Counter[str] = Counter()
    chance = random.Random(3)

    async def late(request: Any, name: str) -> None:
        await asyncio.sleep(chance.random() * 0.01)
        answer = await request
        assert answer.status_code in (200, 204) or answer.json()["code"] == "message_deleted", answer.text
        counted[f"{name} {answer.status_code}"] += 1

    for _ in range(40):
        path = f"/v1/messages/{(await say(ann, place))['id']}"
        await asyncio.gather(
            *(
                late(_at(ann, each).ask("PATCH", path, {"content": uuid.uuid4().hex}), "edit")
                for each in clients
            ),
            *(late(_at(ben, each).ask("PUT", f"{path}/reactions/:a:"), "reaction") for each in clients),
            *(late(_at(ann, each).ask("DELETE", f"{path}?for=everyone"), "deletion") for each in clients),
        )
        gone = await ann.get(path)
        assert (gone["content"], gone["reactions"]) == (None, [])
    connection = await asyncpg.connect(database)
    left = await connection.fetchval(
        "SELECT count(*) FROM message_reactions r JOIN messages m ON m.id = r.message_id WHERE m.conversation_id = $1",
        uuid.UUID(place),
    )
    twice = await connection.fetchval(
        "SELECT count(*) - 40 FROM outbox_events WHERE aggregate_id = $1 AND event_type = 'message.deleted'",
        uuid.UUID(place),
    )
    await connection.close()
    record_property("counted", told(counted))
    assert (left, twice) == (0, 0)
    assert counted["deletion 204"] == 80
    assert min(counted[name] for name in ("edit 200", "edit 409", "reaction 204", "reaction 409")) > 0


async def test_of_two_copies_deleted_at_once_the_record_of_their_forwarding_keeps_neither(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient], database: str
) -> None:
    ann = await somebody(clients[0])
    word = uuid.uuid4().hex
    places = [await ann.group() for _ in range(3)]
    source = await say(ann, places[0], content=word)
    copies = (await ann.done("POST", f"/v1/messages/{source['id']}/forward", to(*places[1:])))["items"]
    await ann.done("DELETE", f"/v1/messages/{source['id']}?for=everyone")
    connection, other = await asyncpg.connect(database), await asyncpg.connect(database)
    async with connection.transaction():
        # Both come as far as they can without each other.
        held = "SELECT payload::text FROM command_log WHERE subject_id = $1 AND name = 'ForwardMessage' FOR UPDATE"
        assert word in await connection.fetchval(held, uuid.UUID(source["id"]))
        deleting = [
            asyncio.create_task(_at(ann, client).done("DELETE", f"/v1/messages/{copy['id']}?for=everyone"))
            for client, copy in zip(clients, copies, strict=True)
        ]
        waiting = """
            SELECT count(DISTINCT pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
               AND datname = current_database()
        """
        async with asyncio.timeout(20):
            while await other.fetchval(waiting) < 2:
                await asyncio.sleep(0.01)
    await asyncio.gather(*deleting)
    kept = await other.fetchval("SELECT count(*) FROM command_log WHERE payload::text LIKE $1", f"%{word}%")
    await connection.close()
    await other.close()
    assert kept == 0


async def test_everything_at_once_on_two_servers_deadlocks_nowhere_and_leaves_no_hole(
    clients: tuple[httpx.AsyncClient, httpx.AsyncClient], database: str, record_property: Record
) -> None:
    here, there = clients
    ann, ben = await somebody(here), await somebody(there)
    places = [await ann.direct(ben), *[await ann.group(ben) for _ in range(4)]]
    done = {"forwards": 0, "sends": 0, "reactions": 0, "edits": 0, "deletions": 0, "snapshots": 0}
    chance = random.Random(7)

    async def forward(who: Someone) -> None:
        for _ in range(10):
            source = await say(who, chance.choice(places))
            goes = chance.sample(places, 4)
            answer = await who.ask("POST", f"/v1/messages/{source['id']}/forward", to(*goes))
            assert answer.status_code == 201, answer.text
            done["forwards"] += 1

    async def write(who: Someone, other: Someone) -> None:
        for _ in range(20):
            sent = await say(who, chance.choice(places))
            done["sends"] += 1
            path = f"/v1/messages/{sent['id']}"
            answers = await asyncio.gather(
                other.ask("PUT", f"{path}/reactions/:a:"),
                who.ask("PUT", f"{path}/reactions/:b:"),
                who.ask("PATCH", path, {"content": "changed"}),
                *([who.ask("DELETE", f"{path}?for=everyone")] if chance.random() < 0.3 else []),
            )
            for answer, name in zip(answers, ("reactions", "reactions", "edits", "deletions"), strict=False):
                # What was deleted meanwhile takes neither.
                assert answer.status_code in (200, 204) or answer.json()["code"] == "message_deleted"
                done[name] += answer.status_code in (200, 204)

    connection = await asyncpg.connect(database)
    before = await connection.fetchval(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    )
    working = [
        asyncio.create_task(work)
        for work in (
            *(forward(_at(who, client)) for who in (ann, ben) for client in clients),
            *(write(_at(one, here), _at(other, there)) for one, other in ((ann, ben), (ben, ann))),
        )
    ]
    while not all(task.done() for task in working):
        for place in places:
            await _snapshot(connection, place)
        done["snapshots"] += 1
        await asyncio.sleep(0.01)
    await asyncio.gather(*working)
    rows = [await _snapshot(connection, place) for place in places]
    # The bus would do again what a deadlock undid; here none may be.
    deadlocks = (
        "SELECT pg_stat_clear_snapshot(), deadlocks FROM pg_stat_database WHERE datname = current_database()"
    )
    assert (await connection.fetchrow(deadlocks))["deadlocks"] == before
    await connection.close()
    events = sum(row["events"] for row in rows)
    record_property("counted", f"{told(done)}, {events} × event")
    assert all(done.values()), done
    assert done["forwards"] == 40
