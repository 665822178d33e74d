"""PostgreSQL's units of work where handlers share one, connections die, and waits must end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import asyncpg
import pytest

from adapters.postgres.outbox import PostgresCommandLog, PostgresHealth, PostgresOutbox
from adapters.postgres.pool import Connection, open_pool
from adapters.postgres.transaction import Transaction
from adapters.postgres.unit_of_work import PostgresUnitsOfWork
from application.errors import Collision
from application.testing.builders import AT, a_frame, a_text, an_id, later
from application.testing.stage import append, commit, group_of, held_up, outcome, people, send
from application.testing.world import World
from domain.conversation.participant import Role
from domain.shared.errors import Invalid, Unavailable
from tests.integration.certify.postgres_world import postgres_world


@pytest.fixture
async def world(database: str) -> AsyncIterator[World]:
    async with postgres_world(database) as world:
        yield world


def _statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement from here on, as it goes out."""
    seen: list[str] = []
    for name in ("fetch", "execute"):
        real = getattr(asyncpg.Connection, name)

        async def spied(
            self: object, query: str, *rest: object, _real: object = real, **more: object
        ) -> object:
            seen.append(query)
            return await _real(self, query, *rest, **more)  # type: ignore[operator]

        monkeypatch.setattr(asyncpg.Connection, name, spied)
    return seen


async def test_a_hundred_handlers_in_one_unit_ask_as_often_as_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = await people(world, 100)
    place = await group_of(world, *members)
    seen = _statements(monkeypatch)
    async with world.units.open() as uow:

        async def handler(person: object) -> int:
            assert await uow.messages.find_by_client_id(person, an_id()) is None  # type: ignore[arg-type]
            conversation = await uow.conversations.lock(place)
            me = await uow.participants.get(place, person)  # type: ignore[arg-type]
            message = await uow.messages.append(a_text(place, person))  # type: ignore[arg-type]
            me.has_sent(message.seq_id, AT)
            uow.participants.save(me)
            assert conversation is not None
            uow.conversations.save(conversation)
            return message.seq_id

        numbers = await asyncio.gather(*map(handler, members))
        await commit(uow)
    assert sorted(numbers) == list(range(1, 101))
    assert len(seen) <= 15, seen


async def test_handlers_that_lock_one_conversation_ticks_apart_share_its_numbers(world: World) -> None:
    (ann,) = await people(world, 1)
    place = await group_of(world, ann)
    async with world.units.open() as uow:

        async def handler(ticks: int) -> int:
            for _ in range(ticks):
                await asyncio.sleep(0)
            await uow.conversations.lock(place)
            return (await uow.messages.append(a_text(place, ann))).seq_id

        assert sorted(await asyncio.gather(*map(handler, range(30)))) == list(range(1, 31))
        await commit(uow)


async def test_what_was_read_before_the_lock_is_true_after_it_and_the_same_object(world: World) -> None:
    ann, ben = await people(world, 2)
    place = await group_of(world, ann, ben)
    async with world.units.open() as uow:
        conversation = await uow.conversations.get(place)
        me = await uow.participants.get(place, ben)
        async with world.units.open() as other:
            theirs = await other.conversations.lock(place)
            assert theirs is not None
            leaving = await other.participants.get(place, ben)
            await other.messages.append(a_text(place, ann))
            theirs.subject = "New"
            other.conversations.save(theirs)
            leaving.left_at, leaving.left_sequence = AT, 1
            other.participants.save(leaving)
            await commit(other)
        assert await uow.conversations.lock(place) is conversation
        assert (conversation.subject, conversation.last_sequence, conversation.revision) == ("New", 1, 1)
        assert await uow.participants.get(place, ben) is me
        assert me.has_left


async def test_ownership_passes_between_any_two_in_one_commit(world: World) -> None:
    members = sorted(await people(world, 4))
    for old in members:
        for new in members:
            if new == old:
                continue
            place = await group_of(world, old, *(person for person in members if person != old))
            async with world.units.open() as uow:
                await uow.conversations.lock(place)
                heir, owner = await uow.participants.get(place, new), await uow.participants.get(place, old)
                heir.role, owner.role = Role.OWNER, Role.ADMIN
                uow.participants.save(heir)
                uow.participants.save(owner)
                await commit(uow)


async def test_saving_leaves_time_to_the_application_and_plain_sql_to_the_trigger(
    world: World, database: str
) -> None:
    (ann,) = await people(world, 1)
    async with world.units.open() as uow:
        user = await uow.users.find(ann)
        assert user is not None
        user.password_hash = "other"
        uow.users.save(user)
        await commit(uow)
    connection = await asyncpg.connect(database)
    when = "SELECT updated_at FROM users WHERE id = $1"
    assert await connection.fetchval(when, ann) == AT
    await connection.execute("UPDATE users SET bio = 'x' WHERE id = $1", ann)
    assert await connection.fetchval(when, ann) > AT
    await connection.close()


async def test_cancelling_at_any_moment_burns_no_number_and_keeps_the_pool_whole(database: str) -> None:
    async with postgres_world(database) as world:
        members = await people(world, 4)
        place = await group_of(world, *members)
        cancelled = 0
        for step in range(60):
            tasks = [asyncio.create_task(send(world, place, person)) for person in members]
            await asyncio.sleep(step / 4000)
            for task in tasks:
                task.cancel()
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                cancelled += isinstance(outcome, asyncio.CancelledError)
                if isinstance(outcome, BaseException):
                    assert isinstance(outcome, asyncio.CancelledError | Collision | Unavailable)
        assert cancelled
        await send(world, place, members[0])
        connection = await asyncpg.connect(database)
        row = await connection.fetchrow(
            "SELECT last_sequence, revision, (SELECT count(*) FROM messages), (SELECT max(seq_id) FROM messages) "
            "FROM conversation_sequences WHERE conversation_id = $1",
            place,
        )
        await connection.close()
        assert row is not None
        assert len(set(row.values())) == 1


async def test_a_pool_with_nothing_free_is_unavailable_and_not_a_wait_for_ever(database: str) -> None:
    pool = await open_pool(database, 1)
    units = PostgresUnitsOfWork(pool)
    async with asyncio.timeout(20), units.open() as uow:
        await uow.users.find(an_id())  # type: ignore[arg-type]
        with pytest.raises(Unavailable):
            await PostgresCommandLog(pool).answer("x", AT)
        async with units.open() as other:
            with pytest.raises(Unavailable):
                await other.users.find(an_id())  # type: ignore[arg-type]
    await pool.close()


@pytest.mark.parametrize("dsn", ["postgresql://x:y@127.0.0.1:1/x", "garbage://"])
async def test_a_server_that_is_not_there_is_unavailable(dsn: str) -> None:
    with pytest.raises(Unavailable):
        await open_pool(dsn, 1)


async def test_a_killed_backend_is_unavailable_and_then_forgotten(world: World, database: str) -> None:
    connection = await asyncpg.connect(database)
    async with world.units.open() as uow:
        await uow.users.find(an_id())  # type: ignore[arg-type]
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        with pytest.raises(Unavailable):
            await uow.users.find(an_id())  # type: ignore[arg-type]
    await connection.close()
    async with asyncio.timeout(10):
        while True:
            try:
                assert await people(world, 1)
                return
            except Unavailable:
                await asyncio.sleep(0.05)


def _has_left_the_pool(connection: Connection) -> bool:
    try:
        connection.is_closed()
    except asyncpg.InterfaceError:
        return True
    return False


async def test_abandoning_a_connection_the_pool_has_seen_die_raises_nothing(database: str) -> None:
    pool = await open_pool(database, 1)
    killer = await asyncpg.connect(database)
    transaction = Transaction(pool)
    try:
        await transaction.fetch("SELECT 1")
        held = transaction._connection
        assert held is not None
        await killer.execute("SELECT pg_terminate_backend($1)", held.get_server_pid())
        async with asyncio.timeout(10):
            while not _has_left_the_pool(held):
                await asyncio.sleep(0.01)
        await transaction.abandon()
        assert await pool.fetchval("SELECT 1") == 1
    finally:
        await killer.close()
        await pool.close()


async def test_whoever_claimed_the_outbox_and_stands_still_loses_it(database: str) -> None:
    pool = await open_pool(database, 2)
    still, rival = PostgresOutbox(pool, database, lease=0.3), PostgresOutbox(pool, database, lease=30)
    try:
        assert await still.claim()
        async with asyncio.timeout(20):
            while not await rival.claim():
                await asyncio.sleep(0.05)
        with suppress(Unavailable):
            assert not await still.claim()
        assert not await still.claim()
        assert await rival.claim()
    finally:
        for each in (still, rival):
            await each.release()
        await pool.close()


async def test_what_cannot_be_stored_is_invalid_and_the_unit_cannot_commit_after(world: World) -> None:
    for name in ("a\0b", "\ud800"):
        async with world.units.open() as uow:
            with pytest.raises(Invalid):
                await uow.users.find_by_identifier("username", name)
    async with world.units.open() as uow:
        with pytest.raises(Invalid):
            await uow.users.find_by_identifier("username", "a\0b")
        with pytest.raises(Collision):
            await commit(uow)


async def test_a_lower_revision_with_a_later_time_goes_first(world: World) -> None:
    place = an_id()
    async with world.units.open() as uow:
        frames = [
            a_frame(place, 1, at=later(5)),
            a_frame(place, 2, at=later(1)),
            a_frame(place, 3, at=later(3)),
        ]
        await commit(uow, *frames)
    for limit in (1, 2, 3):
        pending = await world.outbox.pending(later(10), limit)
        assert [frame.revision for frame in pending] == list(range(1, limit + 1))


async def test_waiting_for_a_lock_that_is_cancelled_keeps_nobody_from_it(world: World) -> None:
    ann, ben = await people(world, 2)
    place = await group_of(world, ann, ben)
    async with world.units.open() as uow:
        await uow.conversations.lock(place)
        waiting = asyncio.create_task(send(world, place, ben))
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await append(uow, place, ann)
        await commit(uow)
    assert (await send(world, place, ben)).seq_id == 2


async def test_health_names_a_setting_that_loses_what_was_acknowledged(fresh_database: str) -> None:
    name = fresh_database.rsplit("/", 1)[1]
    connection = await asyncpg.connect(fresh_database)
    await connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    await connection.close()
    pool = await open_pool(fresh_database, 1)
    assert await PostgresHealth(pool).ailments() == ["The database runs with synchronous_commit off."]
    await pool.close()


async def test_of_one_person_a_later_arrival_waits_until_an_earlier_one_is_committed(
    world: World, database: str
) -> None:
    ann, ben = await people(world, 2)
    first = await group_of(world, ann, ben)
    other = await asyncpg.connect(database)
    try:
        async with other.transaction():
            await other.execute("UPDATE user_arrivals SET last = last + 1 WHERE user_id = $1", ben)
            waiting = await held_up(group_of(world, ann, ben))
            seen = await world.sync.joined(ben, after=None, limit=9, now=AT)
            assert [entry.conversation.id for entry, _ in seen] == [first]
        second = await outcome(waiting)
    finally:
        await other.close()
    assert [
        entry.conversation.id for entry, _ in await world.sync.joined(ben, after=seen[-1][1], limit=9, now=AT)
    ] == [second]
