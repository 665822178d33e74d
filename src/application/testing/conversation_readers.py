"""The promise of those who read conversations: each once, in order, and as this person has it."""

from dataclasses import replace

from application.ports.readers import ConversationReader, Entry, EntryKey, MemberKey
from application.testing.builders import AT, a_direct, a_participant, an_id, later
from application.testing.stage import (
    block,
    change_participant,
    close,
    commit,
    direct_of,
    group_of,
    leave,
    membership,
    people,
    send,
)
from application.testing.world import World
from domain.conversation.participant import Participant, Role
from domain.shared.ids import ConversationId, UserId

NOW = later(1000)


async def _page(
    world: World,
    person: UserId,
    *,
    archived: bool = False,
    left: bool = False,
    after: EntryKey | None = None,
    limit: int = 100,
) -> list[Entry]:
    return await world.conversations.page(
        person, archived=archived, left=left, after=after, limit=limit, now=NOW
    )


async def _listed(
    world: World, person: UserId, *, archived: bool = False, left: bool = False
) -> list[ConversationId]:
    return [entry.conversation.id for entry in await _page(world, person, archived=archived, left=left)]


async def _entry(world: World, person: UserId, place: ConversationId) -> Entry:
    found = await world.conversations.entry(person, place, NOW)
    assert found is not None
    return found


CURSORS = ("last_read_sequence", "last_delivered_sequence", "told_read_sequence", "told_delivered_sequence")


def _cursors(*, delivered: int, read: int) -> dict[str, int]:
    """What somebody received and read, and let others know of."""
    return dict(zip(CURSORS, (read, delivered, read, delivered), strict=True))


class ConversationReaderContract:
    """The promise of ``ConversationReader``. Supply the fixture ``world``."""

    async def test_page_lists_pinned_first_then_by_latest_activity(self, world: World) -> None:
        reader: ConversationReader = world.conversations
        (ann,) = await people(world, 1)
        places = [await group_of(world, ann) for _ in range(5)]
        for place, seconds in zip(places, (10, 40, 20, 30, 50), strict=True):
            await send(world, place, ann, created_at=later(seconds))
        await change_participant(world, places[0], ann, pinned_at=later(1))
        await change_participant(world, places[2], ann, pinned_at=later(2))
        found = await reader.page(ann, archived=False, left=False, after=None, limit=4, now=NOW)
        assert [entry.conversation.id for entry in found] == [places[n] for n in (2, 0, 4, 1)]

    async def test_page_lists_each_exactly_once_over_all_pages(self, world: World) -> None:
        ann, ben = await people(world, 2)
        places = [await group_of(world, ann) for _ in range(7)] + [await direct_of(world, ann, ben)]
        for place in places[:3]:
            await send(world, place, ann, created_at=later(5))
        for place in places[2:5]:
            await change_participant(world, place, ann, pinned_at=later(9))
        listed: list[ConversationId] = []
        key = None
        while page := await _page(world, ann, after=key, limit=3):
            last = page[-1]
            listed += [entry.conversation.id for entry in page]
            key = EntryKey(
                pinned_at=last.me.pinned_at,
                last_activity_at=last.last_activity_at,
                conversation_id=last.conversation.id,
            )
        assert len(listed) == len(places)
        assert set(listed) == set(places)
        assert listed == await _listed(world, ann)

    async def test_page_lists_what_somebody_has_and_did_not_leave(self, world: World) -> None:
        ann, ben, cem = await people(world, 3)
        kept, left = await group_of(world, ann, ben), await group_of(world, ann, ben)
        await group_of(world, ann, cem)
        await leave(world, left, ben, 0)
        assert await _listed(world, ben) == [kept]
        assert await _listed(world, ben, left=True) == [left]

    async def test_page_lists_archived_ones_apart(self, world: World) -> None:
        (ann,) = await people(world, 1)
        kept, archived = await group_of(world, ann), await group_of(world, ann)
        await change_participant(world, archived, ann, archived=True)
        assert await _listed(world, ann) == [kept]
        assert await _listed(world, ann, archived=True) == [archived]

    async def test_page_leaves_out_closed_groups_and_what_is_not_listed_yet(self, world: World) -> None:
        ann, ben = await people(world, 2)
        closed = await group_of(world, ann, ben)
        await close(world, closed)
        direct = a_direct(ann, ben)
        async with world.units.open() as uow:
            uow.conversations.add(direct)
            uow.participants.add(a_participant(direct, ann))
            uow.participants.add(a_participant(direct, ben, listed=False))
            await commit(uow)
        assert await _listed(world, ann) == [direct.id]
        assert await _listed(world, ben) == []

    async def test_entry_is_one_of_them_as_its_participant_has_it(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await direct_of(world, ann, ben)
        message = await send(world, place, ann, created_at=later(5))
        entry = await _entry(world, ben, place)
        assert (entry.conversation.id, entry.conversation.last_sequence) == (place, 1)
        assert entry.me == await membership(world, ben, place)
        assert (entry.peer_id, entry.unread_count, entry.last_activity_at) == (ann, 1, later(5))
        assert entry.last_message is not None
        assert entry.last_message.message_id == message.id
        assert await _page(world, ben) == [entry]

    async def test_entry_is_none_for_who_never_took_part_and_for_a_closed_group(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann)
        assert await world.conversations.entry(ben, place, NOW) is None
        assert await world.conversations.entry(ann, ConversationId(an_id()), NOW) is None
        await close(world, place)
        assert await world.conversations.entry(ann, place, NOW) is None
        assert await world.conversations.membership(ann, place) is None

    async def test_the_peer_is_the_other_side_and_oneself_in_saved_messages(self, world: World) -> None:
        ann, ben = await people(world, 2)
        direct, saved = await direct_of(world, ann, ben), await direct_of(world, ann, ann)
        group = await group_of(world, ann, ben)
        peers = {entry.conversation.id: entry.peer_id for entry in await _page(world, ann)}
        assert peers == {direct: ben, saved: ann, group: None}

    async def test_the_last_message_is_the_newest_one_they_can_see(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        sent = [await send(world, place, ann, created_at=later(n), content=f"{n}") for n in (1, 2, 3)]
        sent.append(await send(world, place, ann, created_at=later(4), expires_at=later(34)))

        async def shown() -> tuple[str | None, bool] | None:
            last = (await _entry(world, ben, place)).last_message
            assert (await _page(world, ben))[0].last_message == last
            return None if last is None else (last.preview, last.deleted)

        assert await shown() == ("3", False)
        await world.backstage.hide(ben, sent[2])
        assert await shown() == ("2", False)
        await world.backstage.rewrite(replace(sent[1], content=None, deleted_at=AT))
        assert await shown() == (None, True)
        await change_participant(world, place, ben, cleared_through_sequence=4)
        assert await shown() is None

    async def test_who_left_sees_nothing_newer_and_has_nothing_unread(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        await send(world, place, ann, content="before")
        await leave(world, place, ben, 1)
        await send(world, place, ann, content="after")
        entry = await _entry(world, ben, place)
        assert entry.unread_count == 0
        assert entry.last_message is not None
        assert entry.last_message.preview == "before"

    async def test_unread_leaves_out_ones_own_hidden_and_expired_messages_and_those_of_people_i_block(
        self, world: World
    ) -> None:
        ann, ben, cem = await people(world, 3)
        place = await group_of(world, ann, ben, cem)
        for person in (ann, cem, ben):
            await send(world, place, person)
        await send(world, place, ann, expires_at=later(30))
        await world.backstage.hide(ben, await send(world, place, ann))
        await send(world, place, ann)
        await change_participant(world, place, ben, **dict.fromkeys(CURSORS, 0))
        assert (await _entry(world, ben, place)).unread_count == 3
        await block(world, ben, cem)
        assert (await _page(world, ben))[0].unread_count == 2

    async def test_receipts_are_the_lowest_cursors_of_the_others_who_are_still_there(
        self, world: World
    ) -> None:
        ann, ben, cem, dan = await people(world, 4)
        place = await group_of(world, ann, ben, cem, dan)
        for _ in range(3):
            await send(world, place, ann)
        await change_participant(world, place, ben, **_cursors(delivered=3, read=1))
        await change_participant(world, place, cem, **_cursors(delivered=2, read=2))
        await leave(world, place, dan, 0)
        assert (await _entry(world, ann, place)).receipts == (2, 1)
        # What somebody received and keeps to themselves is nobody's to see.
        await change_participant(world, place, cem, last_delivered_sequence=3, last_read_sequence=3)
        assert (await _entry(world, ann, place)).receipts == (2, 1)

    async def test_receipts_are_none_where_they_were_not_asked_for(self, world: World) -> None:
        ann, ben = await people(world, 2)
        group, direct = await group_of(world, ann, ben), await direct_of(world, ann, ben)
        crowd = await group_of(world, ann)
        async with world.units.open() as uow:
            conversation = await uow.conversations.lock(crowd)
            assert conversation is not None
            conversation.member_count = 257
            uow.conversations.save(conversation)
            await commit(uow)
        listed = {entry.conversation.id: entry.receipts for entry in await _page(world, ann)}
        assert listed == {group: None, direct: (0, 0), crowd: None}
        assert (await _entry(world, ann, crowd)).receipts is None

    async def test_members_are_listed_once_by_role_then_by_joining(self, world: World) -> None:
        ann, ben, cem, dan, eve, fay = await people(world, 6)
        place = await group_of(world, ann, ben, cem, dan, eve, fay)
        await change_participant(world, place, cem, role=Role.ADMIN)
        await change_participant(world, place, ben, joined_at=later(2))
        await change_participant(world, place, eve, joined_at=later(1))
        await leave(world, place, fay, 0)
        listed: list[Participant] = []
        key = None
        while page := await world.conversations.members(place, after=key, limit=2):
            listed += page
            key = MemberKey(role=page[-1].role, joined_at=page[-1].joined_at, user_id=page[-1].user_id)
        assert [member.user_id for member in listed] == [ann, cem, dan, eve, ben]

    async def test_heads_are_the_revisions_of_conversations_somebody_takes_part_in(
        self, world: World
    ) -> None:
        ann, ben = await people(world, 2)
        kept, left, closed = [await group_of(world, ann, ben) for _ in range(3)]
        alone = await group_of(world, ann)
        for place in (kept, kept, left):
            await send(world, place, ann)
        await leave(world, left, ben, 1)
        await close(world, closed)
        assert await world.conversations.heads([ann, UserId(an_id()), ben]) == {
            ann: {kept: 2, left: 1, alone: 0},
            ben: {kept: 2},
        }
        assert await world.conversations.heads_of([kept, left, ConversationId(an_id())]) == {kept: 2, left: 1}

    async def test_left_among_are_those_somebody_took_part_in_and_does_no_more(self, world: World) -> None:
        ann, ben = await people(world, 2)
        kept, left, closed, other = [await group_of(world, ann, ben) for _ in range(4)]
        theirs = await group_of(world, ann)
        await leave(world, left, ben, 0)
        await leave(world, other, ben, 0)
        await close(world, closed)
        asked = [kept, left, closed, theirs, ConversationId(an_id())]
        assert await world.conversations.left_among(ben, asked) == {left, closed}
        assert await world.conversations.left_among(ben, []) == set()

    async def test_present_are_those_of_among_who_take_part_in_a_live_one(self, world: World) -> None:
        ann, ben, cem, dan = await people(world, 4)
        place = await group_of(world, ann, ben, cem)
        await leave(world, place, cem, 0)
        present = world.conversations.present
        assert await present(place, [ann, ben, cem, dan]) == {ann, ben}
        assert await present(place, [ben]) == {ben}
        assert await present(place, []) == set()
        assert await present(ConversationId(an_id()), [ann]) == set()
        await close(world, place)
        assert await present(place, [ann, ben]) == set()
