"""Live sessions remembered in Redis for all servers: what authentication needs of them, and no secret."""

from datetime import datetime

import msgspec

from adapters.redis.commands import Commands
from adapters.redis.leases import Leases
from adapters.redis.records import Record
from application.ports.readers import SessionReader
from application.ports.system import Clock
from domain.identity.session import Session
from domain.shared.errors import Unavailable
from domain.shared.ids import SessionId, UserId

# What proves a session, and where it is used from, does not go to Redis.
_SESSION = Record(Session, {"refresh_token_hash": "", "ip_address": None, "user_agent": None})


def session_key(session_id: SessionId) -> str:
    return f"cache:session:{session_id}"


class CachedSessions:
    """The promise of ``SessionReader``, as fresh as the last time its caches forgot. Only live sessions are
    remembered, until they would expire; then the inner reader is asked, because a refresh may have moved that.
    """

    def __init__(self, inner: SessionReader, commands: Commands, clock: Clock) -> None:
        self._inner = inner
        self._leases = Leases(commands, _SESSION.shape)
        self._clock = clock

    async def find(self, session_id: SessionId) -> Session | None:
        key = session_key(session_id)
        try:
            looked = await self._leases.look([key])
        except Unavailable:
            return await self._inner.find(session_id)
        remembered = _unpack(looked.hits.get(key))
        if remembered is not None and remembered.is_live(self._clock.now()):
            return remembered
        session = await self._inner.find(session_id)
        now = self._clock.now()
        if session is not None and session.is_live(now):
            self._leases.fill(looked, {key: (_SESSION.pack(session), session.expires_at - now)})
        return session

    async def live_of(self, user_id: UserId, now: datetime) -> list[Session]:
        return await self._inner.live_of(user_id, now)


def _unpack(data: bytes | None) -> Session | None:
    try:
        return None if data is None else _SESSION.unpack(data)
    except msgspec.DecodeError:
        return None
