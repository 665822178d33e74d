"""Ending a session: this one, or all of them."""

from application.access.identity import authenticated
from application.bus.messages import Command, Scope


class LogOut(Command[None], frozen=True, kw_only=True):
    """End the session this is asked in; one that has ended already is fine."""

    access = authenticated


async def log_out(command: LogOut, scope: Scope) -> None:
    if scope.actor.session_id is None:
        return
    session = await scope.uow.sessions.lock(scope.actor.session_id)
    if session is not None:
        session.revoke("logged_out", scope.now)
        scope.uow.sessions.save(session)


class LogOutEverywhere(Command[None], frozen=True, kw_only=True):
    """End every session of mine, this one included."""

    access = authenticated


async def log_out_everywhere(command: LogOutEverywhere, scope: Scope) -> None:
    for session in await scope.uow.sessions.lock_all_live(scope.user_id):
        session.revoke("logged_out_everywhere", scope.now)
        scope.uow.sessions.save(session)
