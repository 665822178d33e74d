"""The promises of catching up: by numbers, page after page, with nothing missed and nothing of others'."""

from dataclasses import replace

from application.ports.syncing import ArrivalKey, Changes, Known, SyncReader
from application.testing.builders import AT, a_direct, a_participant, an_id, later
from application.testing.stage import (
    all_of,
    append,
    change_participant,
    close,
    commit,
    direct_of,
    group_of,
    leave,
    people,
    send,
)
from application.testing.world import World
from domain.messaging.message import Message
from domain.shared.ids import ConversationId, UserId


async def _changes(
    world: World, person: UserId, place: ConversationId, revision: int, me: int = 0, limit: int = 50
) -> Changes:
    reader: SyncReader = world.sync
    found = await reader.changes(person, place, Known(revision, me), limit=limit, now=AT)
    assert found is not None
    return found


async def _change(world: World, message: Message) -> Message:
    """Give a message another state, at the next revision."""
    async with world.units.open() as uow:
        conversation = await uow.conversations.lock(message.conversation_id)
        assert conversation is not None
        changed = replace(message, content="changed", revision=conversation.next_revision())
        uow.messages.save(changed)
        uow.conversations.save(conversation)
        await commit(uow)
    return changed


async def _joined(world: World, person: UserId, after: ArrivalKey | None = None) -> list[ConversationId]:
    found = await world.sync.joined(person, after=after, limit=100, now=AT)
    return [entry.conversation.id for entry, _ in found]


class SyncReaderContract:
    """The promise of ``SyncReader``. Supply the fixture ``world``."""

    async def test_changes_have_the_latest_state_of_each_message_by_revision(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        sent = [await send(world, place, ann) for _ in range(3)]
        changed = await _change(world, sent[0])
        found = await _changes(world, ben, place, 1)
        assert found.messages == [sent[1], sent[2], changed]
        assert (found.until, found.has_more) == (Known(4, 0), False)
        page = await _changes(world, ben, place, 1, limit=2)
        assert (page.messages, page.until, page.has_more) == (sent[1:], Known(3, 0), True)
        assert (await _changes(world, ben, place, 3)).messages == [changed]
        assert (await _changes(world, ben, place, 4)).messages == []

    async def test_changes_leave_out_what_is_no_longer_to_be_seen(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        cleared, hidden, kept = [await send(world, place, ann) for _ in range(3)]
        await send(world, place, ann, expires_at=AT)
        await change_participant(world, place, ben, cleared_through_sequence=cleared.seq_id)
        await world.backstage.hide(ben, hidden)
        found = await _changes(world, ben, place, 0)
        assert (found.messages, found.until.revision) == ([kept], 4)

    async def test_changes_name_what_was_hidden_since_page_by_page(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        sent = [await send(world, place, ann) for _ in range(3)]
        for number, message in enumerate(reversed(sent), 1):
            await world.backstage.hide(ben, message, number)
        await change_participant(world, place, ben, my_revision=4)
        first = await _changes(world, ben, place, 3, limit=2)
        assert first.hidden == [sent[2].id, sent[1].id]
        assert (first.until, first.has_more, first.me_changed) == (Known(3, 2), True, True)
        second = await _changes(world, ben, place, 3, 2, limit=2)
        assert (second.hidden, second.until, second.has_more) == ([sent[0].id], Known(3, 4), False)
        assert not (await _changes(world, ben, place, 3, 4)).me_changed
        assert (await _changes(world, ann, place, 3)).hidden == []

    async def test_my_own_changes_are_done_with_on_the_last_page_of_messages(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        sent = [await send(world, place, ann) for _ in range(3)]
        await world.backstage.hide(ben, sent[1], 1)
        await change_participant(world, place, ben, my_revision=2)
        first = await _changes(world, ben, place, 0, limit=1)
        assert (first.until, first.me_changed, first.hidden, first.has_more) == (Known(1, 0), True, [], True)
        last = await _changes(world, ben, place, 1, limit=1)
        assert (last.until, last.me_changed, last.hidden) == (Known(3, 2), True, [sent[1].id])
        assert not last.has_more

    async def test_what_expired_unseen_may_have_moved_ones_own_place(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        await send(world, place, ann)
        await send(world, place, ben, expires_at=AT)
        await send(world, place, ann)
        assert (await _changes(world, ben, place, 1)).me_changed
        assert not (await _changes(world, ben, place, 0, limit=1)).me_changed
        assert not (await _changes(world, ben, place, 2)).me_changed

    async def test_changes_say_when_members_or_info_changed_in_this_page(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        for _ in range(4):
            await send(world, place, ann)
        await change_participant(world, place, ann, revision=2)
        async with world.units.open() as uow:
            conversation = await uow.conversations.lock(place)
            assert conversation is not None
            conversation.info_revision = 4
            uow.conversations.save(conversation)
            await commit(uow)

        async def said(revision: int, limit: int) -> tuple[bool, bool]:
            found = await _changes(world, ben, place, revision, limit=limit)
            return found.members_changed, found.info_changed

        assert await said(1, 9) == (True, True)
        assert await said(1, 1) == (True, False)
        assert await said(2, 1) == (False, False)
        assert await said(3, 9) == (False, True)
        assert await said(4, 9) == (False, False)
        assert await said(0, 1) == (True, True)

    async def test_who_left_gets_none_from_after_that_point(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        before = await send(world, place, ann)
        await leave(world, place, ben, 1)
        await change_participant(world, place, ben, revision=1)
        after = await send(world, place, ann)
        await change_participant(world, place, ann, revision=2)
        found = await _changes(world, ben, place, 0)
        assert (found.messages, found.until.revision) == ([before], 1)
        assert not (await _changes(world, ben, place, 1)).members_changed
        await _change(world, after)
        changed = await _change(world, before)
        found = await _changes(world, ben, place, 1)
        assert (found.messages, found.until.revision, found.members_changed) == ([changed], 4, False)

    async def test_what_became_of_what_they_can_see_since_they_left_comes_page_by_page(
        self, world: World
    ) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        sent = [await send(world, place, ann) for _ in range(5)]
        await leave(world, place, ben, 4)
        await change_participant(world, place, ben, revision=5)
        await change_participant(world, place, ben, cleared_through_sequence=1)
        await send(world, place, ann)
        changed = [await _change(world, sent[n]) for n in (3, 4, 0, 2)]
        first = await _changes(world, ben, place, 0, limit=2)
        assert (first.messages, first.until.revision, first.has_more) == ([sent[1], changed[0]], 7, True)
        second = await _changes(world, ben, place, 7, limit=2)
        assert (second.messages, second.until.revision, second.has_more) == ([changed[3]], 10, False)
        whole = await _changes(world, ben, place, 1)
        assert whole.messages == [sent[1], changed[0], changed[3]]
        assert [(await _changes(world, ben, place, n)).messages for n in (9, 10)] == [[changed[3]], []]
        # And what they know already does not come again.
        assert (await _changes(world, ben, place, 10)).until.revision == 10

    async def test_who_never_took_part_gets_none(self, world: World) -> None:
        ann, eve = await people(world, 2)
        place = await group_of(world, ann)
        assert await world.sync.changes(eve, place, Known(0, 0), limit=9, now=AT) is None
        unknown = ConversationId(an_id())
        assert await world.sync.changes(ann, unknown, Known(0, 0), limit=9, now=AT) is None
        await close(world, place)
        assert await world.sync.changes(ann, place, Known(0, 0), limit=9, now=AT) is None

    async def test_standings_tell_those_that_are_not_as_known_and_those_that_are_not_theirs(
        self, world: World
    ) -> None:
        ann, ben = await people(world, 2)
        same, spoken, mine, left, closed, others = [await group_of(world, ann, ben) for _ in range(5)] + [
            await group_of(world, ann)
        ]
        for place in (spoken, spoken, left):
            await send(world, place, ann)
        await change_participant(world, mine, ben, my_revision=3)
        await leave(world, left, ben, 1)
        await close(world, closed)
        unknown = ConversationId(an_id())
        known = dict.fromkeys((same, spoken, mine, left, closed, others, unknown), Known(0, 0))
        standings, gone = await world.sync.standings(ben, known, AT)
        assert {each.conversation_id: each.at for each in standings} == {
            spoken: Known(2, 0),
            mine: Known(0, 3),
        }
        assert {each.conversation_id: (each.last_sequence, each.unread_count) for each in standings} == {
            spoken: (2, 2),
            mine: (0, 0),
        }
        assert sorted(gone) == sorted([left, closed, others, unknown])

    async def test_joined_lists_what_they_have_in_the_order_of_arrival_each_once(self, world: World) -> None:
        ann, ben = await people(world, 2)
        places = [await group_of(world, ann, ben) for _ in range(5)]
        await group_of(world, ann)
        await leave(world, places[1], ben, 0)
        await close(world, places[2])
        await change_participant(world, places[3], ben, archived=True)
        listed, after = [], None
        while page := await world.sync.joined(ben, after=after, limit=2, now=AT):
            listed += [entry.conversation.id for entry, _ in page]
            after = page[-1][1]
        assert listed == [places[0], places[3], places[4]]

    async def test_who_comes_back_or_first_hears_of_it_joins_again(self, world: World) -> None:
        ann, ben = await people(world, 2)
        direct = a_direct(ann, ben)
        async with world.units.open() as uow:
            uow.conversations.add(direct)
            uow.participants.add(a_participant(direct, ann))
            uow.participants.add(a_participant(direct, ben, listed=False))
            await commit(uow)
        left, kept = await group_of(world, ann, ben), await group_of(world, ann, ben)
        await leave(world, left, ben, 0)
        ((_, end),) = await world.sync.joined(ben, after=None, limit=9, now=AT)
        await change_participant(world, left, ben, left_at=None, left_sequence=None)
        await change_participant(world, direct.id, ben, listed=True)
        await change_participant(world, kept, ben, pinned_at=AT)
        assert await _joined(world, ben, end) == [left, direct.id]
        assert await _joined(world, ben) == [kept, left, direct.id]

    async def test_of_one_person_arrivals_at_the_same_time_have_different_numbers(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await direct_of(world, ann, ben)

        async def join() -> ConversationId:
            return await group_of(world, ann, ben)

        made = await all_of([join() for _ in range(8)])
        seen = await _joined(world, ben)
        assert (seen[0], set(seen[1:])) == (place, set(made))
        numbers = [key.arrival for _, key in await world.sync.joined(ben, after=None, limit=99, now=AT)]
        assert len(set(numbers)) == len(numbers)

    async def test_what_changes_while_pages_are_read_comes_in_a_later_one(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        sent = [await send(world, place, ann, created_at=later(n)) for n in range(4)]
        first = await _changes(world, ben, place, 0, limit=2)
        async with world.units.open() as uow:
            await append(uow, place, ann)
            await commit(uow)
        changed = await _change(world, sent[0])
        rest = await _changes(world, ben, place, first.until.revision)
        assert [message.revision for message in rest.messages] == [3, 4, 5, 6]
        assert rest.messages[-1] == changed
        await all_of([send(world, place, ann) for _ in range(3)])
        last = await _changes(world, ben, place, rest.until.revision)
        assert [message.seq_id for message in last.messages] == [6, 7, 8]
