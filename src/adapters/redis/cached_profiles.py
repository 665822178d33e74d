"""Profiles remembered in Redis for all servers: as stored, before privacy, which is applied per viewer later."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from adapters.redis.commands import Commands
from adapters.redis.leases import Leases
from adapters.redis.records import Record
from application.ports.readers import Profile, Profiles
from domain.identity.settings import Settings
from domain.identity.user import User
from domain.shared.errors import Unavailable
from domain.shared.ids import UserId

KEPT_FOR = timedelta(minutes=5)

_USER = Record(User, {"password_hash": ""})
_SETTINGS = Record(Settings)
_PARTS = msgspec.msgpack.Decoder(tuple[msgspec.Raw, msgspec.Raw, datetime | None])


def profile_key(user_id: UserId) -> str:
    return f"cache:profile:{user_id}"


class CachedProfiles:
    """The promise of ``Profiles``, as fresh as the last time its caches forgot. Hits are one round trip, misses
    one read of ``inner``; where Redis cannot answer, everything is a miss. Who does not exist is not remembered.
    """

    def __init__(self, inner: Profiles, commands: Commands) -> None:
        self._inner = inner
        self._leases = Leases(commands, f"{_USER.shape}{_SETTINGS.shape}2")

    async def of(self, user_ids: Sequence[UserId]) -> dict[UserId, Profile]:
        keys = {id: profile_key(id) for id in user_ids}
        if not keys:
            return {}
        try:
            looked = await self._leases.look(list(keys.values()))
        except Unavailable:
            return await self._inner.of(list(keys))
        found = {id: _unpack(looked.hits[key]) for id, key in keys.items() if key in looked.hits}
        profiles = {id: profile for id, profile in found.items() if profile is not None}
        if missing := [id for id in keys if id not in profiles]:
            fresh = await self._inner.of(missing)
            self._leases.fill(looked, {keys[id]: (_pack(fresh[id]), KEPT_FOR) for id in fresh})
            profiles |= fresh
        return profiles


def _pack(profile: Profile) -> bytes:
    parts = msgspec.Raw(_USER.pack(profile.user)), msgspec.Raw(_SETTINGS.pack(profile.settings))
    return msgspec.msgpack.encode((*parts, profile.last_seen_at))


def _unpack(data: bytes) -> Profile | None:
    try:
        user, settings, seen = _PARTS.decode(data)
        return Profile(user=_USER.unpack(user), settings=_SETTINGS.unpack(settings), last_seen_at=seen)
    except msgspec.DecodeError:
        return None
