"""A cache with leases in a dictionary, and the ways in which one may be wrong, each named after what it does."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from adapters.memory.copies import copied
from application.ports.caches import Stale, stale_after
from application.ports.descriptions import Description
from application.ports.events import Frame
from application.ports.readers import Profile
from application.testing.caches import Remembering
from application.testing.world import World
from domain.identity.session import Session
from domain.shared.ids import ConversationId, SessionId, UserId


class Kept:
    """What servers remember together, by key: a lease or what was found."""

    def __init__(self) -> None:
        self.by_key: dict[Any, Any] = {}


class Lease:
    """One miss; nobody else has it."""


class DictionaryCache:
    """One server's part, around its readers."""

    def __init__(self, kept: Kept, world: World) -> None:
        self.kept = kept
        self._world = world

    async def of(self, user_ids: Sequence[UserId]) -> dict[UserId, Profile]:
        found = {id: await self._remembered(id, self._profile(id)) for id in user_ids}
        return {id: profile for id, profile in found.items() if profile is not None}

    async def about(self, conversation_ids: Sequence[ConversationId]) -> dict[ConversationId, Description]:
        found = {id: await self._remembered(id, self._description(id)) for id in conversation_ids}
        return {id: each for id, each in found.items() if each is not None}

    async def find(self, session_id: SessionId) -> Session | None:
        session: Session | None = await self._remembered(
            session_id, lambda: self._world.sessions.find(session_id)
        )
        return None if session is None else copied(session)

    async def live_of(self, user_id: UserId, now: datetime) -> list[Session]:
        return await self._world.sessions.live_of(user_id, now)

    async def forget(self, frames: Sequence[Frame]) -> None:
        for key in self.forgotten(stale_after(frames)):
            self.kept.by_key.pop(key, None)

    def forgotten(self, stale: Stale) -> set[Any]:
        return {*stale.people, *stale.sessions, *stale.conversations}

    def may_fill(self, key: Any, lease: Lease, found: Any) -> bool:
        return found is not None and self.kept.by_key.get(key) is lease

    def _profile(self, id: UserId) -> Callable[[], Awaitable[Profile | None]]:
        async def read() -> Profile | None:
            return (await self._world.profiles.of([id])).get(id)

        return read

    def _description(self, id: ConversationId) -> Callable[[], Awaitable[Description | None]]:
        async def read() -> Description | None:
            return (await self._world.descriptions.about([id])).get(id)

        return read

    async def _remembered(self, key: Any, read: Callable[[], Awaitable[Any]]) -> Any:
        if key in self.kept.by_key and not isinstance(self.kept.by_key[key], Lease):
            return self.kept.by_key[key]
        lease = Lease()
        self.kept.by_key[key] = lease
        found = await read()
        if self.may_fill(key, lease, found):
            self.kept.by_key[key] = found
        return found


class FillsWithoutALease(DictionaryCache):
    def may_fill(self, key: Any, lease: Lease, found: Any) -> bool:
        return found is not None


class FillsWhereNothingIs(DictionaryCache):
    """Takes a key that was forgotten for one that nobody has filled yet."""

    def may_fill(self, key: Any, lease: Lease, found: Any) -> bool:
        return found is not None and self.kept.by_key.get(key, lease) is lease


class ForgetsNoProfiles(DictionaryCache):
    def forgotten(self, stale: Stale) -> set[Any]:
        return super().forgotten(stale) - stale.people


class ForgetsNoSessions(DictionaryCache):
    def forgotten(self, stale: Stale) -> set[Any]:
        return super().forgotten(stale) - stale.sessions


class ForgetsNoDescriptions(DictionaryCache):
    def forgotten(self, stale: Stale) -> set[Any]:
        return super().forgotten(stale) - stale.conversations


class ForgetsOne(DictionaryCache):
    def forgotten(self, stale: Stale) -> set[Any]:
        return set(sorted(super().forgotten(stale))[:1])


class RemembersNobody(DictionaryCache):
    """Remembers of who does not exist that they do not."""

    def may_fill(self, key: Any, lease: Lease, found: Any) -> bool:
        return self.kept.by_key.get(key) is lease


class RemembersAlone(DictionaryCache):
    """Keeps to itself what it remembers, so that nobody else can make it forget."""

    def __init__(self, kept: Kept, world: World) -> None:
        super().__init__(Kept(), world)


def servers(kind: type[DictionaryCache] = DictionaryCache) -> Callable[..., Remembering]:
    """Servers that remember together, in the given way."""
    kept = Kept()

    def one_more(world: World) -> Remembering:
        cache = kind(kept, world)
        return Remembering(profiles=cache, sessions=cache, descriptions=cache, caches=cache)

    return one_more


CACHE_BREAKS: dict[str, type[DictionaryCache]] = {
    "a late reader fills without a lease": FillsWithoutALease,
    "a late reader fills what was forgotten": FillsWhereNothingIs,
    "profiles are not forgotten": ForgetsNoProfiles,
    "sessions are not forgotten": ForgetsNoSessions,
    "descriptions are not forgotten": ForgetsNoDescriptions,
    "only one of several is forgotten": ForgetsOne,
    "who does not exist is remembered": RemembersNobody,
    "a server remembers alone": RemembersAlone,
}
