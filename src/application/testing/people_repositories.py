"""The promises of repositories of people: accounts and sessions."""

from typing import Any

import pytest

from application.errors import Collision
from application.ports.repositories import Sessions, Users
from application.testing.builders import AT, a_session, a_user, an_id, later, settings_for
from application.testing.stage import commit, held_up, outcome, people
from application.testing.world import World
from domain.identity.session import Session
from domain.identity.settings import Language, Privacy
from domain.shared.errors import IdentifierTaken
from domain.shared.ids import SessionId, UserId

SPELLINGS = [
    ("username", "ann", "Ann"),
    ("email", "Ann@example.org", "ANN@example.org"),
    ("phone_number", "+4930123456", "+4930123456"),
    ("email", "Jörg@example.org", "JÖRG@example.org"),
    ("email", "ΟΔΟΣ@example.org", "οδοσ@example.org"),
    ("email", "Ёлка@пример.org", "ёЛКА@ПРИМЕР.org"),
]


async def _register(world: World, **fields: Any) -> UserId:
    user = a_user(**fields)
    async with world.units.open() as uow:
        uow.users.add(user, settings_for(user))
        await commit(uow)
    return user.id


class UsersContract:
    """The promise of ``Users``. Supply the fixture ``world``."""

    async def test_what_is_found_twice_is_the_same_object(self, world: World) -> None:
        id = await _register(world, username="ann")
        async with world.units.open() as uow:
            users: Users = uow.users
            found = await users.find(id)
            assert found is not None
            assert await users.find(id) is found
            assert await users.find_by_identifier("username", "ann") is found
            assert (await users.find_many([id]))[id] is found

    async def test_what_was_added_is_found_again_in_the_same_unit_of_work(self, world: World) -> None:
        user = a_user(email="ann@example.org")
        async with world.units.open() as uow:
            uow.users.add(user, settings_for(user))
            assert await uow.users.find(user.id) is user
            assert await uow.users.find_by_identifier("email", "ann@example.org") is user
            assert await uow.users.settings_of([user.id]) == {user.id: settings_for(user)}

    async def test_what_was_added_is_found_by_others_after_its_commit(self, world: World) -> None:
        user = a_user(bio="two\nlines", avatar_url="/a", is_verified=True)
        settings = settings_for(user, privacy_about=Privacy.CONTACTS, read_receipts=False)
        async with world.units.open() as uow:
            uow.users.add(user, settings)
            await commit(uow)
        async with world.units.open() as uow:
            assert await uow.users.find(user.id) == user
            assert await uow.users.settings_of([user.id]) == {user.id: settings}

    async def test_what_was_saved_is_found_by_others_after_its_commit(self, world: World) -> None:
        id = await _register(world)
        async with world.units.open() as uow:
            user = await uow.users.find(id)
            assert user is not None
            user.rename("Another", later(1))
            user.is_active, user.deactivated_at = False, later(1)
            uow.users.save(user)
            await commit(uow)
        async with world.units.open() as uow:
            assert await uow.users.find(id) == user

    async def test_settings_that_were_saved_are_found_by_others_after_the_commit(self, world: World) -> None:
        id = await _register(world)
        async with world.units.open() as uow:
            settings = (await uow.users.settings_of([id]))[id]
            settings.privacy_last_seen, settings.language = Privacy.NOBODY, Language.AR
            settings.notification_sound, settings.updated_at = "bell", later(1)
            uow.users.save_settings(settings)
            assert (await uow.users.settings_of([id]))[id] is settings
            await commit(uow)
        async with world.units.open() as uow:
            assert await uow.users.settings_of([id]) == {id: settings}

    async def test_changing_an_object_without_save_stores_nothing(self, world: World) -> None:
        id = await _register(world, display_name="Ann")
        async with world.units.open() as uow:
            user = await uow.users.find(id)
            assert user is not None
            user.rename("Another", later(1))
            await commit(uow)
        assert (await world.profiles.of([id]))[id].user.display_name == "Ann"

    async def test_changing_an_object_after_the_commit_stores_nothing(self, world: World) -> None:
        user = a_user(display_name="Ann")
        async with world.units.open() as uow:
            uow.users.add(user, settings_for(user))
            await commit(uow)
        user.rename("Another", later(1))
        assert (await world.profiles.of([user.id]))[user.id].user.display_name == "Ann"

    async def test_find_may_return_none(self, world: World) -> None:
        async with world.units.open() as uow:
            assert await uow.users.find(UserId(an_id())) is None
            assert await uow.users.find_by_identifier("username", "nobody") is None
            assert await uow.users.find_many([UserId(an_id())]) == {}
            assert await uow.users.settings_of([UserId(an_id())]) == {}

    @pytest.mark.parametrize(("kind", "first", "second"), SPELLINGS)
    async def test_identifiers_are_found_without_regard_to_case(
        self, world: World, kind: str, first: str, second: str
    ) -> None:
        id = await _register(world, **{kind: first})
        async with world.units.open() as uow:
            found = await uow.users.find_by_identifier(kind, second)
        assert found is not None
        assert (found.id, getattr(found, kind)) == (id, first)

    @pytest.mark.parametrize(("kind", "first", "second"), SPELLINGS)
    async def test_identifiers_are_unique_without_regard_to_case(
        self, world: World, kind: str, first: str, second: str
    ) -> None:
        await _register(world, **{kind: first})
        user = a_user(**{kind: second})
        async with world.units.open() as uow:
            uow.users.add(user, settings_for(user))
            with pytest.raises(IdentifierTaken) as refusal:
                await commit(uow)
        assert refusal.value.pointer == f"/{kind}"

    async def test_a_second_identifier_by_save_raises_identifier_taken_at_commit(self, world: World) -> None:
        await _register(world, username="ann")
        id = await _register(world, username="ben")
        async with world.units.open() as uow:
            user = await uow.users.find(id)
            assert user is not None
            user.username = "ANN"
            uow.users.save(user)
            with pytest.raises(IdentifierTaken) as refusal:
                await commit(uow)
        assert refusal.value.pointer == "/username"

    async def test_an_identifier_that_was_given_up_is_free(self, world: World) -> None:
        id = await _register(world, username="ann")
        async with world.units.open() as uow:
            user = await uow.users.find(id)
            assert user is not None
            user.username = "another"
            uow.users.save(user)
            await commit(uow)
        assert await _register(world, username="ann") != id

    async def test_many_people_without_an_identifier_do_not_share_it(self, world: World) -> None:
        assert await _register(world, email=None) != await _register(world, email=None)


class SessionsContract:
    """The promise of ``Sessions``. Supply the fixture ``world``."""

    async def test_what_is_found_twice_is_the_same_object(self, world: World) -> None:
        session = await _logged_in(world)
        async with world.units.open() as uow:
            sessions: Sessions = uow.sessions
            found = await sessions.lock(session.id)
            assert found == session
            assert await sessions.lock(session.id) is found
            assert (await sessions.lock_all_live(session.user_id))[0] is found

    async def test_lock_all_returns_those_that_have_ended_too(self, world: World) -> None:
        ann, ben = await people(world, 2)
        ended = a_session(ann, is_revoked=True, revoked_at=AT)
        live = a_session(ann)
        async with world.units.open() as uow:
            for session in (ended, live, a_session(ben)):
                uow.sessions.add(session)
            await commit(uow)
        async with world.units.open() as uow:
            assert {session.id for session in await uow.sessions.lock_all(ann)} == {ended.id, live.id}

    async def test_what_was_added_is_found_again_in_the_same_unit_of_work(self, world: World) -> None:
        (ann,) = await people(world, 1)
        session = a_session(ann)
        async with world.units.open() as uow:
            uow.sessions.add(session)
            assert await uow.sessions.lock(session.id) is session
            assert await uow.sessions.lock_all_live(ann) == [session]

    async def test_find_may_return_none(self, world: World) -> None:
        async with world.units.open() as uow:
            assert await uow.sessions.lock(SessionId(an_id())) is None
            assert await uow.sessions.lock_all_live(UserId(an_id())) == []

    async def test_lock_keeps_others_from_changing_what_it_returns_until_the_unit_of_work_ends(
        self, world: World
    ) -> None:
        session = await _logged_in(world)

        async def rotate() -> int:
            async with world.units.open() as uow:
                found = await uow.sessions.lock(session.id)
                assert found is not None
                found.rotate("11" * 32, later(1))
                uow.sessions.save(found)
                await commit(uow)
                return found.generation

        async with world.units.open() as uow:
            found = await uow.sessions.lock(session.id)
            assert found is not None
            second = await held_up(rotate())
            found.rotate("22" * 32, later(2))
            uow.sessions.save(found)
            await commit(uow)
        assert await outcome(second) == 2

    async def test_lock_all_live_keeps_others_from_changing_what_it_returns_until_the_unit_of_work_ends(
        self, world: World
    ) -> None:
        session = await _logged_in(world)

        async def live() -> list[Session]:
            async with world.units.open() as uow:
                return await uow.sessions.lock_all_live(session.user_id)

        async with world.units.open() as uow:
            for found in await uow.sessions.lock_all_live(session.user_id):
                found.revoke("a reason", later(1))
                uow.sessions.save(found)
            waiting = await held_up(live())
            await commit(uow)
        assert await outcome(waiting) == []

    async def test_a_person_has_one_live_session_per_device(self, world: World) -> None:
        session = await _logged_in(world)
        async with world.units.open() as uow:
            uow.sessions.add(a_session(session.user_id, session.device_id))
            with pytest.raises(Collision):
                await commit(uow)

    async def test_a_device_may_have_another_session_when_the_first_is_revoked(self, world: World) -> None:
        session = await _logged_in(world)
        async with world.units.open() as uow:
            (earlier,) = await uow.sessions.lock_all_live(session.user_id)
            earlier.revoke("replaced", AT)
            uow.sessions.save(earlier)
            second = a_session(session.user_id, session.device_id)
            uow.sessions.add(second)
            await commit(uow)
        async with world.units.open() as uow:
            assert await uow.sessions.lock_all_live(session.user_id) == [second]

    async def test_devices_and_people_do_not_share_sessions(self, world: World) -> None:
        ann, ben = await people(world, 2)
        async with world.units.open() as uow:
            for session in (a_session(ann, "one"), a_session(ann, "two"), a_session(ben, "one")):
                uow.sessions.add(session)
            await commit(uow)
        async with world.units.open() as uow:
            assert {s.device_id for s in await uow.sessions.lock_all_live(ann)} == {"one", "two"}


async def _logged_in(world: World) -> Session:
    (ann,) = await people(world, 1)
    session = a_session(ann)
    async with world.units.open() as uow:
        uow.sessions.add(session)
        await commit(uow)
    return session
