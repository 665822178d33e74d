"""The promises of those who read people: profiles, relations, the directory, sessions, and the epoch."""

from dataclasses import replace

from application.ports.readers import (
    Credential,
    Credentials,
    Directory,
    Epochs,
    Profile,
    Profiles,
    Relations,
    SessionReader,
)
from application.testing.builders import AT, a_contact, a_session, a_user, an_id, later, settings_for
from application.testing.stage import commit, people
from application.testing.world import World
from domain.identity.session import Session
from domain.identity.settings import Privacy, Relation
from domain.identity.user import User
from domain.shared.ids import SessionId, UserId


async def _register(world: World, *users: User) -> None:
    async with world.units.open() as uow:
        for user in users:
            uow.users.add(user, settings_for(user, privacy_about=Privacy.NOBODY))
        await commit(uow)


class ProfilesContract:
    """The promise of ``Profiles``. Supply the fixture ``world``."""

    async def test_every_account_that_exists_is_found_with_its_settings(self, world: World) -> None:
        profiles: Profiles = world.profiles
        ann, ben = a_user(bio="words"), a_user()
        await _register(world, ann, ben)
        settings = settings_for(ann, privacy_about=Privacy.NOBODY)
        found = await profiles.of([ann.id, ben.id])
        assert set(found) == {ann.id, ben.id}
        assert found[ann.id] == Profile(user=replace(ann, password_hash=""), settings=settings)

    async def test_the_hash_of_a_password_is_not_in_it(self, world: World) -> None:
        ann = a_user(password_hash="a hash")
        await _register(world, ann)
        for _ in range(2):
            assert (await world.profiles.of([ann.id]))[ann.id].user.password_hash == ""

    async def test_deactivated_accounts_are_included(self, world: World) -> None:
        ann = a_user(is_active=False, deactivated_at=AT)
        await _register(world, ann)
        found = (await world.profiles.of([ann.id]))[ann.id].user
        assert found == replace(ann, password_hash="")

    async def test_unknown_ids_are_left_out(self, world: World) -> None:
        (ann,) = await people(world, 1)
        assert set(await world.profiles.of([UserId(an_id()), ann])) == {ann}
        assert await world.profiles.of([]) == {}

    async def test_changing_what_was_read_changes_nothing(self, world: World) -> None:
        ann = a_user(display_name="Ann")
        await _register(world, ann)
        (await world.profiles.of([ann.id]))[ann.id].user.display_name = "Another"
        assert (await world.profiles.of([ann.id]))[ann.id].user.display_name == "Ann"


class RelationsContract:
    """The promise of ``Relations``. Supply the fixture ``world``."""

    async def test_there_is_a_relation_for_every_id_asked_for(self, world: World) -> None:
        relations: Relations = world.relations
        ann, ben, cem, dan = await people(world, 4)
        async with world.units.open() as uow:
            uow.contacts.save(a_contact(ann, ben))
            uow.contacts.save(a_contact(ben, ann, saved=False, is_blocked=True))
            uow.contacts.save(a_contact(cem, ann))
            await commit(uow)
        assert await relations.between(ann, [ann, ben, cem, dan]) == {
            ann: Relation(is_self=True),
            ben: Relation(saved_by_viewer=True, blocked_by_target=True),
            cem: Relation(saved_by_target=True),
            dan: Relation(),
        }

    async def test_also_where_neither_saved_nor_blocked_the_other(self, world: World) -> None:
        stranger = UserId(an_id())
        assert await world.relations.between(UserId(an_id()), [stranger]) == {stranger: Relation()}


class DirectoryContract:
    """The promise of ``Directory``. Supply the fixture ``world``."""

    async def test_by_prefix_compares_the_beginning_of_the_username_or_of_the_display_name_without_case(
        self, world: World
    ) -> None:
        directory: Directory = world.directory
        await _register(
            world,
            a_user(username="anna", display_name="Zoe"),
            a_user(username="zoltan", display_name="ANNabel"),
            a_user(username="bananna", display_name="Not Ann"),
        )
        found = await directory.by_prefix("aNN", after=None, limit=10)
        assert [user.username for user in found] == ["anna", "zoltan"]

    async def test_by_prefix_is_without_regard_to_case_in_every_script(self, world: World) -> None:
        await _register(world, a_user(username="u", display_name="ÉMILE Ωmega"))
        for prefix in ("émile ωM", "Émile Ω", "É"):
            assert len(await world.directory.by_prefix(prefix, after=None, limit=10)) == 1
        assert await world.directory.by_prefix("emile", after=None, limit=10) == []

    async def test_by_prefix_takes_every_character_literally(self, world: World) -> None:
        await _register(
            world,
            a_user(username="a_b", display_name="100% sure"),
            a_user(username="axb", display_name="100 per cent"),
            a_user(username="c", display_name="back\\slash"),
        )
        for prefix, username in (("a_", "a_b"), ("100%", "a_b"), ("back\\", "c")):
            found = await world.directory.by_prefix(prefix, after=None, limit=10)
            assert [user.username for user in found] == [username]
        assert await world.directory.by_prefix("%", after=None, limit=10) == []

    async def test_by_prefix_lists_each_exactly_once_over_all_pages_by_username_then_id(
        self, world: World
    ) -> None:
        users = [a_user(username=f"u{n}", display_name="Same") for n in (3, 1, 2, 5, 4)]
        users += [a_user(username=None, display_name="Same") for _ in range(3)]
        await _register(world, *users)
        listed: list[User] = []
        while page := await world.directory.by_prefix(
            "same", after=(listed[-1].username or "", listed[-1].id) if listed else None, limit=2
        ):
            listed += page
        assert [u.id for u in listed] == [u.id for u in sorted(users, key=lambda u: (u.username or "", u.id))]

    async def test_only_active_people_are_found(self, world: World) -> None:
        await _register(world, a_user(username="ann", email="ann@example.org", is_active=False))
        assert await world.directory.by_prefix("ann", after=None, limit=10) == []
        assert await world.directory.by_contact("email", "ann@example.org") is None

    async def test_by_contact_finds_who_has_exactly_this_address_or_number(self, world: World) -> None:
        ann = a_user(email="ann@example.org", phone_number="+493012345678")
        await _register(world, ann)
        assert await world.directory.by_contact("email", "ANN@example.org") == ann
        assert await world.directory.by_contact("phone_number", "+493012345678") == ann
        for kind, value in (("email", "ann@example.or"), ("phone_number", "+4930123456")):
            assert await world.directory.by_contact(kind, value) is None


class SessionReaderContract:
    """The promise of ``SessionReader``. Supply the fixture ``world``."""

    async def test_a_session_counts_as_live_exactly_until_it_expires(self, world: World) -> None:
        reader: SessionReader = world.sessions
        (ann,) = await people(world, 1)
        session = a_session(ann, expires_at=later(60))
        async with world.units.open() as uow:
            uow.sessions.add(session)
            await commit(uow)
        for _ in range(2):
            found = await reader.find(session.id)
            assert found is not None
            assert _without_secrets(found) == _without_secrets(session)
            assert found.is_live(later(59.999))
            assert not found.is_live(later(60))

    async def test_a_session_counts_as_live_exactly_until_it_is_revoked(self, world: World) -> None:
        (ann,) = await people(world, 1)
        session = a_session(ann)
        async with world.units.open() as uow:
            uow.sessions.add(session)
            await commit(uow)
        async with world.units.open() as uow:
            (held,) = await uow.sessions.lock_all_live(ann)
            held.revoke("a reason", AT)
            uow.sessions.save(held)
            before = await world.sessions.find(session.id)
            await commit(uow)
        after = await world.sessions.find(session.id)
        assert before is not None
        assert before.is_live(AT)
        assert after is not None
        assert not after.is_live(AT)

    async def test_find_may_return_none(self, world: World) -> None:
        assert await world.sessions.find(SessionId(an_id())) is None

    async def test_live_of_lists_those_of_one_person_that_are_live_the_most_recently_used_first(
        self, world: World
    ) -> None:
        ann, ben = await people(world, 2)
        old = a_session(ann, "old")
        used = a_session(ann, "used", last_used_at=later(5))
        ended = a_session(ann, "ended", is_revoked=True, revoked_at=AT)
        short = a_session(ann, "short", expires_at=later(30))
        async with world.units.open() as uow:
            for session in (old, used, ended, short, a_session(ben)):
                uow.sessions.add(session)
            await commit(uow)
        assert await world.sessions.live_of(ann, later(30)) == [used, old]
        found = await world.sessions.live_of(ann, later(29))
        assert found[0] == used
        assert {session.id for session in found} == {used.id, old.id, short.id}


class CredentialsContract:
    """The promise of ``Credentials``. Supply the fixture ``world``."""

    async def test_an_account_is_found_by_its_identifiers_without_regard_to_case_and_by_its_id(
        self, world: World
    ) -> None:
        credentials: Credentials = world.credentials
        ann = a_user(username="ann", email="Ann@example.org", phone_number="+493012345678")
        await _register(world, ann, a_user())
        wanted = Credential(user_id=ann.id, password_hash=ann.password_hash, deactivated_at=None)
        assert await credentials.of(ann.id) == wanted
        for kind, value in (
            ("username", "ANN"),
            ("email", "aNN@example.org"),
            ("phone_number", "+493012345678"),
        ):
            assert await credentials.by_identifier(kind, value) == wanted

    async def test_deactivated_accounts_are_included(self, world: World) -> None:
        ann = a_user(username="ann", is_active=False, deactivated_at=AT)
        await _register(world, ann)
        found = await world.credentials.by_identifier("username", "ann")
        assert found is not None
        assert found.deactivated_at == AT

    async def test_erased_and_unknown_ones_are_not(self, world: World) -> None:
        ann = a_user()
        ann.erase(AT, redact_messages=False)
        await _register(world, ann)
        assert await world.credentials.of(ann.id) is None
        assert await world.credentials.of(UserId(an_id())) is None
        assert await world.credentials.by_identifier("username", "nobody") is None


class EpochsContract:
    """The promise of ``Epochs``. Supply the fixture ``world``."""

    async def test_the_epoch_is_the_same_text_again_and_again(self, world: World) -> None:
        epochs: Epochs = world.epochs
        first = await epochs.current()
        await people(world, 1)
        assert first
        assert await epochs.current() == first


def _without_secrets(session: Session) -> Session:
    return replace(session, refresh_token_hash="", ip_address=None, user_agent=None)
