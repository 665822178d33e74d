"""Logging in with an identifier and a password.

An unknown identifier and a wrong password are refused alike, after the same work.
"""

import unicodedata

from application.access.identity import anyone
from application.access.limits import by_account, by_account_and_address, by_address, rate_limit
from application.bus.messages import Command, Scope, Secret
from application.identity.login import open_session, tokens_for
from application.identity.views import LoggedIn
from application.ports.security import AccessTokens, Passwords, RefreshTokens
from domain.identity.user import identifier_kind
from domain.shared import values
from domain.shared.errors import InvalidCredentials


class LogIn(Command[LoggedIn], frozen=True, kw_only=True):
    """``identifier``: a username, an e-mail address or a phone number."""

    access = (
        anyone
        & rate_limit("login_address", by_address)
        & rate_limit("login", by_account_and_address)
        & rate_limit("login_account", by_account)
    )

    identifier: str
    password: Secret
    device_id: str
    device_type: str | None = None


async def handle(
    command: LogIn,
    scope: Scope,
    *,
    passwords: Passwords,
    access_tokens: AccessTokens,
    refresh_tokens: RefreshTokens,
) -> LoggedIn:
    values.device_id(command.device_id)
    kind = identifier_kind(command.identifier)
    user = None if kind is None else await scope.uow.users.find_by_identifier(*kind)
    known = user is not None and user.can_come_back(scope.now)
    hashed = user.password_hash if user is not None and known else None
    password = unicodedata.normalize("NFC", command.password.value)
    if len(password) > 128 or not await passwords.verify(hashed, password) or user is None:
        raise InvalidCredentials
    if passwords.is_outdated(user.password_hash):
        user.password_hash = await passwords.hash(password)
        scope.uow.users.save(user)
    if not user.is_active:
        user.is_active = True
        user.deactivated_at = None
        user.updated_at = scope.now
        scope.uow.users.save(user)
    session = await open_session(scope, user, command.device_id, command.device_type, refresh_tokens)
    return tokens_for(user, session, scope.now, access_tokens, refresh_tokens)
