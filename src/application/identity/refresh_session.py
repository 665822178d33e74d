"""Staying logged in: one refresh token becomes its child; an old one proves theft and ends the session."""

from application.access.identity import anyone
from application.bus.messages import Command, Scope, Secret
from application.identity.login import tokens_for
from application.identity.views import LoggedIn
from application.ports.security import AccessTokens, RefreshTokens
from domain.identity.session import Presented
from domain.shared.errors import InvalidRefreshToken
from domain.shared.ids import SessionId


class RefreshSession(Command[LoggedIn | None], frozen=True, kw_only=True):
    """``session_id`` and ``generation`` are what the token says of itself; the edge has read them from it.

    Results in None when the token was stolen or its session has ended: the revocation must be committed, so
    it is an outcome and no refusal.
    """

    access = anyone

    session_id: SessionId
    generation: int
    token: Secret


async def handle(
    command: RefreshSession, scope: Scope, *, access_tokens: AccessTokens, refresh_tokens: RefreshTokens
) -> LoggedIn | None:
    session = await scope.uow.sessions.lock(command.session_id)
    if session is None or scope.now >= session.expires_at:
        raise InvalidRefreshToken
    if session.is_revoked:
        return None
    user = await scope.uow.users.find(session.user_id)
    if user is None or not user.is_active:
        raise InvalidRefreshToken
    verdict = session.judge(command.generation, scope.now)
    if verdict is Presented.ROTATE:
        child = refresh_tokens.derive(session.id, session.generation + 1)
        session.rotate(refresh_tokens.fingerprint(child), scope.now)
    elif verdict is Presented.STOLEN:
        session.revoke("refresh_token_reused", scope.now)
    scope.uow.sessions.save(session)
    if verdict is Presented.STOLEN:
        return None
    return tokens_for(user, session, scope.now, access_tokens, refresh_tokens)
