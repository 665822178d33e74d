"""The promise of the command log: what took effect, in order, and the answers kept under keys."""

from dataclasses import replace

import pytest

from application.errors import Collision
from application.ports.command_log import CommandLog, LogEntry
from application.testing.builders import a_user, an_entry, an_id, later, settings_for
from application.testing.stage import all_of
from application.testing.world import World


async def _commit(world: World, entry: LogEntry) -> LogEntry:
    async with world.units.open() as uow:
        await uow.commit([entry], [])
    return entry


async def _accepted(world: World) -> list[LogEntry]:
    return [entry async for entry in world.command_log.accepted()]


def _answered(key: str, seconds: float = 0) -> LogEntry:
    return an_entry(
        idempotency_key=key, fingerprint=b"\x00print", result=b'{"a":[1,null]}', at=later(seconds)
    )


class CommandLogContract:
    """The promise of ``CommandLog``. Supply the fixture ``world``."""

    async def test_accepted_yields_entries_in_the_order_in_which_they_took_effect(self, world: World) -> None:
        # Times do not order them: a command may wait for its turn.
        entries = [await _commit(world, an_entry(at=later(-n), subject_id=an_id())) for n in range(5)]
        entries.append(await _commit(world, an_entry(actor_id=None, session_id=None)))
        assert await _accepted(world) == entries

    async def test_accepted_yields_only_entries_of_units_of_work_that_committed(self, world: World) -> None:
        log: CommandLog = world.command_log
        kept = await _commit(world, an_entry())
        await log.note(an_entry(refused="forbidden"))
        with pytest.raises(Collision):
            await _commit(world, kept)
        async with world.units.open() as uow:
            user = a_user()
            uow.users.add(user, settings_for(user))
        assert await _accepted(world) == [kept]

    async def test_accepted_yields_many(self, world: World) -> None:
        entries = [await _commit(world, an_entry()) for _ in range(30)]
        assert await _accepted(world) == entries

    async def test_answer_finds_the_one_kept_under_a_key(self, world: World) -> None:
        one, other = await _commit(world, _answered("one")), await _commit(world, _answered("other"))
        await _commit(world, an_entry())
        assert await world.command_log.answer("one", later(-1)) == one
        assert await world.command_log.answer("other", later(-1)) == other
        assert await world.command_log.answer("none", later(-1)) is None

    async def test_answer_finds_none_older_than_not_before(self, world: World) -> None:
        entry = await _commit(world, _answered("key", 5))
        assert await world.command_log.answer("key", later(5)) == entry
        assert await world.command_log.answer("key", later(5.001)) is None

    async def test_committing_two_entries_with_one_key_raises_collision(self, world: World) -> None:
        await _commit(world, _answered("key"))
        with pytest.raises(Collision):
            await _commit(world, _answered("key"))
        assert len(await _accepted(world)) == 1

    async def test_of_ten_that_commit_under_one_key_at_once_one_does(self, world: World) -> None:
        outcomes = await all_of([_commit(world, _answered("key")) for _ in range(10)])
        kept = [each for each in outcomes if isinstance(each, LogEntry)]
        assert len(kept) == 1
        assert await _accepted(world) == kept

    async def test_note_keeps_a_refusal_in_a_transaction_of_its_own(self, world: World) -> None:
        async with world.units.open() as uow:
            user = a_user()
            uow.users.add(user, settings_for(user))
            await world.command_log.note(an_entry(refused="forbidden", idempotency_key="noted"))
        noted = await world.command_log.answer("noted", later(-1))
        assert noted is not None
        assert noted.refused == "forbidden"
        assert await world.profiles.of([user.id]) == {}

    async def test_forgotten_answers_leave_their_entries_and_free_their_keys(self, world: World) -> None:
        old, young = await _commit(world, _answered("old", 1)), await _commit(world, _answered("young", 2))
        assert await world.command_log.forget_answers(later(2)) == 1
        assert await world.command_log.answer("old", later(-9)) is None
        again = await _commit(world, _answered("old", 3))
        bare = replace(old, idempotency_key=None, fingerprint=None, result=None)
        assert await _accepted(world) == [bare, young, again]
