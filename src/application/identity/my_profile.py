"""My own profile: looking at it, and changing what it says."""

from datetime import datetime
from typing import Any, ClassVar

from msgspec import UNSET, UnsetType

from application.access.identity import authenticated
from application.access.limits import password_checks, rate_limit
from application.bus.messages import Actor, Command, Query, QueryScope, Scope, Secret
from application.identity.personal import as_username
from application.identity.proof import Proof, prove_me, require
from application.identity.views import Me
from application.ports.readers import Credentials, Profiles
from application.ports.security import Passwords
from application.views import require_match
from domain.identity.user import User, normal_identifier
from domain.shared.errors import IdentifierTaken, Invalid, Unauthenticated, WrongPassword

Change = str | UnsetType | None
IDENTIFIERS = ("username", "email", "phone_number")
ADDRESSES = ("email", "phone_number")


class GetMyProfile(Query[Me], frozen=True, kw_only=True):
    """Everything my profile says, hidden from nobody but others."""

    access = authenticated


async def get(query: GetMyProfile, scope: QueryScope, *, profiles: Profiles) -> Me:
    found = await profiles.of([scope.user_id])
    if scope.user_id not in found:
        raise Unauthenticated
    return Me.of(found[scope.user_id].user)


class ChangeMyProfile(Command[Me], frozen=True, kw_only=True):
    """A field left out stays as it is; null clears it. Another e-mail address or phone number needs the password."""

    access = authenticated & rate_limit("commands") & password_checks
    personal: ClassVar[dict[str, Any]] = {
        "username": as_username,
        "email": None,
        "phone_number": None,
        "display_name": "Erased",
        "bio": None,
    }

    username: Change = UNSET
    email: Change = UNSET
    phone_number: Change = UNSET
    display_name: Change = UNSET
    bio: Change = UNSET
    current_password: Secret | None = None
    if_match: str | None = None


async def prepare(
    command: ChangeMyProfile, actor: Actor, now: datetime, *, credentials: Credentials, passwords: Passwords
) -> Proof | None:
    """The proof, where a password is given; whether one is needed is known only inside."""
    if command.current_password is None:
        return None
    return await prove_me(actor, command.current_password, credentials, passwords)


async def change(command: ChangeMyProfile, scope: Scope, *, prepared: Proof | None) -> Me:
    user = await scope.uow.users.lock(scope.user_id)
    if user is None or not user.is_active:
        raise Unauthenticated
    before = Me.of(user)
    identifiers = _wanted_identifiers(command, user)
    if any(kind in ADDRESSES for kind in identifiers):
        if prepared is None:
            raise WrongPassword("Give current_password to change an e-mail address or phone number.")
        require(prepared, user)
    require_match(command.if_match, before)
    if command.display_name is None:
        raise Invalid("A display name cannot be cleared.", pointer="/display_name")
    if command.display_name is not UNSET:
        user.rename(command.display_name, scope.now)
    if command.bio is not UNSET:
        user.describe(command.bio, scope.now)
    # First what is taken, so that giving up the old and taking the new in one request leaves one.
    for kind, identifier in sorted(identifiers.items(), key=lambda item: item[1] is None):
        if identifier is not None:
            holder = await scope.uow.users.find_by_identifier(kind, identifier)
            if holder is not None and holder.id != user.id:
                raise IdentifierTaken(pointer=f"/{kind}")
        user.identify(kind, identifier, scope.now)
    user.profile_changed()
    scope.uow.users.save(user)
    return Me.of(user)


def _wanted_identifiers(command: ChangeMyProfile, user: User) -> dict[str, str | None]:
    """Those that would really change, in their normal form. Raises ``Invalid``."""
    wanted: dict[str, str | None] = {}
    for kind in IDENTIFIERS:
        given: Change = getattr(command, kind)
        if given is UNSET:
            continue
        normal = None if given is None else normal_identifier(kind, given)
        if normal != getattr(user, kind):
            wanted[kind] = normal
    return wanted
