"""Opening an account, and the first session with it."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from application.access.identity import anyone
from application.access.limits import by_address, rate_limit
from application.bus.messages import Actor, Command, Scope, Secret
from application.identity.login import open_session, tokens_for
from application.identity.personal import as_device, as_username
from application.identity.views import LoggedIn
from application.ports.security import AccessTokens, Passwords, RefreshTokens
from domain.identity.settings import Settings
from domain.identity.user import User
from domain.shared import values
from domain.shared.errors import IdentifierTaken
from domain.shared.ids import UserId


class RegisterUser(Command[LoggedIn], frozen=True, kw_only=True):
    """At least one of username, email and phone_number."""

    access = anyone & rate_limit("registration", by_address)
    personal: ClassVar[dict[str, Any]] = {
        "username": as_username,
        "email": None,
        "phone_number": None,
        "display_name": "Erased",
        "device_id": as_device,
        "device_type": None,
    }

    username: str | None = None
    email: str | None = None
    phone_number: str | None = None
    password: Secret
    display_name: str
    device_id: str
    device_type: str | None = None


async def prepare(command: RegisterUser, actor: Actor, now: datetime, *, passwords: Passwords) -> str:
    """The hash of the password, of an account that would be valid."""
    _account(command, UserId(UUID(int=0)), now)
    values.device_id(command.device_id)
    return await passwords.hash(values.password(command.password.value))


async def handle(
    command: RegisterUser,
    scope: Scope,
    *,
    prepared: str,
    access_tokens: AccessTokens,
    refresh_tokens: RefreshTokens,
) -> LoggedIn:
    user = _account(command, UserId(scope.new_id()), scope.now)
    user.password_hash = prepared
    scope.subject_id = user.id
    for kind in ("username", "email", "phone_number"):
        identifier = getattr(user, kind)
        if identifier and await scope.uow.users.find_by_identifier(kind, identifier):
            raise IdentifierTaken(pointer=f"/{kind}")
    scope.uow.users.add(user, Settings(user_id=user.id, updated_at=scope.now))
    session = await open_session(scope, user, command.device_id, command.device_type, refresh_tokens)
    return tokens_for(user, session, scope.now, access_tokens, refresh_tokens)


def _account(command: RegisterUser, id: UserId, now: datetime) -> User:
    return User.register(
        id,
        username=command.username,
        email=command.email,
        phone_number=command.phone_number,
        display_name=command.display_name,
        password_hash="",
        now=now,
    )
