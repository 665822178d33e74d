"""The promise of units of work: all of it or nothing, and nothing before its time."""

import asyncio
from dataclasses import replace

import pytest

from application.errors import Collision
from application.ports.unit_of_work import UnitOfWork, UnitsOfWork
from application.testing.builders import (
    AT,
    a_contact,
    a_direct,
    a_frame,
    a_group,
    a_participant,
    a_session,
    a_text,
    a_user,
    an_entry,
    an_owner,
    later,
    settings_for,
)
from application.testing.stage import all_of, commit, direct_of, held_up, outcome, people
from application.testing.world import World
from domain.conversation.events import ConversationCreated, ReceiptAdvanced
from domain.identity.events import ProfileChanged, SessionEnded
from domain.shared.errors import IdentifierTaken


class UnitOfWorkContract:
    """The promises of ``UnitsOfWork`` and ``UnitOfWork``. Supply the fixture ``world``."""

    async def test_the_world_has_units_of_work(self, world: World) -> None:
        units: UnitsOfWork = world.units
        async with units.open() as uow:
            opened: UnitOfWork = uow
            assert opened.events() == []

    async def test_everything_added_saved_appended_and_told_becomes_durable_together_by_commit(
        self, world: World
    ) -> None:
        ann, ben = a_user(), a_user()
        session = a_session(ann.id)
        group = a_group(ann.id, members=2)
        entry = an_entry(idempotency_key="key", fingerprint=b"print", result=b'{"done":true}')
        async with world.units.open() as uow:
            for user in (ann, ben):
                uow.users.add(user, settings_for(user))
            uow.sessions.add(session)
            uow.contacts.save(a_contact(ann.id, ben.id, is_blocked=True))
            uow.conversations.add(group)
            uow.participants.add(an_owner(group, ann.id))
            uow.participants.add(a_participant(group, ben.id))
            message = await uow.messages.append(a_text(group.id, ann.id))
            frame = a_frame(group.id, message.revision)
            await uow.commit([entry], [frame])

        profiles = await world.profiles.of([ann.id, ben.id])
        assert profiles[ann.id].user == replace(ann, password_hash="")
        assert profiles[ben.id].settings == settings_for(ben)
        assert await world.sessions.find(session.id) == session
        assert (await world.relations.between(ann.id, [ben.id]))[ben.id].blocked_by_viewer
        found = await world.conversations.entry(ben.id, group.id, AT)
        assert found is not None
        assert found.last_message is not None
        assert found.last_message.message_id == message.id
        assert await world.outbox.pending(later(1), 10) == [frame]
        assert await world.command_log.answer("key", AT) == entry

    async def test_leaving_the_context_without_commit_leaves_nothing_behind(self, world: World) -> None:
        ann = a_user()
        session = a_session(ann.id)
        direct = a_direct(ann.id, ann.id)
        async with world.units.open() as uow:
            uow.users.add(ann, settings_for(ann))
            uow.sessions.add(session)
            uow.conversations.add(direct)
            uow.participants.add(a_participant(direct, ann.id))
            await uow.messages.append(a_text(direct.id, ann.id))
            assert await uow.users.find(ann.id) is ann

        assert await world.profiles.of([ann.id]) == {}
        assert await world.sessions.find(session.id) is None
        assert await world.conversations.heads([ann.id]) == {}
        assert await world.outbox.pending(later(1), 10) == []
        async with world.units.open() as uow:
            assert await uow.conversations.lock(direct.id) is None

    async def test_an_exception_inside_leaves_nothing_behind(self, world: World) -> None:
        ann = a_user()

        async def fail() -> None:
            async with world.units.open() as uow:
                uow.users.add(ann, settings_for(ann))
                assert await uow.users.find(ann.id) is ann
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        assert await world.profiles.of([ann.id]) == {}

    async def test_a_commit_that_is_refused_leaves_nothing_behind(self, world: World) -> None:
        (ann,) = await people(world, 1)
        taken = (await world.profiles.of([ann]))[ann].user.username
        ben, cem = a_user(), a_user(username=taken)
        direct = a_direct(ben.id, ben.id)
        async with world.units.open() as uow:
            for user in (ben, cem):
                uow.users.add(user, settings_for(user))
            uow.conversations.add(direct)
            uow.participants.add(a_participant(direct, ben.id))
            with pytest.raises(IdentifierTaken):
                await commit(uow, a_frame(), idempotency_key="refused")
        assert await world.profiles.of([ben.id, cem.id]) == {}
        assert await world.conversations.heads([ben.id]) == {}
        assert await world.outbox.pending(later(1), 10) == []
        assert await world.command_log.answer("refused", AT) is None

    async def test_a_commit_that_collides_at_its_end_leaves_nothing_behind(self, world: World) -> None:
        frame, ann = a_frame(), a_user()
        async with world.units.open() as uow:
            await commit(uow, frame)
        async with world.units.open() as uow:
            uow.users.add(ann, settings_for(ann))
            with pytest.raises(Collision):
                await commit(uow, frame)
        assert await world.profiles.of([ann.id]) == {}

    async def test_what_is_uncommitted_is_invisible_to_others(self, world: World) -> None:
        ann = a_user()
        async with world.units.open() as uow:
            uow.users.add(ann, settings_for(ann))
            assert await uow.users.find(ann.id) is ann
            assert await world.profiles.of([ann.id]) == {}
            await commit(uow)
        assert ann.id in await world.profiles.of([ann.id])

    async def test_a_cancelled_unit_of_work_leaves_nothing_behind_and_holds_up_nobody(
        self, world: World
    ) -> None:
        ann, ben = await people(world, 2)
        place = await direct_of(world, ann, ben)
        has_it = asyncio.Event()

        async def hold() -> None:
            async with world.units.open() as uow:
                conversation = await uow.conversations.lock(place)
                assert conversation is not None
                await uow.messages.append(a_text(place, ann))
                has_it.set()
                await asyncio.Event().wait()

        task = await held_up(hold())
        await has_it.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await outcome(task)
        async with asyncio.timeout(5), world.units.open() as uow:
            conversation = await uow.conversations.lock(place)
            assert conversation is not None
            assert (conversation.last_sequence, conversation.revision) == (0, 0)

    async def test_events_drains_what_the_saved_aggregates_recorded_in_the_order_in_which_they_were_saved(
        self, world: World
    ) -> None:
        ann, ben = a_user(), a_user()
        session, direct = a_session(ann.id), a_direct(ann.id, ben.id)
        participant = a_participant(direct, ann.id)
        participant.record(
            ReceiptAdvanced(conversation_id=direct.id, user_id=ann.id, delivered_up_to=1, read_up_to=1)
        )
        direct.record(ConversationCreated(user_ids=(ann.id,), conversation=direct))
        ben.profile_changed()
        session.revoke("a reason", AT)
        async with world.units.open() as uow:
            uow.conversations.save(direct)
            uow.users.save(ben)
            uow.participants.save(participant)
            uow.sessions.save(session)
            kinds = [type(event) for event in uow.events()]
        assert kinds == [ConversationCreated, ProfileChanged, ReceiptAdvanced, SessionEnded]

    async def test_events_are_told_once(self, world: World) -> None:
        ann = a_user()
        ann.profile_changed()
        async with world.units.open() as uow:
            uow.users.save(ann)
            uow.users.save(ann)
            assert len(uow.events()) == 1
            assert uow.events() == []
            ann.profile_changed()
            uow.users.save(ann)
            assert len(uow.events()) == 1

    async def test_events_of_an_aggregate_that_nobody_saved_are_not_told(self, world: World) -> None:
        (ann,) = await people(world, 1)
        async with world.units.open() as uow:
            found = await uow.users.find(ann)
            assert found is not None
            found.profile_changed()
            assert uow.events() == []

    async def test_units_of_work_that_do_not_meet_all_commit(self, world: World) -> None:
        assert len(await all_of([people(world, 2) for _ in range(20)])) == 20
