"""My own profile: looking at it, and changing what it says."""

import msgspec

from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.bus.messages import Command, Query, QueryScope, Scope
from application.identity.views import Me
from application.ports.readers import Profiles
from domain.shared.errors import Invalid, Unauthenticated


class GetMyProfile(Query[Me], frozen=True, kw_only=True):
    """Everything my profile says, hidden from nobody but others."""

    access = authenticated


async def get(query: GetMyProfile, scope: QueryScope, *, profiles: Profiles) -> Me:
    found = await profiles.of([scope.user_id])
    if scope.user_id not in found:
        raise Unauthenticated
    return Me.of(found[scope.user_id].user)


class ChangeMyProfile(Command[Me], frozen=True, kw_only=True):
    """A field left out stays as it is; null clears a bio."""

    access = authenticated & rate_limit("commands")

    display_name: str | msgspec.UnsetType | None = msgspec.UNSET
    bio: str | msgspec.UnsetType | None = msgspec.UNSET


async def change(command: ChangeMyProfile, scope: Scope) -> Me:
    user = await scope.uow.users.find(scope.user_id)
    if user is None:
        raise Unauthenticated
    if command.display_name is None:
        raise Invalid("A display name cannot be cleared.", pointer="/display_name")
    if command.display_name is not msgspec.UNSET:
        user.rename(command.display_name, scope.now)
    if command.bio is not msgspec.UNSET:
        user.describe(command.bio, scope.now)
    user.profile_changed()
    scope.uow.users.save(user)
    return Me.of(user)
