"""What registering, logging in and refreshing share: opening a session and handing out its tokens."""

from datetime import datetime

from application.bus.messages import Scope
from application.identity.views import LoggedIn, Me, Tokens
from application.ports.security import AccessTokens, Claims, RefreshTokens
from domain.identity.session import REFRESH_LIFETIME, SESSIONS_PER_PERSON, Session
from domain.identity.user import User
from domain.shared import values
from domain.shared.ids import SessionId

ACCESS_LIFETIME_SECONDS = 900
USER_AGENT_LENGTH = 256


async def open_session(
    scope: Scope, user: User, device_id: str, device_type: str | None, refresh: RefreshTokens
) -> Session:
    """A new session for a device. It replaces the one the device had; an eleventh ends the least recently used."""
    device = values.device_id(device_id)
    kind = None if device_type is None else values.device_type(device_type)
    live = await scope.uow.sessions.lock_all_live(user.id)
    replaced = [session for session in live if session.device_id == device]
    kept = sorted((s for s in live if s.device_id != device), key=lambda s: (s.last_used_at, s.id))
    for session in replaced:
        session.revoke("replaced", scope.now)
        scope.uow.sessions.save(session)
    for session in kept[: max(0, len(kept) - (SESSIONS_PER_PERSON - 1))]:
        session.revoke("too_many_sessions", scope.now)
        scope.uow.sessions.save(session)
    id = SessionId(scope.new_id())
    agent = scope.actor.user_agent
    session = Session(
        id=id,
        user_id=user.id,
        device_id=device,
        device_type=kind,
        ip_address=scope.actor.address or None,
        user_agent=None if agent is None else agent[:USER_AGENT_LENGTH],
        refresh_token_hash=refresh.fingerprint(refresh.derive(id, 0)),
        expires_at=scope.now + REFRESH_LIFETIME,
        created_at=scope.now,
        last_used_at=scope.now,
    )
    scope.uow.sessions.add(session)
    return session


def tokens_for(
    user: User, session: Session, now: datetime, access: AccessTokens, refresh: RefreshTokens
) -> LoggedIn:
    """The access token and the current refresh token of a session."""
    expires_at = datetime.fromtimestamp(now.timestamp() + ACCESS_LIFETIME_SECONDS, tz=now.tzinfo)
    claims = Claims(user_id=user.id, session_id=session.id, expires_at=expires_at)
    return LoggedIn(
        tokens=Tokens(
            user=Me.of(user),
            session_id=session.id,
            access_token=access.issue(claims, now),
            expires_in=ACCESS_LIFETIME_SECONDS,
        ),
        refresh_token=refresh.derive(session.id, session.generation),
    )
