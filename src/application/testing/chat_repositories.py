"""The promises of repositories of conversations: what orders them, who takes part, what is said."""

import asyncio

import pytest

from application.ports.repositories import Conversations, Participants
from application.testing.builders import AT, a_direct, a_group, a_participant, an_id, an_owner, later
from application.testing.stage import (
    all_of,
    append,
    change_participant,
    close,
    commit,
    direct_of,
    group_of,
    held_up,
    leave,
    membership,
    outcome,
    people,
)
from application.testing.world import World
from domain.conversation.conversation import PostPolicy
from domain.conversation.participant import Role
from domain.messaging.receipt import DeliveryStatus
from domain.shared.errors import ConversationNotFound
from domain.shared.ids import ConversationId, UserId, direct_key


class ConversationsContract:
    """The promise of ``Conversations``. Supply the fixture ``world``."""

    async def test_what_is_found_twice_is_the_same_object(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await direct_of(world, ann, ben)
        async with world.units.open() as uow:
            conversations: Conversations = uow.conversations
            held = await conversations.lock(place)
            assert held is not None
            assert await conversations.lock(place) is held
            assert await conversations.get(place) is held
            assert await conversations.find_direct(direct_key(ben, ann)) is held

    async def test_what_is_found_before_it_is_locked_is_the_same_object(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await direct_of(world, ann, ben)
        async with world.units.open() as uow:
            found = await uow.conversations.find_direct(direct_key(ann, ben))
            assert found is not None
            assert await uow.conversations.get(place) is found
            assert await uow.conversations.lock(place) is found

    async def test_what_was_added_is_found_again_in_the_same_unit_of_work(self, world: World) -> None:
        ann, ben = await people(world, 2)
        direct = a_direct(ann, ben)
        async with world.units.open() as uow:
            uow.conversations.add(direct)
            assert await uow.conversations.find_direct(direct_key(ben, ann)) is direct
            assert await uow.conversations.lock(direct.id) is direct
            assert await uow.conversations.get(direct.id) is direct

    async def test_what_was_saved_is_found_by_others_after_its_commit(self, world: World) -> None:
        (ann,) = await people(world, 1)
        place = await group_of(world, ann)
        async with world.units.open() as uow:
            group = await uow.conversations.lock(place)
            assert group is not None
            group.subject, group.description = "Another subject", "and a description"
            group.post_policy, group.expiry_seconds = PostPolicy.ADMINS, 60
            group.member_count, group.updated_at = 7, later(1)
            group.next_revision()
            uow.conversations.save(group)
            await commit(uow)
        async with world.units.open() as uow:
            assert await uow.conversations.get(place) == group

    async def test_changing_an_object_without_save_stores_nothing(self, world: World) -> None:
        (ann,) = await people(world, 1)
        place = await group_of(world, ann)
        async with world.units.open() as uow:
            group = await uow.conversations.lock(place)
            assert group is not None
            group.subject = "Another subject"
            group.next_revision()
            await commit(uow)
        async with world.units.open() as uow:
            found = await uow.conversations.get(place)
            assert (found.subject, found.revision) == ("A group", 0)

    async def test_get_raises_conversation_not_found_where_lock_and_find_return_none(
        self, world: World
    ) -> None:
        unknown = ConversationId(an_id())
        async with world.units.open() as uow:
            assert await uow.conversations.lock(unknown) is None
            assert await uow.conversations.find_direct("nobody:nobody") is None
            with pytest.raises(ConversationNotFound):
                await uow.conversations.get(unknown)

    async def test_lock_waits_until_no_other_holds_it_and_returns_current_counters(
        self, world: World
    ) -> None:
        ann, ben = await people(world, 2)
        place = await direct_of(world, ann, ben)

        async def look() -> tuple[int, int]:
            async with world.units.open() as uow:
                found = await uow.conversations.lock(place)
                assert found is not None
                return found.last_sequence, found.revision

        async with world.units.open() as uow:
            await append(uow, place, ann)
            waiting = await held_up(look())
            await append(uow, place, ann)
            await commit(uow)
        assert await outcome(waiting) == (2, 2)

    async def test_several_are_locked_in_the_order_of_their_ids(self, world: World) -> None:
        (ann,) = await people(world, 1)
        places = [await group_of(world, ann) for _ in range(4)]

        async def hold(order: list[ConversationId]) -> int:
            async with world.units.open() as uow:
                held = await asyncio.gather(*(uow.conversations.lock(place) for place in order))
                await commit(uow)
                return len(held)

        work = [hold(places[n % 4 :] + places[: n % 4]) for n in range(4)] + [hold(places[::-1])]
        assert await all_of(work) == [4] * 5

    async def test_of_twenty_that_create_one_direct_conversation_one_commits_and_the_rest_collide(
        self, world: World
    ) -> None:
        ann, ben = await people(world, 2)

        async def create(opener: UserId, other: UserId) -> ConversationId:
            direct = a_direct(opener, other)
            async with world.units.open() as uow:
                uow.conversations.add(direct)
                uow.participants.add(a_participant(direct, ann))
                uow.participants.add(a_participant(direct, ben))
                await commit(uow)
            return direct.id

        outcomes = await all_of([create(*pair) for pair in ((ann, ben), (ben, ann)) * 10])
        created = [each for each in outcomes if not isinstance(each, BaseException)]
        assert len(created) == 1
        assert list((await world.conversations.heads([ann]))[ann]) == created


class ParticipantsContract:
    """The promise of ``Participants``. Supply the fixture ``world``."""

    async def test_what_is_found_twice_is_the_same_object(self, world: World) -> None:
        (ann,) = await people(world, 1)
        place = await group_of(world, ann)
        async with world.units.open() as uow:
            participants: Participants = uow.participants
            found = await participants.find(place, ann)
            assert found is not None
            assert await participants.get(place, ann) is found

    async def test_what_was_added_is_found_again_in_the_same_unit_of_work(self, world: World) -> None:
        (ann,) = await people(world, 1)
        group = a_group(ann)
        owner = an_owner(group, ann)
        async with world.units.open() as uow:
            uow.conversations.add(group)
            uow.participants.add(owner)
            assert await uow.participants.get(group.id, ann) is owner

    async def test_what_was_saved_is_found_by_others_after_its_commit(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        changed = await change_participant(
            world, place, ben, pinned_at=AT, archived=True, muted_until=later(60), my_revision=3, listed=False
        )
        async with world.units.open() as uow:
            assert await uow.participants.get(place, ben) == changed

    async def test_changing_an_object_without_save_stores_nothing(self, world: World) -> None:
        (ann,) = await people(world, 1)
        place = await group_of(world, ann)
        async with world.units.open() as uow:
            (await uow.participants.get(place, ann)).archived = True
            await commit(uow)
        assert not (await membership(world, ann, place)).archived

    async def test_those_who_left_are_found_too(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        await leave(world, place, ben, 0)
        async with world.units.open() as uow:
            assert (await uow.participants.get(place, ben)).has_left

    async def test_get_raises_conversation_not_found_where_find_returns_none(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann)
        async with world.units.open() as uow:
            assert await uow.participants.find(place, ben) is None
            with pytest.raises(ConversationNotFound):
                await uow.participants.get(place, ben)

    async def test_save_stores_the_receipt_ranges_recorded_since_one_row_each(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        for up_to in (2, 5):
            async with world.units.open() as uow:
                participant = await uow.participants.get(place, ben)
                participant.receive(up_to, 9, AT)
                uow.participants.save(participant)
                participant.read(up_to, 9, later(1))
                uow.participants.save(participant)
                uow.participants.save(participant)
                assert participant.ranges == []
                await commit(uow)
        stored = await world.backstage.ranges(place)
        rows = sorted((r.status, r.from_sequence, r.to_sequence, r.user_id, r.at) for r in stored)
        assert rows == [
            (DeliveryStatus.DELIVERED, 1, 2, ben, AT),
            (DeliveryStatus.DELIVERED, 3, 5, ben, AT),
            (DeliveryStatus.READ, 1, 2, ben, later(1)),
            (DeliveryStatus.READ, 3, 5, ben, later(1)),
        ]

    async def test_ranges_of_a_unit_of_work_that_does_not_commit_are_not_stored(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        async with world.units.open() as uow:
            participant = await uow.participants.get(place, ben)
            participant.read(3, 9, AT)
            uow.participants.save(participant)
        assert await world.backstage.ranges(place) == []

    async def test_groups_of_are_the_live_groups_somebody_takes_part_in_by_id(self, world: World) -> None:
        ann, ben = await people(world, 2)
        groups = [await group_of(world, ann, ben) for _ in range(3)]
        await direct_of(world, ann, ben)
        await group_of(world, ann)
        await leave(world, groups[1], ben, 0)
        await close(world, groups[2])
        async with world.units.open() as uow:
            assert await uow.participants.groups_of(ben) == [groups[0]]
            assert len(await uow.participants.groups_of(ann)) == 3
            assert await uow.participants.groups_of(ann) == sorted(await uow.participants.groups_of(ann))

    async def test_an_heir_whose_account_is_deactivated_comes_after_everybody_else(
        self, world: World
    ) -> None:
        ann, ben, cem = await people(world, 3)
        place = await group_of(world, ann, ben, cem)
        await change_participant(world, place, ben, role=Role.ADMIN)

        async def heir_without(gone: UserId) -> UserId | None:
            async with world.units.open() as uow:
                user = await uow.users.lock(gone)
                assert user is not None
                user.deactivate(later(1))
                uow.users.save(user)
                await commit(uow)
            async with world.units.open() as uow:
                found = await uow.participants.heir(place, ann)
                return None if found is None else found.user_id

        assert await heir_without(ben) == cem
        assert await heir_without(cem) == ben

    async def test_heir_is_who_has_been_there_longest_an_administrator_before_a_member(
        self, world: World
    ) -> None:
        ann, ben, cem, dan = await people(world, 4)
        place = await group_of(world, ann, ben, cem, dan)
        await change_participant(world, place, ben, joined_at=later(-30))
        await change_participant(world, place, cem, joined_at=later(-20))

        async def heir(besides: UserId) -> UserId | None:
            async with world.units.open() as uow:
                await uow.conversations.lock(place)
                found = await uow.participants.heir(place, besides)
                assert found is None or await uow.participants.find(place, found.user_id) is found
                return None if found is None else found.user_id

        assert await heir(ann) == ben
        await change_participant(world, place, dan, role=Role.ADMIN)
        assert await heir(ann) == dan
        await leave(world, place, dan, 0)
        assert await heir(ann) == ben
        for person in (ben, cem):
            await leave(world, place, person, 0)
        assert await heir(ann) is None
