"""Being gone for a while: everybody else sees a deleted account, and logging in within 30 days undoes it."""

from datetime import datetime

from application.access.identity import authenticated
from application.access.limits import password_checks
from application.bus.messages import Actor, Command, Scope, Secret
from application.identity.proof import Proof, prove_me, require
from application.ports.readers import Credentials
from application.ports.security import Passwords
from domain.identity.user import User


class DeactivateAccount(Command[None], frozen=True, kw_only=True):
    """Ends every session of mine, this one included."""

    access = authenticated & password_checks

    password: Secret


async def prepare(
    command: DeactivateAccount, actor: Actor, now: datetime, *, credentials: Credentials, passwords: Passwords
) -> Proof:
    return await prove_me(actor, command.password, credentials, passwords)


async def handle(command: DeactivateAccount, scope: Scope, *, prepared: Proof) -> None:
    user = require(prepared, await scope.uow.users.lock(scope.user_id))
    user.deactivate(scope.now)
    user.profile_changed()
    scope.uow.users.save(user)
    await end_sessions(scope, user, "deactivated")


async def end_sessions(scope: Scope, user: User, reason: str) -> None:
    """Revoke every live session of somebody."""
    for session in await scope.uow.sessions.lock_all_live(user.id):
        session.revoke(reason, scope.now)
        scope.uow.sessions.save(session)
