"""The promises about what messages carry and were given: attachments and reactions."""

from typing import Any

from application.ports.repositories import Attachments, Reactions
from application.testing.builders import AT, an_id, later
from application.testing.stage import append, commit, group_of, people, send
from application.testing.world import World
from domain.messaging.attachment import Attachment
from domain.messaging.message import Message
from domain.messaging.reaction import Reaction, Tally
from domain.shared.ids import AttachmentId, MessageId, UserId


def an_attachment(owner: UserId, **fields: Any) -> Attachment:
    """A complete one that is not stored yet."""
    id = AttachmentId(an_id())
    defaults: dict[str, Any] = {
        "id": id,
        "uploader_id": owner,
        "url": f"local:{id}",
        "filename": "grüße.png",
        "mime_type": "image/png",
        "size_bytes": 7,
        "sha256": b"\x00\xff",
        "created_at": AT,
        "completed_at": AT,
    }
    return Attachment(**defaults | fields)


async def stored(world: World, owner: UserId, count: int) -> list[Attachment]:
    """So many new ones."""
    attachments = [an_attachment(owner, width=n) for n in range(count)]
    for attachment in attachments:
        await world.backstage.upload(attachment)
    return attachments


class AttachmentsContract:
    """The promise of ``Attachments``. Supply the fixture ``world``."""

    async def test_find_many_are_those_that_exist_also_unfinished_and_deleted_ones(
        self, world: World
    ) -> None:
        (ann,) = await people(world, 1)
        whole, unfinished, deleted = (
            an_attachment(ann, width=3, height=4, duration_ms=5),
            an_attachment(ann, completed_at=None, filename=None, sha256=None),
            an_attachment(ann, deleted_at=later(1)),
        )
        for each in (whole, unfinished, deleted):
            await world.backstage.upload(each)
        wanted = [deleted.id, AttachmentId(an_id()), whole.id, unfinished.id]
        async with world.units.open() as uow:
            attachments: Attachments = uow.attachments
            found = await attachments.find_many(wanted)
            assert found == {each.id: each for each in (whole, unfinished, deleted)}
            assert await attachments.find_many([]) == {}

    async def test_attach_makes_a_message_carry_some_in_that_order(self, world: World) -> None:
        (ann,) = await people(world, 1)
        place = await group_of(world, ann)
        one, two, three = await stored(world, ann, 3)
        async with world.units.open() as uow:
            message = await append(uow, place, ann)
            uow.attachments.attach(message.id, [three.id, one.id, two.id])
            assert await uow.attachments.carried_by([message.id]) == {message.id: (three, one, two)}
            bare = await append(uow, place, ann)
            await commit(uow)
        async with world.units.open() as uow:
            carried = await uow.attachments.carried_by([message.id, bare.id, MessageId(an_id())])
            assert carried == {message.id: (three, one, two)}

    async def test_several_messages_may_carry_one(self, world: World) -> None:
        (ann,) = await people(world, 1)
        place = await group_of(world, ann)
        (one,) = await stored(world, ann, 1)
        async with world.units.open() as uow:
            messages = [await append(uow, place, ann) for _ in range(3)]
            for message in messages:
                uow.attachments.attach(message.id, [one.id])
            await commit(uow)
        async with world.units.open() as uow:
            found = await uow.attachments.carried_by([message.id for message in messages])
            assert found == {message.id: (one,) for message in messages}


def a_reaction(message: Message, person: UserId, code: str = "👍", **fields: Any) -> Reaction:
    """One that is not stored yet."""
    defaults: dict[str, Any] = {"id": an_id(), "created_at": AT}
    return Reaction(message_id=message.id, user_id=person, reaction_code=code, **defaults | fields)


async def react(world: World, *reactions: Reaction) -> None:
    """Let people react."""
    async with world.units.open() as uow:
        for reaction in reactions:
            uow.reactions.add(reaction)
        await commit(uow)


def a_tally(code: str, count: int, *, mine: bool) -> Tally:
    """How many reacted with a code."""
    return Tally(reaction_code=code, count=count, mine=mine)


class ReactionsContract:
    """The promise of ``Reactions``. Supply the fixture ``world``."""

    async def test_tallies_count_per_message_and_code_the_first_code_first_and_know_whose(
        self, world: World
    ) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        one, two = await send(world, place, ann), await send(world, place, ann)
        await react(
            world,
            a_reaction(one, ben, "👍", created_at=later(3)),
            a_reaction(one, ann, ":a:", created_at=later(1)),
            a_reaction(one, ann, "👍", created_at=later(2)),
            a_reaction(one, ben, "a b"),
            a_reaction(two, ben, ":a:"),
        )
        async with world.units.open() as uow:
            reactions: Reactions = uow.reactions
            found = await reactions.tallies([one.id, two.id, MessageId(an_id())], ann)
        assert found == {
            one.id: (
                a_tally("a b", 1, mine=False),
                a_tally(":a:", 1, mine=True),
                a_tally("👍", 2, mine=True),
            ),
            two.id: (a_tally(":a:", 1, mine=False),),
        }

    async def test_what_was_added_and_removed_is_counted_in_the_same_unit_of_work(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        message = await send(world, place, ann)
        await react(world, a_reaction(message, ann), a_reaction(message, ben))
        async with world.units.open() as uow:
            uow.reactions.remove(message.id, ann, "👍")
            uow.reactions.add(a_reaction(message, ann, "❤️"))
            found = await uow.reactions.tallies([message.id], ann)
            assert found == {message.id: (a_tally("👍", 1, mine=False), a_tally("❤️", 1, mine=True))}
            uow.reactions.remove(message.id, ben, "👍")
            assert (await uow.reactions.tallies([message.id], ben))[message.id] == (
                a_tally("❤️", 1, mine=False),
            )
            await commit(uow)
        async with world.units.open() as uow:
            found = await uow.reactions.tallies([message.id], ann)
            assert found == {message.id: (a_tally("❤️", 1, mine=True),)}

    async def test_removing_one_that_is_not_there_changes_nothing(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        message = await send(world, place, ann)
        await react(world, a_reaction(message, ann))
        async with world.units.open() as uow:
            for person, code in ((ben, "👍"), (ann, "❤️")):
                uow.reactions.remove(message.id, person, code)
            await commit(uow)
        async with world.units.open() as uow:
            found = await uow.reactions.tallies([message.id], ann)
            assert found == {message.id: (a_tally("👍", 1, mine=True),)}
