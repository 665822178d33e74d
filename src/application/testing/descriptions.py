"""The promise of descriptions."""

from application.ports.descriptions import Description, Descriptions
from application.testing.builders import AT, an_id, later
from application.testing.stage import commit, direct_of, group_of, people
from application.testing.world import World
from domain.conversation.conversation import ConversationType
from domain.conversation.events import ConversationUpdated
from domain.shared.ids import ConversationId, direct_key


class DescriptionsContract:
    """The promise of ``Descriptions``. Supply the fixture ``world``."""

    async def test_every_conversation_that_exists_is_described(self, world: World) -> None:
        descriptions: Descriptions = world.descriptions
        ann, ben = await people(world, 2)
        group, direct = await group_of(world, ann, subject="A group"), await direct_of(world, ann, ben)
        for _ in range(2):
            found = await descriptions.about([group, direct])
            assert set(found) == {group, direct}
            assert (found[group].type, found[group].subject) == (ConversationType.GROUP, "A group")
            assert (found[direct].direct_key, found[direct].created_by) == (direct_key(ann, ben), ann)

    async def test_it_says_what_the_conversation_says(self, world: World) -> None:
        (ann,) = await people(world, 1)
        group = await group_of(world, ann, description="what it is about", expiry_seconds=60)
        async with world.units.open() as uow:
            conversation = await uow.conversations.lock(group)
        assert conversation is not None
        for _ in range(2):
            assert (await world.descriptions.about([group]))[group] == Description.of(conversation)

    async def test_closed_ones_are_included(self, world: World) -> None:
        (ann,) = await people(world, 1)
        group = await group_of(world, ann, closed_at=AT)
        assert (await world.descriptions.about([group]))[group].closed_at == AT

    async def test_unknown_ids_are_left_out(self, world: World) -> None:
        (ann,) = await people(world, 1)
        group = await group_of(world, ann)
        assert set(await world.descriptions.about([ConversationId(an_id()), group])) == {group}
        assert await world.descriptions.about([]) == {}

    async def test_a_change_shows(self, world: World) -> None:
        (ann,) = await people(world, 1)
        group = await group_of(world, ann, subject="Before")
        assert (await world.descriptions.about([group]))[group].subject == "Before"
        async with world.units.open() as uow:
            conversation = await uow.conversations.lock(group)
            assert conversation is not None
            changes = conversation.change({"subject": "After"}, later(1))
            conversation.record(
                ConversationUpdated(
                    conversation_id=group, revision=conversation.next_revision(), changes=changes
                )
            )
            uow.conversations.save(conversation)
            await commit(uow)
        assert (await world.descriptions.about([group]))[group].subject == "After"
