"""The promise of caches, seen by several servers that remember together."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from application.outbox.codec import encode
from application.ports.caches import Caches
from application.ports.descriptions import Description, Descriptions
from application.ports.events import Frame
from application.ports.readers import Profile, Profiles, SessionReader
from application.testing.builders import AT, a_frame, a_session, an_id, later
from application.testing.stage import commit, group_of, outcome, people
from application.testing.world import World
from domain.conversation.events import ConversationUpdated
from domain.identity.events import ProfileChanged
from domain.identity.session import Session
from domain.shared.events import Event
from domain.shared.ids import CommandId, ConversationId, SessionId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembering:
    """One server's readers with whatever it remembers around them, and its way to forget."""

    profiles: Profiles
    sessions: SessionReader
    descriptions: Descriptions
    caches: Caches


Servers = Callable[[World], Remembering]
"""Makes one more server over the readers of a world."""


class Held:
    """Readers that have read, and keep what they read to themselves for as long as they are held."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.has_read = asyncio.Event()
        self._may_go_on = asyncio.Event()

    async def of(self, user_ids: Sequence[UserId]) -> dict[UserId, Profile]:
        found = await self._world.profiles.of(user_ids)
        await self._until_let_go()
        return found

    async def find(self, session_id: SessionId) -> Session | None:
        found = await self._world.sessions.find(session_id)
        await self._until_let_go()
        return found

    async def live_of(self, user_id: UserId, now: datetime) -> list[Session]:
        return await self._world.sessions.live_of(user_id, now)

    async def about(self, conversation_ids: Sequence[ConversationId]) -> dict[ConversationId, Description]:
        found = await self._world.descriptions.about(conversation_ids)
        await self._until_let_go()
        return found

    def let_go(self) -> None:
        self._may_go_on.set()

    async def _until_let_go(self) -> None:
        self.has_read.set()
        await self._may_go_on.wait()


def frames_of(*events: Event) -> list[Frame]:
    """What a commit of these events would send."""
    return encode(events, an_id, AT, CommandId(an_id()))


async def _rename(world: World, person: UserId, name: str) -> list[Frame]:
    async with world.units.open() as uow:
        user = await uow.users.find(person)
        assert user is not None
        user.rename(name, later(1))
        uow.users.save(user)
        await commit(uow)
    return frames_of(ProfileChanged(user_ids=(person,)))


async def _log_in(world: World) -> Session:
    (ann,) = await people(world, 1)
    session = a_session(ann)
    async with world.units.open() as uow:
        uow.sessions.add(session)
        await commit(uow)
    return session


async def _revoke(world: World, session: Session) -> list[Frame]:
    async with world.units.open() as uow:
        held = await uow.sessions.lock(session.id)
        assert held is not None
        held.revoke("logged_out", later(1))
        uow.sessions.save(held)
        events = uow.events()
        await commit(uow)
    return frames_of(*events)


async def _call(world: World, group: ConversationId, subject: str) -> list[Frame]:
    async with world.units.open() as uow:
        conversation = await uow.conversations.lock(group)
        assert conversation is not None
        changes = conversation.change({"subject": subject}, later(1))
        conversation.record(
            ConversationUpdated(conversation_id=group, revision=conversation.next_revision(), changes=changes)
        )
        uow.conversations.save(conversation)
        events = uow.events()
        await commit(uow)
    return frames_of(*events)


async def _subject(server: Remembering, group: ConversationId) -> str | None:
    return (await server.descriptions.about([group]))[group].subject


async def _name(server: Remembering, person: UserId) -> str:
    return (await server.profiles.of([person]))[person].user.display_name


async def _is_live(server: Remembering, session: Session) -> bool:
    found = await server.sessions.find(session.id)
    return found is not None and found.is_live(later(1))


class CachesContract:
    """The promise of ``Caches``. Supply the fixtures ``world`` and ``servers``."""

    async def test_whose_profile_changed_is_read_afresh_on_every_server(
        self, world: World, servers: Servers
    ) -> None:
        one, other = (servers(world) for _ in range(2))
        ann, ben = await people(world, 2)
        for server in (one, other, one, other):
            await server.profiles.of([ann, ben])
        frames = await _rename(world, ann, "Another") + await _rename(world, ben, "Other")
        await one.caches.forget(frames)
        for server in (other, one, other):
            assert [await _name(server, each) for each in (ann, ben)] == ["Another", "Other"]

    async def test_a_revoked_session_is_read_afresh_on_every_server(
        self, world: World, servers: Servers
    ) -> None:
        one, other = (servers(world) for _ in range(2))
        session = await _log_in(world)
        for server in (one, other, one, other):
            assert await _is_live(server, session)
        await one.caches.forget(await _revoke(world, session))
        for server in (other, one, other):
            assert not await _is_live(server, session)

    async def test_a_profile_that_was_read_before_is_not_remembered_again(
        self, world: World, servers: Servers
    ) -> None:
        held = Held(world)
        slow, quick = servers(replace(world, profiles=held)), servers(world)
        (ann,) = await people(world, 1)
        reading = asyncio.create_task(_name(slow, ann))
        await held.has_read.wait()
        await quick.caches.forget(await _rename(world, ann, "Another"))
        held.let_go()
        assert await outcome(reading) != "Another"
        for server in (slow, quick, slow):
            assert await _name(server, ann) == "Another"

    async def test_what_was_changed_of_a_conversation_is_read_afresh_on_every_server(
        self, world: World, servers: Servers
    ) -> None:
        one, other = (servers(world) for _ in range(2))
        (ann,) = await people(world, 1)
        group = await group_of(world, ann, subject="Before")
        for server in (one, other, one, other):
            assert await _subject(server, group) == "Before"
        await one.caches.forget(await _call(world, group, "After"))
        for server in (other, one, other):
            assert await _subject(server, group) == "After"

    async def test_a_description_that_was_read_before_is_not_remembered_again(
        self, world: World, servers: Servers
    ) -> None:
        held = Held(world)
        slow, quick = servers(replace(world, descriptions=held)), servers(world)
        (ann,) = await people(world, 1)
        group = await group_of(world, ann, subject="Before")
        reading = asyncio.create_task(_subject(slow, group))
        await held.has_read.wait()
        await quick.caches.forget(await _call(world, group, "After"))
        held.let_go()
        assert await outcome(reading) != "After"
        for server in (slow, quick, slow):
            assert await _subject(server, group) == "After"

    async def test_a_session_that_was_read_before_is_not_remembered_again(
        self, world: World, servers: Servers
    ) -> None:
        held = Held(world)
        slow, quick = servers(replace(world, sessions=held)), servers(world)
        session = await _log_in(world)
        reading = asyncio.create_task(_is_live(slow, session))
        await held.has_read.wait()
        await quick.caches.forget(await _revoke(world, session))
        held.let_go()
        assert await outcome(reading)
        for server in (slow, quick, slow):
            assert not await _is_live(server, session)

    async def test_who_did_not_exist_is_found_as_soon_as_they_do(
        self, world: World, servers: Servers
    ) -> None:
        server = servers(world)
        assert await server.profiles.of([UserId(an_id())]) == {}
        session = a_session(UserId(an_id()))
        assert not await _is_live(server, session)
        (session.user_id,) = await people(world, 1)
        async with world.units.open() as uow:
            uow.sessions.add(session)
            await commit(uow)
        assert await _is_live(server, session)

    async def test_other_frames_and_none_are_nothing_to_forget(self, world: World, servers: Servers) -> None:
        server = servers(world)
        (ann,) = await people(world, 1)
        name = await _name(server, ann)
        await server.caches.forget([])
        await server.caches.forget([a_frame(), a_frame(event_type="message.edited", body=b"not JSON")])
        assert await _name(server, ann) == name
