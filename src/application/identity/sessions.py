"""The devices I am logged in on: listing them, and ending one."""

from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.bus.messages import Command, Query, QueryScope, Scope
from application.identity.views import SessionView
from application.ports.readers import SessionReader
from application.views import Page
from domain.shared.errors import SessionNotFound
from domain.shared.ids import SessionId


class ListSessions(Query[Page[SessionView]], frozen=True, kw_only=True):
    """Those that are live, the most recently used first; there are ten at most."""

    access = authenticated


async def list_mine(query: ListSessions, scope: QueryScope, *, sessions: SessionReader) -> Page[SessionView]:
    live = await sessions.live_of(scope.user_id, scope.now)
    return Page(items=[SessionView.of(session, scope.actor.session_id) for session in live])


class RevokeSession(Command[None], frozen=True, kw_only=True):
    """One of mine; its tokens stop working and its sockets close."""

    access = authenticated & rate_limit("commands")

    session_id: SessionId


async def revoke(command: RevokeSession, scope: Scope) -> None:
    session = await scope.uow.sessions.lock(command.session_id)
    if session is None or session.user_id != scope.user_id or not session.is_live(scope.now):
        raise SessionNotFound
    session.revoke("revoked", scope.now)
    scope.uow.sessions.save(session)
