"""The promise of those who read messages: what the participant can see, page by page."""

from dataclasses import replace

from application.ports.readers import MessagePage, MessageReader, Surroundings
from application.testing.builders import AT, later
from application.testing.stage import (
    append,
    change_participant,
    commit,
    direct_of,
    group_of,
    leave,
    membership,
    people,
    send,
)
from application.testing.world import World
from domain.messaging.message import Message
from domain.shared.ids import ConversationId, UserId


async def _talk(world: World, count: int) -> tuple[UserId, UserId, ConversationId, list[Message]]:
    ann, ben = await people(world, 2)
    place = await direct_of(world, ann, ben)
    async with world.units.open() as uow:
        messages = [await append(uow, place, ann) for _ in range(count)]
        await commit(uow)
    return ann, ben, place, messages


async def _page(
    world: World,
    person: UserId,
    place: ConversationId,
    *,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
    limit: int = 50,
    seconds: float = 0,
) -> MessagePage:
    reader: MessageReader = world.messages
    me = await membership(world, person, place)
    return await reader.page(me, before=before, after=after, around=around, limit=limit, now=later(seconds))


async def _beside(
    world: World, person: UserId, place: ConversationId, *messages: Message, seconds: float = 0
) -> Surroundings:
    me = await membership(world, person, place)
    return await world.messages.surroundings(me, messages, later(seconds))


def _shape(page: MessagePage) -> tuple[list[int], bool, bool]:
    return [message.seq_id for message in page.messages], page.has_before, page.has_after


class MessageReaderContract:
    """The promise of ``MessageReader``. Supply the fixture ``world``."""

    async def test_the_newest_are_returned_in_ascending_order(self, world: World) -> None:
        _, ben, place, sent = await _talk(world, 5)
        page = await _page(world, ben, place, limit=2)
        assert page.messages == sent[3:]
        assert _shape(page) == ([4, 5], True, False)
        assert _shape(await _page(world, ben, place)) == ([1, 2, 3, 4, 5], False, False)

    async def test_before_and_after_continue_where_a_page_ended(self, world: World) -> None:
        _, ben, place, _ = await _talk(world, 7)
        for given, shape in (
            ({"before": 7}, ([4, 5, 6], True, True)),
            ({"before": 4}, ([1, 2, 3], False, True)),
            ({"before": 3}, ([1, 2], False, True)),
            ({"before": 1}, ([], False, True)),
            ({"before": 99}, ([5, 6, 7], True, False)),
            ({"after": 0}, ([1, 2, 3], False, True)),
            ({"after": 3}, ([4, 5, 6], True, True)),
            ({"after": 5}, ([6, 7], True, False)),
            ({"after": 7}, ([], True, False)),
        ):
            assert _shape(await _page(world, ben, place, limit=3, **given)) == shape, given

    async def test_around_includes_that_sequence_itself(self, world: World) -> None:
        _, ben, place, _ = await _talk(world, 9)
        for around in range(1, 10):
            for limit in (1, 2, 5):
                sequences, has_before, has_after = _shape(
                    await _page(world, ben, place, around=around, limit=limit)
                )
                assert around in sequences
                assert len(sequences) <= limit
                assert sequences == list(range(sequences[0], sequences[-1] + 1))
                assert (has_before, has_after) == (sequences[0] > 1, sequences[-1] < 9)
        assert _shape(await _page(world, ben, place, around=5, limit=5)) == ([3, 4, 5, 6, 7], True, True)

    async def test_an_empty_conversation_is_an_empty_page(self, world: World) -> None:
        _, ben, place, _ = await _talk(world, 0)
        assert _shape(await _page(world, ben, place)) == ([], False, False)
        assert _shape(await _page(world, ben, place, around=5)) == ([], False, False)

    async def test_what_they_hid_is_left_out_for_them_only(self, world: World) -> None:
        ann, ben, place, sent = await _talk(world, 4)
        for message in (sent[0], sent[2]):
            await world.backstage.hide(ben, message)
        assert _shape(await _page(world, ben, place)) == ([2, 4], False, False)
        assert _shape(await _page(world, ben, place, before=2)) == ([], False, True)
        assert _shape(await _page(world, ann, place)) == ([1, 2, 3, 4], False, False)

    async def test_what_they_cleared_is_left_out(self, world: World) -> None:
        _, ben, place, _ = await _talk(world, 5)
        await change_participant(world, place, ben, cleared_through_sequence=2)
        assert _shape(await _page(world, ben, place)) == ([3, 4, 5], False, False)
        assert _shape(await _page(world, ben, place, after=0, limit=2)) == ([3, 4], False, True)
        assert _shape(await _page(world, ben, place, after=1, limit=2)) == ([3, 4], False, True)

    async def test_what_has_expired_at_now_is_left_out_from_that_moment_on(self, world: World) -> None:
        ann, ben, place, _ = await _talk(world, 1)
        await send(world, place, ann, expires_at=later(30))
        assert _shape(await _page(world, ben, place, seconds=29.999)) == ([1, 2], False, False)
        assert _shape(await _page(world, ben, place, seconds=30)) == ([1], False, False)
        assert _shape(await _page(world, ben, place, after=1, seconds=30)) == ([], True, False)

    async def test_who_left_sees_messages_up_to_where_they_left(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        for _ in range(4):
            await send(world, place, ann)
        await leave(world, place, ben, 2)
        assert _shape(await _page(world, ben, place)) == ([1, 2], False, False)
        assert _shape(await _page(world, ben, place, after=1)) == ([2], True, False)
        assert _shape(await _page(world, ben, place, around=3)) == ([1, 2], False, False)

    async def test_nor_does_who_was_removed_since_they_were_looked_up(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        await send(world, place, ann)
        me = await membership(world, ben, place)
        await leave(world, place, ben, 1)
        await send(world, place, ann)
        bounds: tuple[dict[str, int], ...] = ({}, {"before": 9}, {"after": 0}, {"around": 2})
        for given in bounds:
            places = {"before": None, "after": None, "around": None} | given
            page = await world.messages.page(me, **places, limit=9, now=AT)
            assert _shape(page)[0] == [1], given

    async def test_tombstones_keep_their_place(self, world: World) -> None:
        _, ben, place, sent = await _talk(world, 3)
        tombstone = replace(sent[1], content=None, deleted_at=AT)
        await world.backstage.rewrite(tombstone)
        page = await _page(world, ben, place)
        assert page.messages == [sent[0], tombstone, sent[2]]

    async def test_the_targets_of_replies_are_beside_them(self, world: World) -> None:
        ann, ben, place, sent = await _talk(world, 3)
        reply = await send(world, place, ann, reply_to_msg_id=sent[0].id)
        assert (await _beside(world, ben, place, reply)).replied_to == {sent[0].id: sent[0]}

    async def test_targets_of_replies_that_they_cannot_see_are_not(self, world: World) -> None:
        ann, ben, place, sent = await _talk(world, 3)
        fleeting = await send(world, place, ann, expires_at=later(30))
        replies = [
            await send(world, place, ann, reply_to_msg_id=target.id)
            for target in (sent[0], sent[2], fleeting)
        ]
        await change_participant(world, place, ben, cleared_through_sequence=1)
        await world.backstage.hide(ben, sent[2])
        assert (await _beside(world, ben, place, *replies, seconds=60)).replied_to == {}
        assert len((await _beside(world, ann, place, *replies)).replied_to) == 3
