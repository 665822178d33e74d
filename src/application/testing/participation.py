"""The promises about somebody's own place: when archiving is undone, how many pins there are, what is unread in all."""

from application.testing.builders import AT, later
from application.testing.stage import (
    append,
    change_participant,
    close,
    direct_of,
    group_of,
    leave,
    membership,
    people,
    send,
)
from application.testing.world import World
from domain.shared.ids import ConversationId, UserId

NOW = later(1000)


async def _is_archived(world: World, person: UserId, place: ConversationId) -> bool:
    """As everybody who asks must find it."""
    async with world.units.open() as uow:
        found = [(await uow.participants.get(place, person)).archived]
    found.append((await membership(world, person, place)).archived)
    entry = await world.conversations.entry(person, place, NOW)
    assert entry is not None
    found.append(entry.me.archived)
    for archived in (True, False):
        page = await world.conversations.page(
            person, archived=archived, left=entry.me.has_left, after=None, limit=9, now=NOW
        )
        if place in [each.conversation.id for each in page]:
            found.append(archived)
            assert [each.me.archived for each in page if each.conversation.id == place] == [archived]
    assert len(found) == 4
    assert len(set(found)) == 1
    return found[0]


class ParticipationContract:
    """The promises of ``Participants`` and ``ConversationReader`` about one's own place. Supply the fixture ``world``."""

    async def test_a_message_that_came_since_has_undone_archiving(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        await send(world, place, ann)
        await change_participant(world, place, ben, archived=True, archived_at_sequence=1)
        assert await _is_archived(world, ben, place)
        await send(world, place, ann)
        assert not await _is_archived(world, ben, place)

    async def test_a_message_that_came_while_it_was_muted_has_not(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        await change_participant(world, place, ben, archived=True, muted_until=later(60))
        await send(world, place, ann, created_at=later(59.999))
        assert await _is_archived(world, ben, place)
        await send(world, place, ann, created_at=later(60))
        assert not await _is_archived(world, ben, place)

    async def test_what_is_said_in_the_same_unit_of_work_undoes_it_too(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        await change_participant(world, place, ben, archived=True)
        async with world.units.open() as uow:
            assert (await uow.participants.get(place, ben)).archived
            await append(uow, place, ann)
            assert not (await uow.participants.get(place, ben)).archived
            (await uow.participants.get(place, ben)).archive(True, 1)
            assert (await uow.participants.get(place, ben)).archived

    async def test_an_empty_conversation_stays_archived_and_so_does_one_that_was_left(
        self, world: World
    ) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        await change_participant(world, place, ben, archived=True)
        assert await _is_archived(world, ben, place)
        await leave(world, place, ben, 0)
        await send(world, place, ann)
        assert await _is_archived(world, ben, place)

    async def test_pinned_counts_live_conversations_somebody_takes_part_in_and_has_pinned(
        self, world: World
    ) -> None:
        ann, ben = await people(world, 2)
        places = [await group_of(world, ann, ben) for _ in range(4)]
        await group_of(world, ann, ben)
        for place in places:
            await change_participant(world, place, ben, pinned_at=AT)
        await change_participant(world, places[0], ann, pinned_at=AT)
        await leave(world, places[2], ben, 0)
        await close(world, places[3])
        async with world.units.open() as uow:
            assert await uow.participants.pinned(ben) == 2
            assert await uow.participants.pinned(ann) == 1

    async def test_unread_counts_conversations_and_their_messages_each_at_most_a_hundred(
        self, world: World
    ) -> None:
        ann, ben = await people(world, 2)
        few, many, none = (
            await group_of(world, ann, ben),
            await direct_of(world, ann, ben),
            await group_of(world, ann, ben),
        )
        await send(world, none, ben)
        for place, count in ((few, 3), (many, 101)):
            for _ in range(count):
                await send(world, place, ann)
        assert await world.conversations.unread(ben, NOW) == (2, 103)
        assert await world.conversations.unread(ann, NOW) == (1, 1)

    async def test_unread_leaves_out_the_archived_and_the_muted_until_the_muting_is_over(
        self, world: World
    ) -> None:
        ann, ben = await people(world, 2)
        archived, muted, left, heard = [await group_of(world, ann, ben) for _ in range(4)]
        for place in (archived, muted, left, heard):
            await send(world, place, ann)
        await change_participant(world, archived, ben, archived=True, archived_at_sequence=1)
        await change_participant(world, muted, ben, muted_until=later(1000))
        await leave(world, left, ben, 1)
        assert await world.conversations.unread(ben, later(999)) == (1, 1)
        assert await world.conversations.unread(ben, later(1000)) == (2, 2)
        await send(world, archived, ann)
        assert await world.conversations.unread(ben, later(1000)) == (3, 4)
