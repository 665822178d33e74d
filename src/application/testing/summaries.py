"""The promise of rebuilding the conversation list: what was right stays, what was lost is there again."""

from dataclasses import replace

from application.ports.readers import Entry
from application.ports.summaries import Summaries
from application.testing.builders import AT, later
from application.testing.stage import (
    append,
    close,
    commit,
    direct_of,
    group_of,
    held_up,
    outcome,
    people,
    send,
)
from application.testing.world import World
from domain.messaging.message import Message
from domain.shared.ids import ConversationId, UserId


async def _listed(world: World, person: UserId) -> list[Entry]:
    return await world.conversations.page(
        person, archived=False, left=False, after=None, limit=100, now=later(1000)
    )


async def _change(world: World, message: Message, *, wipe: bool) -> None:
    """Give a message another text, or wipe it."""
    async with world.units.open() as uow:
        conversation = await uow.conversations.lock(message.conversation_id)
        assert conversation is not None
        revision = conversation.next_revision()
        if wipe:
            uow.messages.wipe(message.wiped(revision, AT))
        else:
            uow.messages.save(replace(message, content="other words " * 30, revision=revision))
        uow.conversations.save(conversation)
        await commit(uow)


async def _talks(world: World) -> tuple[UserId, list[ConversationId]]:
    """Conversations of every kind: silent, spoken in, edited, wiped, expiring, closed."""
    ann, ben = await people(world, 2)
    places = [await group_of(world, ann, ben) for _ in range(6)] + [await direct_of(world, ann, ben)]
    for number, place in enumerate(places[1:], 1):
        await send(world, place, ben, created_at=later(number))
        last = await send(world, place, ann, created_at=later(10 + number), content="x" * 200)
        if number in (2, 3):
            await _change(world, last, wipe=number == 3)
        if number == 4:
            await send(world, place, ann, created_at=later(20), expires_at=later(60))
    await close(world, places[5])
    return ann, places


class SummariesContract:
    """The promise of ``Summaries``. Supply the fixture ``world``."""

    async def test_what_is_right_stays_as_it_is(self, world: World) -> None:
        summaries: Summaries = world.summaries
        ann, places = await _talks(world)
        before = await _listed(world, ann)
        assert await summaries.rebuild(places) == 0
        assert await _listed(world, ann) == before

    async def test_what_was_lost_or_wrong_is_made_from_the_messages(self, world: World) -> None:
        ann, places = await _talks(world)
        before = await _listed(world, ann)
        wrong = await world.backstage.spoil_summaries(places)
        assert await world.summaries.rebuild(places) == wrong
        assert await _listed(world, ann) == before
        assert await world.summaries.rebuild(places) == 0

    async def test_after_lists_each_once_in_the_order_of_ids(self, world: World) -> None:
        _, places = await _talks(world)
        listed: list[ConversationId] = []
        beyond = None
        while page := await world.summaries.after(beyond, 3):
            listed += page
            beyond = page[-1]
            assert await world.summaries.count(beyond) == len(places) - len(listed)
        assert listed == sorted(places)
        assert await world.summaries.count(None) == len(places)

    async def test_rebuild_waits_while_somebody_else_changes_one_of_them(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        async with world.units.open() as uow:
            await append(uow, place, ann, content="just now")
            waiting = await held_up(world.summaries.rebuild([place]))
            await commit(uow)
        assert await outcome(waiting) == 0
        last = (await _listed(world, ben))[0].last_message
        assert last is not None
        assert last.preview == "just now"
