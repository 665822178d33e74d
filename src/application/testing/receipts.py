"""The promise of receipts: one for each who was there, exact, and nothing of it across a block."""

from collections.abc import Sequence
from datetime import datetime

from application.ports.syncing import Receipt, ReceiptReader
from application.testing.builders import AT, later
from application.testing.stage import (
    block,
    change_participant,
    commit,
    group_of,
    leave,
    people,
    send,
)
from application.testing.world import World
from domain.messaging.message import Message
from domain.messaging.receipt import DeliveryStatus
from domain.shared.ids import ConversationId, UserId

SENT, DELIVERED, READ = DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ


async def _page(
    world: World,
    message: Message,
    viewer: UserId,
    *,
    reads: bool = True,
    statuses: Sequence[DeliveryStatus] = (SENT, DELIVERED, READ),
    after: UserId | None = None,
    limit: int = 50,
) -> list[Receipt]:
    reader: ReceiptReader = world.receipts
    return await reader.page(message, viewer, reads=reads, statuses=statuses, after=after, limit=limit)


async def _statuses(
    world: World, message: Message, viewer: UserId, *, reads: bool = True
) -> dict[UserId, DeliveryStatus]:
    return {each.user_id: each.status for each in await _page(world, message, viewer, reads=reads)}


async def _receive(world: World, place: ConversationId, who: UserId, up_to: int, at: float) -> None:
    async with world.units.open() as uow:
        participant = await uow.participants.get(place, who)
        participant.receive(up_to, 99, later(at))
        uow.participants.save(participant)
        await commit(uow)


async def _read(world: World, place: ConversationId, who: UserId, up_to: int, at: float) -> None:
    async with world.units.open() as uow:
        participant = await uow.participants.get(place, who)
        participant.read(up_to, 99, later(at))
        uow.participants.save(participant)
        await commit(uow)


class ReceiptReaderContract:
    """The promise of ``ReceiptReader``. Supply the fixture ``world``."""

    async def test_page_has_one_receipt_for_each_besides_the_sender(self, world: World) -> None:
        ann, ben, cem, dan = await people(world, 4)
        place = await group_of(world, ann, ben, cem, dan)
        message = await send(world, place, ann)
        await _receive(world, place, ben, 1, 10)
        await _read(world, place, ben, 1, 20)
        await _receive(world, place, cem, 1, 30)
        found = {each.user_id: each for each in await _page(world, message, ann)}
        assert found == {
            ben: _receipt(ben, READ, later(10), later(20), later(20)),
            cem: _receipt(cem, DELIVERED, later(30), None, later(30)),
            dan: _receipt(dan, SENT, None, None, AT),
        }
        assert await world.receipts.counts(message, ann, reads=True) == (2, 1)

    async def test_reading_implies_delivery_at_that_time(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        sent = [await send(world, place, ann) for _ in range(3)]
        await _receive(world, place, ben, 1, 10)
        await _read(world, place, ben, 2, 20)
        await _receive(world, place, ben, 3, 30)
        times = [(await _page(world, message, ann))[0] for message in sent]
        assert [(each.delivered_at, each.read_at) for each in times] == [
            (later(10), later(20)),
            (later(20), later(20)),
            (later(30), None),
        ]

    async def test_only_those_have_one_who_were_members_when_it_was_sent(self, world: World) -> None:
        ann, ben, cem, dan = await people(world, 4)
        place = await group_of(world, ann, ben, cem, dan)
        await change_participant(world, place, cem, joined_sequence=1)
        async with world.units.open() as uow:
            conversation = await uow.conversations.lock(place)
            assert conversation is not None
            conversation.next_sequence()
            (await uow.participants.get(place, ben)).leave(conversation, AT)
            uow.participants.save(await uow.participants.get(place, ben))
            await commit(uow)
        sent = [await send(world, place, ann) for _ in range(3)]
        await change_participant(
            world, place, ben, left_at=None, left_sequence=None, left_snapshot=None, joined_sequence=2
        )
        await leave(world, place, dan, 2)
        assert [list(await _statuses(world, message, ann)) for message in sent] == [
            sorted([ben, dan]),
            sorted([cem, dan]),
            sorted([ben, cem]),
        ]

    async def test_page_has_each_once_over_all_pages_by_id_and_status(self, world: World) -> None:
        ann, *others = await people(world, 6)
        place = await group_of(world, ann, *others)
        message = await send(world, place, ann)
        for each in others[:3]:
            await _read(world, place, each, 1, 1)
        listed: list[UserId] = []
        after = None
        while page := await _page(world, message, ann, statuses=[READ], after=after, limit=2):
            listed += [each.user_id for each in page]
            after = page[-1].user_id
        assert listed == sorted(others[:3])
        assert len(await _page(world, message, ann, statuses=[SENT, DELIVERED])) == 2

    async def test_without_reads_read_reads_delivered(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        message = await send(world, place, ann)
        await _receive(world, place, ben, 1, 10)
        await _read(world, place, ben, 1, 20)
        assert await _page(world, message, ann, reads=False) == [
            _receipt(ben, DELIVERED, later(10), None, later(10))
        ]
        assert await world.receipts.counts(message, ann, reads=False) == (1, 0)

    async def test_nothing_crosses_a_block_in_either_direction(self, world: World) -> None:
        ann, ben, cem, dan = await people(world, 4)
        place = await group_of(world, ann, ben, cem, dan)
        message = await send(world, place, ann)
        for each in (ben, cem, dan):
            await _read(world, place, each, 1, 10)
        await block(world, ben, ann)
        await block(world, ann, cem)
        assert await _statuses(world, message, ann) == {ben: SENT, cem: SENT, dan: READ}
        assert await world.receipts.counts(message, ann, reads=True) == (1, 1)
        assert await _statuses(world, message, dan) == {ben: READ, cem: READ, dan: READ}


def _receipt(
    user_id: UserId,
    status: DeliveryStatus,
    delivered: datetime | None,
    read: datetime | None,
    updated: datetime,
) -> Receipt:
    return Receipt(user_id=user_id, status=status, delivered_at=delivered, read_at=read, updated_at=updated)
