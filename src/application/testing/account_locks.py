"""The promise that whoever changes an account or its settings does so alone."""

from application.testing.builders import a_user, an_id, later, settings_for
from application.testing.stage import all_of, commit, held_up, outcome, people
from application.testing.world import World
from domain.identity.settings import Language, Privacy
from domain.shared.ids import UserId


class AccountLocksContract:
    """The promise of ``Users.lock`` and ``hold``. Supply the fixture ``world``."""

    async def test_lock_keeps_others_from_changing_the_account_and_its_settings(self, world: World) -> None:
        ann = a_user(display_name="Ann")
        id = ann.id
        async with world.units.open() as uow:
            uow.users.add(ann, settings_for(ann))
            await commit(uow)

        async def describe() -> None:
            async with world.units.open() as uow:
                await uow.users.find(id)
                await uow.users.settings_of([id])
                user = await uow.users.lock(id)
                settings = (await uow.users.settings_of([id]))[id]
                assert user is not None
                user.describe("words", later(2))
                settings.language = Language.AR
                uow.users.save(user)
                uow.users.save_settings(settings)
                await commit(uow)

        async with world.units.open() as uow:
            user = await uow.users.lock(id)
            settings = (await uow.users.settings_of([id]))[id]
            assert user is not None
            waiting = await held_up(describe())
            user.rename("Another", later(1))
            settings.read_receipts = False
            uow.users.save(user)
            uow.users.save_settings(settings)
            await commit(uow)
        await outcome(waiting)
        found = (await world.profiles.of([id]))[id]
        assert (found.user.display_name, found.user.bio) == ("Another", "words")
        assert (found.settings.read_receipts, found.settings.language) == (False, Language.AR)

    async def test_hold_keeps_others_from_changing_several_accounts(self, world: World) -> None:
        ids = await people(world, 3)

        async def deactivate(id: UserId) -> None:
            async with world.units.open() as uow:
                user = await uow.users.lock(id)
                assert user is not None
                user.deactivate(later(1))
                uow.users.save(user)
                await commit(uow)

        async with world.units.open() as uow:
            held = await uow.users.hold(ids)
            assert set(held) == set(ids)
            waiting = [await held_up(deactivate(id)) for id in ids]
            assert all(user.is_active for user in held.values())
            await commit(uow)
        for each in waiting:
            await outcome(each)
        assert not any(profile.user.is_active for profile in (await world.profiles.of(ids)).values())

    async def test_hold_waits_for_whoever_changes_one_and_what_it_finds_is_current(
        self, world: World
    ) -> None:
        ids = sorted(await people(world, 3))

        async def look() -> tuple[int, set[bool], set[Privacy]]:
            async with world.units.open() as uow:
                await uow.users.find_many(ids)
                await uow.users.settings_of(ids)
                held = await uow.users.hold(ids)
                settings = await uow.users.settings_of(ids)
                return (
                    len(held),
                    {user.is_active for user in held.values()},
                    {each.privacy_groups for each in settings.values()},
                )

        async with world.units.open() as uow:
            for id in ids:
                user = await uow.users.lock(id)
                assert user is not None
                settings = (await uow.users.settings_of([id]))[id]
                if id == ids[0]:
                    waiting = await held_up(look())
                user.deactivate(later(1))
                settings.privacy_groups = Privacy.NOBODY
                uow.users.save(user)
                uow.users.save_settings(settings)
            await commit(uow)
        assert await outcome(waiting) == (3, {False}, {Privacy.NOBODY})

    async def test_hold_is_in_the_order_of_ids_and_leaves_unknown_ones_out(self, world: World) -> None:
        ids = await people(world, 4)

        async def hold(order: list[UserId]) -> int:
            async with world.units.open() as uow:
                held = await uow.users.hold([*order, UserId(an_id())])
                await commit(uow)
                return len(held)

        async def change(id: UserId) -> int:
            async with world.units.open() as uow:
                user = await uow.users.lock(id)
                assert user is not None
                user.rename("Another", later(1))
                uow.users.save(user)
                await commit(uow)
                return 1

        work = [hold(ids[n:] + ids[:n]) for n in range(4)] + [change(id) for id in ids] + [hold(ids[::-1])]
        assert await all_of(work) == [4] * 4 + [1] * 4 + [4]
