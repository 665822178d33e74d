"""The promise of the repository of messages: numbered without a hole, kept once, counted while unread."""

from dataclasses import replace
from datetime import datetime

import pytest

from application.errors import Collision
from application.ports.repositories import Messages
from application.testing.builders import AT, a_text, an_id, later
from application.testing.stage import (
    all_of,
    append,
    block,
    change_participant,
    commit,
    direct_of,
    group_of,
    membership,
    people,
    send,
)
from application.testing.world import World
from domain.messaging.content import MessageType
from domain.messaging.message import Message, system_message
from domain.shared.ids import ClientMessageId, ConversationId, MessageId, UserId


class MessagesContract:
    """The promise of ``Messages``. Supply the fixture ``world``."""

    async def test_append_gives_the_next_sequence_and_revision_of_its_conversation(
        self, world: World
    ) -> None:
        ann, ben = await people(world, 2)
        place, elsewhere = await group_of(world, ann, ben, revision=4), await group_of(world, ann)
        async with world.units.open() as uow:
            messages: Messages = uow.messages
            await uow.conversations.lock(place)
            first = await messages.append(a_text(place, ann))
            second = await messages.append(a_text(place, ben))
            await commit(uow)
        third = await send(world, place, ben)
        assert [(m.seq_id, m.revision) for m in (first, second, third)] == [(1, 5), (2, 6), (3, 7)]
        assert (await send(world, elsewhere, ann)).seq_id == 1

    async def test_the_conversation_must_be_locked(self, world: World) -> None:
        (ann,) = await people(world, 1)
        place = await group_of(world, ann)
        async with world.units.open() as uow:
            await uow.conversations.get(place)
            with pytest.raises(RuntimeError):
                await uow.messages.append(a_text(place, ann))

    async def test_append_keeps_the_conversations_summary(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        for seconds in (1, 2):
            message = await send(world, place, ann, created_at=later(seconds), content="x" * 200)
            entry = await world.conversations.entry(ben, place, later(3))
            assert entry is not None
            assert entry.last_message is not None
            assert (entry.last_message.message_id, entry.last_message.seq_id) == (message.id, message.seq_id)
            assert (entry.last_message.preview, entry.last_message.deleted) == ("x" * 140, False)
            assert entry.last_activity_at == later(seconds)

    async def test_numbers_of_a_unit_of_work_that_does_not_commit_are_never_seen(self, world: World) -> None:
        (ann,) = await people(world, 1)
        place = await group_of(world, ann)
        await send(world, place, ann)
        async with world.units.open() as uow:
            lost = await append(uow, place, ann)
        assert await world.conversations.heads_of([place]) == {place: 1}
        kept = await send(world, place, ann)
        assert (kept.seq_id, kept.revision) == (lost.seq_id, lost.revision) == (2, 2)

    async def test_twenty_concurrent_sends_are_numbered_one_to_twenty_without_a_hole(
        self, world: World
    ) -> None:
        ann, ben = await people(world, 2)
        place = await direct_of(world, ann, ben)
        sent = await all_of([send(world, place, person) for person in (ann, ben) * 10])
        messages = [each for each in sent if isinstance(each, Message)]
        assert sorted(message.seq_id for message in messages) == list(range(1, 21))
        assert all(message.revision == message.seq_id for message in messages)
        assert await world.conversations.heads([ann]) == {ann: {place: 20}}
        page = await world.messages.page(
            await membership(world, ann, place), before=None, after=None, around=None, limit=50, now=AT
        )
        assert [m.id for m in page.messages] == [m.id for m in sorted(messages, key=lambda m: m.seq_id)]

    async def test_a_second_message_of_one_sender_and_client_id_collides_at_commit(
        self, world: World
    ) -> None:
        (ann,) = await people(world, 1)
        place, elsewhere = await group_of(world, ann), await group_of(world, ann)
        first = await send(world, place, ann)
        for where in (place, elsewhere):
            async with world.units.open() as uow:
                await append(uow, where, ann, client_message_id=first.client_message_id)
                with pytest.raises(Collision):
                    await commit(uow)
        assert await world.conversations.heads_of([place, elsewhere]) == {place: 1, elsewhere: 0}

    async def test_of_ten_concurrent_sends_under_one_client_id_one_commits(self, world: World) -> None:
        (ann,) = await people(world, 1)
        place, name = await group_of(world, ann), ClientMessageId(an_id())
        outcomes = await all_of([send(world, place, ann, client_message_id=name) for _ in range(10)])
        assert len([each for each in outcomes if isinstance(each, Message)]) == 1
        assert await world.conversations.heads_of([place]) == {place: 1}

    async def test_people_may_use_each_others_client_ids_and_none_at_all(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place, name = await group_of(world, ann, ben), ClientMessageId(an_id())
        for person, client_id in ((ann, name), (ben, name), (ann, None), (ann, None)):
            await send(world, place, person, client_message_id=client_id)
        assert await world.conversations.heads_of([place]) == {place: 4}

    async def test_what_was_appended_is_found_again_and_by_others_after_its_commit(
        self, world: World
    ) -> None:
        (ann,) = await people(world, 1)
        place = await group_of(world, ann)
        first = await send(world, place, ann)
        metadata = {"latitude": 52.5, "longitude": 13.4, "label": "grüße", "list": [1, None, True]}
        new = a_text(
            place, ann, type=MessageType.LOCATION, content=None, metadata=metadata, expires_at=later(60)
        )
        async with world.units.open() as uow:
            await uow.conversations.lock(place)
            message = await uow.messages.append(replace(new, reply_to_msg_id=first.id))
            assert new.client_message_id is not None
            assert await uow.messages.find(message.id) is message
            assert await uow.messages.find_by_client_id(ann, new.client_message_id) is message
            await commit(uow)
        async with world.units.open() as uow:
            assert await uow.messages.find(message.id) == message
            assert await uow.messages.find_by_client_id(ann, new.client_message_id) == message

    async def test_find_may_return_none(self, world: World) -> None:
        async with world.units.open() as uow:
            assert await uow.messages.find(MessageId(an_id())) is None
            assert await uow.messages.find_by_client_id(UserId(an_id()), ClientMessageId(an_id())) is None

    async def test_unread_counts_visible_messages_of_others_after_the_read_cursor(self, world: World) -> None:
        ann, ben, place = await _talk(world, 4)
        assert await _unread(world, place, ben) == 4
        assert await _unread(world, place, ann) == 0
        await change_participant(world, place, ben, last_delivered_sequence=3, last_read_sequence=3)
        assert await _unread(world, place, ben) == 1

    async def test_unread_leaves_out_ones_own_system_messages_and_deleted_ones(self, world: World) -> None:
        ann, ben, place = await _talk(world, 2)
        async with world.units.open() as uow:
            await uow.conversations.lock(place)
            await uow.messages.append(a_text(place, ben))
            event = {"event": "subject_changed"}
            await uow.messages.append(system_message(MessageId(an_id()), place, ann, event, AT))
            await commit(uow)
        deleted = await send(world, place, ann)
        await world.backstage.rewrite(replace(deleted, content=None, deleted_at=AT))
        assert await _unread(world, place, ben) == 2

    async def test_unread_leaves_out_what_is_hidden_cleared_or_expired(self, world: World) -> None:
        ann, ben, place = await _talk(world, 3)
        await world.backstage.hide(ben, await send(world, place, ann))
        await send(world, place, ann, expires_at=later(30))
        await send(world, place, ann)
        assert await _unread(world, place, ben, later(31)) == 4
        await change_participant(world, place, ben, cleared_through_sequence=2)
        assert await _unread(world, place, ben, later(31)) == 2

    async def test_unread_leaves_out_what_is_hidden_in_the_same_unit_of_work(self, world: World) -> None:
        ann, ben, place = await _talk(world, 2)
        sent = await send(world, place, ann)
        async with world.units.open() as uow:
            await uow.conversations.lock(place)
            me = await uow.participants.get(place, ben)
            before = await uow.messages.unread(me, AT)
            me.my_revision += 1
            uow.messages.hide(sent, ben, me.my_revision)
            uow.participants.save(me)
            assert await uow.messages.unread(me, AT) == before - 1
            await commit(uow)
        assert await _unread(world, place, ben) == before - 1
        assert await _unread(world, place, ann) == 0

    async def test_unread_leaves_out_those_i_block_and_not_those_who_block_me(self, world: World) -> None:
        ann, ben, cem = await people(world, 3)
        place = await group_of(world, ann, ben, cem)
        for person in (ann, cem):
            await send(world, place, person)
        await block(world, ben, ann)
        await block(world, cem, ben)
        assert await _unread(world, place, ben) == 1

    async def test_unread_leaves_out_what_is_no_longer_visible_at_now(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        await send(world, place, ann, expires_at=later(10))
        assert await _unread(world, place, ben, later(9)) == 1
        assert await _unread(world, place, ben, later(10)) == 0

    async def test_unread_100_means_more_than_99(self, world: World) -> None:
        for count, shown in ((99, 99), (120, 100)):
            _, ben, place = await _talk(world, count)
            assert await _unread(world, place, ben) == shown


async def _talk(world: World, count: int) -> tuple[UserId, UserId, ConversationId]:
    """Two people, and so many messages of the first in one unit of work."""
    ann, ben = await people(world, 2)
    place = await direct_of(world, ann, ben)
    async with world.units.open() as uow:
        for _ in range(count):
            await append(uow, place, ann)
        await commit(uow)
    return ann, ben, place


async def _unread(world: World, place: ConversationId, person: UserId, now: datetime = AT) -> int:
    async with world.units.open() as uow:
        return await uow.messages.unread(await uow.participants.get(place, person), now)
