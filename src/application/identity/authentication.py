"""Who is asking, from an access token: the token must verify and its session must be alive.

The invariant: a revoked session's tokens fail on every server within a second, and once refused they are never
accepted again. A session found alive is believed for half a second and no longer; one that is known to be over
is not asked about any more.
"""

from collections import OrderedDict
from datetime import datetime, timedelta

from application.ports.readers import SessionReader
from application.ports.security import AccessTokens, Claims
from application.ports.system import Clock
from domain.shared.errors import SessionRevoked
from domain.shared.ids import SessionId

BELIEVED_FOR = timedelta(seconds=0.5)
REMEMBERED = 20_000


class Authentication:
    """Turns access tokens into claims. Raises ``Unauthenticated``, ``TokenExpired`` or ``SessionRevoked``."""

    def __init__(self, tokens: AccessTokens, sessions: SessionReader, clock: Clock) -> None:
        self._tokens = tokens
        self._sessions = sessions
        self._clock = clock
        self._alive: OrderedDict[SessionId, datetime] = OrderedDict()
        self._over: OrderedDict[SessionId, None] = OrderedDict()

    async def of(self, token: str) -> Claims:
        """The claims of a token whose session is alive."""
        now = self._clock.now()
        claims = self._tokens.verify(token, now)
        if claims.session_id in self._over:
            raise SessionRevoked
        seen = self._alive.get(claims.session_id)
        if seen is not None and timedelta(0) <= now - seen < BELIEVED_FOR:
            return claims
        session = await self._sessions.find(claims.session_id)
        if session is not None and session.is_revoked:
            self.end(claims.session_id)
        # It may have ended while the answer was on its way.
        if claims.session_id in self._over:
            raise SessionRevoked
        if session is None or session.user_id != claims.user_id or not session.is_live(now):
            self._alive.pop(claims.session_id, None)
            raise SessionRevoked
        self._alive[claims.session_id] = now
        self._alive.move_to_end(claims.session_id)
        if len(self._alive) > REMEMBERED:
            self._alive.popitem(last=False)
        return claims

    def end(self, session_id: SessionId) -> None:
        """It was revoked, which is for good: refuse it from now on."""
        self._alive.pop(session_id, None)
        self._over[session_id] = None
        self._over.move_to_end(session_id)
        if len(self._over) > REMEMBERED:
            self._over.popitem(last=False)
