"""The promise that whoever changes an account or its settings does so alone."""

from application.testing.builders import a_user, later, settings_for
from application.testing.stage import commit, held_up, outcome
from application.testing.world import World
from domain.identity.settings import Language


class AccountLocksContract:
    """The promise of ``Users.lock``. Supply the fixture ``world``."""

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
