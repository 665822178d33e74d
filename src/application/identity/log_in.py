"""Logging in with an identifier and a password.

An unknown identifier and a wrong password are refused alike, after the same work.
"""

from datetime import datetime
from typing import Any, ClassVar

from application.access.identity import anyone
from application.access.limits import password_checks
from application.bus.messages import Actor, Command, Scope, Secret
from application.identity.login import open_session, tokens_for
from application.identity.personal import as_device, as_username
from application.identity.proof import Proof, matches
from application.identity.views import LoggedIn
from application.ports.readers import Credentials
from application.ports.security import AccessTokens, Passwords, RefreshTokens
from domain.identity.user import identifier_kind
from domain.shared import values
from domain.shared.errors import InvalidCredentials


class LogIn(Command[LoggedIn], frozen=True, kw_only=True):
    """``identifier``: a username, an e-mail address or a phone number."""

    access = anyone & password_checks
    personal: ClassVar[dict[str, Any]] = {
        "identifier": as_username,
        "device_id": as_device,
        "device_type": None,
    }

    identifier: str
    password: Secret
    device_id: str
    device_type: str | None = None


async def prepare(
    command: LogIn, actor: Actor, now: datetime, *, credentials: Credentials, passwords: Passwords
) -> Proof:
    values.device_id(command.device_id)
    kind = identifier_kind(command.identifier)
    credential = None if kind is None else await credentials.by_identifier(*kind)
    proof = await matches(credential, command.password.value, passwords)
    if proof is None:
        raise InvalidCredentials
    return proof


async def handle(
    command: LogIn,
    scope: Scope,
    *,
    prepared: Proof,
    access_tokens: AccessTokens,
    refresh_tokens: RefreshTokens,
) -> LoggedIn:
    user = await scope.uow.users.lock(prepared.user_id)
    if user is None or not prepared.holds_for(user) or not user.can_come_back(scope.now):
        raise InvalidCredentials
    scope.subject_id = user.id
    if prepared.renewed is not None:
        user.password_hash = prepared.renewed
        scope.uow.users.save(user)
    if not user.is_active:
        user.come_back(scope.now)
        user.profile_changed()
        scope.uow.users.save(user)
    session = await open_session(scope, user, command.device_id, command.device_type, refresh_tokens)
    return tokens_for(user, session, scope.now, access_tokens, refresh_tokens)
