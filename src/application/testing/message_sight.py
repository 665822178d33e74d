"""The promises about who sees which message, what they see beside it, and what is left of it once it has expired."""

from application.ports.readers import Expirations
from application.testing.builders import AT, an_id, later
from application.testing.message_parts import a_reaction, a_tally, react, stored
from application.testing.stage import (
    append,
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
from domain.messaging.reaction import Reaction
from domain.shared.ids import MessageId, UserId


class MessageSightContract:
    """What ``Messages`` promises of places, of hiding, and of who sees what. Supply the fixture ``world``."""

    async def test_place_of_is_where_a_message_is_and_find_after_locking_it_is_current(
        self, world: World
    ) -> None:
        (ann,) = await people(world, 1)
        place = await group_of(world, ann)
        message = await send(world, place, ann)
        async with world.units.open() as uow:
            assert await uow.messages.place_of(MessageId(an_id())) is None
            assert await uow.messages.place_of(message.id) == place
            await world.backstage.rewrite(message.touched(7))
            await uow.conversations.lock(place)
            assert await uow.messages.find(message.id) == message.touched(7)

    async def test_hide_leaves_one_out_for_one_person_at_their_revision(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await direct_of(world, ann, ben)
        one, two = await send(world, place, ann), await send(world, place, ann)
        async with world.units.open() as uow:
            uow.messages.hide(one, ben, 5)
            await commit(uow)
        assert await world.backstage.hidden(ben) == {one.seq_id: 5}
        assert await world.backstage.hidden(ann) == {}
        async with world.units.open() as uow:
            assert await uow.messages.seen_by(ben, [one.id, two.id], AT) == {two.id}
            assert await uow.messages.seen_by(ann, [one.id, two.id], AT) == {one.id, two.id}

    async def test_seen_by_are_those_that_somebody_can_see_at_now(self, world: World) -> None:
        ann, ben, cem = await people(world, 3)
        place, elsewhere, gone = (
            await group_of(world, ann, ben),
            await group_of(world, ann),
            await group_of(world, ann, ben),
        )
        cleared, first, second = [await send(world, place, ann) for _ in range(3)]
        fleeting = await send(world, place, ann, expires_at=later(10))
        late = await send(world, place, ann)
        theirs, closed = await send(world, elsewhere, ann), await send(world, gone, ann)
        await change_participant(world, place, ben, cleared_through_sequence=1)
        await close(world, gone)
        every = [each.id for each in (cleared, first, second, fleeting, late, theirs, closed)]
        for seconds, seen in ((9, {first, second, fleeting, late}), (10, {first, second, late})):
            assert await self._seen(world, ben, every, seconds) == {each.id for each in seen}
        await leave(world, place, ben, fleeting.seq_id)
        assert await self._seen(world, ben, every, 10) == {first.id, second.id}
        assert await self._seen(world, cem, every, 0) == set()
        assert await self._seen(world, ben, [], 0) == set()

    @staticmethod
    async def _seen(world: World, person: UserId, ids: list[MessageId], seconds: float) -> set[MessageId]:
        async with world.units.open() as uow:
            seen = await uow.messages.seen_by(person, ids, later(seconds))
        for id in ids:
            found = await world.messages.find(person, id, later(seconds))
            assert (found is not None) == (id in seen)
            assert found is None or (found[0].user_id, found[1].id) == (person, id)
        return seen


class BesideMessagesContract:
    """What ``MessageReader`` promises beside pages. Supply the fixture ``world``."""

    async def test_surroundings_are_what_messages_carry_and_were_given(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        one, two = await stored(world, ann, 2)
        async with world.units.open() as uow:
            message, bare = await append(uow, place, ann), await append(uow, place, ann)
            uow.attachments.attach(message.id, [two.id, one.id])
            uow.reactions.add(a_reaction(message, ben))
            await commit(uow)
        me = await membership(world, ben, place)
        beside = await world.messages.surroundings(me, [message, bare], AT)
        assert beside.attachments == {message.id: (two, one)}
        assert beside.reactions == {message.id: (a_tally("👍", 1, mine=True),)}
        assert (beside.replied_to, beside.origins) == ({}, frozenset())

    async def test_origins_are_those_that_the_viewer_can_see_too(self, world: World) -> None:
        ann, ben = await people(world, 2)
        private, place = await group_of(world, ann), await group_of(world, ann, ben)
        origin = await send(world, private, ann)
        copy = await send(world, place, ann, is_forwarded=True, forwarded_from_msg_id=origin.id)
        for person, seen in ((ann, frozenset([origin.id])), (ben, frozenset())):
            me = await membership(world, person, place)
            beside = await world.messages.surroundings(me, [copy], AT)
            assert (beside.origins, beside.replied_to) == (seen, {})

    async def test_reactions_come_in_the_order_in_which_they_were_given_each_exactly_once(
        self, world: World
    ) -> None:
        members = await people(world, 5)
        place = await group_of(world, *members)
        message, other = await send(world, place, members[0]), await send(world, place, members[0])
        given = [
            a_reaction(message, person, code, created_at=later(n // 3))
            for n, (person, code) in enumerate((p, c) for c in ("👍", ":a:") for p in members)
        ]
        await react(world, *given, a_reaction(other, members[0]))
        for code, wanted in ((None, given), ("👍", given[:5]), ("❤️", [])):
            found: list[Reaction] = []
            while True:
                after = (found[-1].created_at, found[-1].id) if found else None
                page = await world.messages.reactions(message.id, reaction_code=code, after=after, limit=3)
                found += page
                if len(page) < 3:
                    break
            assert found == sorted(wanted, key=lambda each: (each.created_at, each.id))


class ExpirationsContract:
    """The promise of ``Expirations``. Supply the fixture ``world``."""

    async def test_pending_have_expired_and_still_say_something_of_one_conversation_the_earliest_first(
        self, world: World
    ) -> None:
        (ann,) = await people(world, 1)
        place, another = await group_of(world, ann), await group_of(world, ann)
        here = [await send(world, place, ann, expires_at=later(10)) for _ in range(3)]
        there = await send(world, another, ann, expires_at=later(10))
        for seconds in (None, 11):
            await send(world, place, ann, expires_at=None if seconds is None else later(seconds))
        expirations: Expirations = world.expirations
        assert await expirations.pending(later(9), 10) == []
        left = {message.id: message for message in (*here, there)}
        while left:
            found = await world.expirations.pending(later(10), 2)
            assert 1 <= len(found) <= 2
            assert len({message.conversation_id for message in found}) == 1
            assert [m.seq_id for m in found] == sorted(m.seq_id for m in found)
            for message in found:
                assert left.pop(message.id) == message
                await world.backstage.rewrite(message.wiped(message.revision, later(10)))
        assert await world.expirations.pending(later(10), 10) == []
