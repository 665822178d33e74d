"""The promises of those who keep and read contacts."""

from application.ports.readers import ContactReader
from application.ports.repositories import Contacts
from application.testing.builders import AT, a_contact, later
from application.testing.stage import commit, held_up, outcome, people
from application.testing.world import World
from domain.contacts.contact import Contact
from domain.contacts.events import ContactChanged


class ContactsContract:
    """The promise of ``Contacts``. Supply the fixture ``world``."""

    async def test_there_is_one_row_per_ordered_pair_of_people(self, world: World) -> None:
        ann, ben = await people(world, 2)
        for contact in (a_contact(ann, ben), a_contact(ben, ann), a_contact(ann, ben, nickname="B")):
            async with world.units.open() as uow:
                uow.contacts.save(contact)
                await commit(uow)
        async with world.units.open() as uow:
            contacts: Contacts = uow.contacts
            assert await contacts.find(ann, ben) == a_contact(ann, ben, nickname="B")
            assert await contacts.find(ben, ann) == a_contact(ben, ann)
            assert len(await contacts.touching(ann, [ben])) == 2

    async def test_touching_finds_the_rows_in_both_directions_and_no_others(self, world: World) -> None:
        ann, ben, cem, dan = await people(world, 4)
        async with world.units.open() as uow:
            for pair in ((ann, ben), (cem, ann), (ben, cem), (ann, dan)):
                uow.contacts.save(a_contact(*pair))
            await commit(uow)
        async with world.units.open() as uow:
            found = await uow.contacts.touching(ann, [ben, cem])
        assert {(c.user_id, c.contact_user_id) for c in found} == {(ann, ben), (cem, ann)}

    async def test_what_was_saved_is_found_again_and_is_the_same_object(self, world: World) -> None:
        ann, ben = await people(world, 2)
        contact = a_contact(ann, ben)
        async with world.units.open() as uow:
            assert await uow.contacts.find(ann, ben) is None
            uow.contacts.save(contact)
            assert await uow.contacts.find(ann, ben) is contact
            assert await uow.contacts.touching(ben, [ann]) == [contact]

    async def test_changing_an_object_without_save_stores_nothing(self, world: World) -> None:
        ann, ben = await people(world, 2)
        async with world.units.open() as uow:
            uow.contacts.save(a_contact(ann, ben))
            await commit(uow)
        async with world.units.open() as uow:
            found = await uow.contacts.find(ann, ben)
            assert found is not None
            found.is_blocked = True
            await commit(uow)
        assert not (await world.relations.between(ann, [ben]))[ben].blocked_by_viewer

    async def test_saving_one_that_says_nothing_removes_it(self, world: World) -> None:
        ann, ben = await people(world, 2)
        async with world.units.open() as uow:
            uow.contacts.save(a_contact(ann, ben, nickname="B"))
            await commit(uow)
        async with world.units.open() as uow:
            contact = await uow.contacts.find(ann, ben)
            assert contact is not None
            contact.forget()
            uow.contacts.save(contact)
            await commit(uow)
        async with world.units.open() as uow:
            assert await uow.contacts.find(ann, ben) is None
            uow.contacts.save(a_contact(ann, ben, saved=False))
            await commit(uow)
        assert await world.contacts.page(ann, blocked=None, after=None, limit=10) == []

    async def test_of_finds_everything_somebody_has_said_of_anybody(self, world: World) -> None:
        ann, ben, cem = await people(world, 3)
        async with world.units.open() as uow:
            for pair in ((ann, ben), (ann, cem), (ben, ann)):
                uow.contacts.save(a_contact(*pair))
            await commit(uow)
        async with world.units.open() as uow:
            found = await uow.contacts.of(ann)
            assert {contact.contact_user_id for contact in found} == {ben, cem}
            assert await uow.contacts.find(ann, ben) in found

    async def test_what_a_saved_contact_recorded_is_told(self, world: World) -> None:
        ann, ben = await people(world, 2)
        async with world.units.open() as uow:
            contact = a_contact(ann, ben, saved=False)
            contact.block()
            uow.contacts.save(contact)
            (told,) = uow.events()
        assert isinstance(told, ContactChanged)
        assert told.is_blocked

    async def test_lock_keeps_others_from_changing_it_until_the_unit_of_work_ends(self, world: World) -> None:
        ann, ben = await people(world, 2)

        async def block() -> None:
            async with world.units.open() as uow:
                contact = await uow.contacts.lock(ann, ben)
                assert contact is not None
                contact.block()
                uow.contacts.save(contact)
                await commit(uow)

        async with world.units.open() as uow:
            assert await uow.contacts.lock(ann, ben) is None
            waiting = await held_up(block())
            uow.contacts.save(a_contact(ann, ben, nickname="B"))
            await commit(uow)
        await outcome(waiting)
        (row,) = await world.contacts.page(ann, blocked=True, after=None, limit=10)
        assert row == a_contact(ann, ben, nickname="B", is_blocked=True)


class ContactReaderContract:
    """The promise of ``ContactReader``. Supply the fixture ``world``."""

    async def _stored(self, world: World) -> dict[str, Contact]:
        ann, *others = await people(world, 5)
        rows = {
            "saved": a_contact(ann, others[0], nickname="B"),
            "blocked": a_contact(ann, others[1], saved=False, is_blocked=True),
            "both": a_contact(ann, others[2], is_blocked=True),
            "earlier": a_contact(ann, others[3]),
        }
        rows["earlier"].created_at = later(-60)
        async with world.units.open() as uow:
            for row in (*rows.values(), a_contact(others[0], ann), a_contact(others[0], others[1])):
                uow.contacts.save(row)
            await commit(uow)
        return rows

    async def test_page_lists_whom_somebody_saved_or_blocks(self, world: World) -> None:
        reader: ContactReader = world.contacts
        rows = await self._stored(world)
        ann = rows["saved"].user_id
        for blocked, names in (
            (None, {"saved", "both", "earlier"}),
            (False, {"saved", "earlier"}),
            (True, {"blocked", "both"}),
        ):
            found = await reader.page(ann, blocked=blocked, after=None, limit=10)
            assert {c.contact_user_id for c in found} == {rows[name].contact_user_id for name in names}
            assert all(contact in rows.values() for contact in found)

    async def test_in_the_order_of_creation_then_id_each_exactly_once_over_all_pages(
        self, world: World
    ) -> None:
        rows = await self._stored(world)
        ann = rows["saved"].user_id
        wanted = sorted(
            (rows["saved"], rows["both"], rows["earlier"]), key=lambda c: (c.created_at, c.contact_user_id)
        )
        listed: list[Contact] = []
        while page := await world.contacts.page(
            ann,
            blocked=None,
            after=(listed[-1].created_at, listed[-1].contact_user_id) if listed else None,
            limit=2,
        ):
            listed += page
        assert listed == wanted
        assert listed[0].created_at <= AT
