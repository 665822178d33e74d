"""Taking another password. Whoever else is logged in must log in again."""

from dataclasses import dataclass
from datetime import datetime

from application.access.identity import authenticated
from application.access.limits import password_checks
from application.bus.messages import Actor, Command, Scope, Secret
from application.identity.proof import Proof, prove_me, require
from application.ports.readers import Credentials
from application.ports.security import Passwords
from domain.shared import values


@dataclass(frozen=True, slots=True)
class Replacement:
    """That the old password is known, and the hash of the new one."""

    proof: Proof
    password_hash: str


class ChangePassword(Command[None], frozen=True, kw_only=True):
    """Ends every other session of mine."""

    access = authenticated & password_checks

    current_password: Secret
    new_password: Secret


async def prepare(
    command: ChangePassword, actor: Actor, now: datetime, *, credentials: Credentials, passwords: Passwords
) -> Replacement:
    new = values.password(command.new_password.value, "/new_password")
    proof = await prove_me(actor, command.current_password, credentials, passwords)
    return Replacement(proof, await passwords.hash(new))


async def handle(command: ChangePassword, scope: Scope, *, prepared: Replacement) -> None:
    user = require(prepared.proof, await scope.uow.users.lock(scope.user_id))
    user.password_hash = prepared.password_hash
    scope.uow.users.save(user)
    for session in await scope.uow.sessions.lock_all_live(user.id):
        if session.id != scope.actor.session_id:
            session.revoke("password_changed", scope.now)
            scope.uow.sessions.save(session)
