"""My own settings: looking at them, and changing some."""

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.bus.messages import Command, Query, QueryScope, Scope
from application.identity.views import SettingsView
from application.ports.readers import Profiles
from application.views import require_match
from domain.identity.settings import Language, Privacy, Theme
from domain.shared import values
from domain.shared.errors import Unauthenticated

Sound = Annotated[str, Meta(min_length=1, max_length=64)]


class GetMySettings(Query[SettingsView], frozen=True, kw_only=True):
    """All of them."""

    access = authenticated


async def get(query: GetMySettings, scope: QueryScope, *, profiles: Profiles) -> SettingsView:
    found = await profiles.of([scope.user_id])
    if scope.user_id not in found:
        raise Unauthenticated
    return SettingsView.of(found[scope.user_id].settings)


class ChangeMySettings(Command[SettingsView], frozen=True, kw_only=True):
    """A setting left out stays as it is; none can be cleared."""

    access = authenticated & rate_limit("commands")
    personal: ClassVar[dict[str, Any]] = {"notification_sound": "default"}

    privacy_last_seen: Privacy | UnsetType = UNSET
    privacy_profile_photo: Privacy | UnsetType = UNSET
    privacy_about: Privacy | UnsetType = UNSET
    privacy_groups: Privacy | UnsetType = UNSET
    privacy_messages: Privacy | UnsetType = UNSET
    read_receipts: bool | UnsetType = UNSET
    notifications_enabled: bool | UnsetType = UNSET
    notification_sound: Sound | UnsetType = UNSET
    notification_vibrate: bool | UnsetType = UNSET
    theme: Theme | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    enter_to_send: bool | UnsetType = UNSET
    media_auto_download_wifi: bool | UnsetType = UNSET
    media_auto_download_mobile: bool | UnsetType = UNSET
    if_match: str | None = None


async def change(command: ChangeMySettings, scope: Scope) -> SettingsView:
    user = await scope.uow.users.lock(scope.user_id)
    settings = (await scope.uow.users.settings_of([scope.user_id])).get(scope.user_id)
    if user is None or settings is None or not user.is_active:
        raise Unauthenticated
    require_match(command.if_match, SettingsView.of(settings))
    for name, value in _wanted(command).items():
        setattr(settings, name, value)
    settings.updated_at = scope.now
    scope.uow.users.save_settings(settings)
    # Privacy is part of how others see a person.
    user.profile_changed()
    scope.uow.users.save(user)
    return SettingsView.of(settings)


def _wanted(command: ChangeMySettings) -> dict[str, Any]:
    """The settings that are given. Raises ``Invalid``."""
    wanted = {
        name: value
        for name, value in msgspec.structs.asdict(command).items()
        if name != "if_match" and value is not UNSET
    }
    if "notification_sound" in wanted:
        sound = values.line(wanted["notification_sound"], "/notification_sound", at_least=1, at_most=64)
        wanted["notification_sound"] = sound
    return wanted
