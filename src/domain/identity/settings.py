"""A person's preferences, and the one policy that decides what others see of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.shared.ids import UserId


class Privacy(StrEnum):
    """Who is admitted: everybody, the people I saved, or nobody."""

    EVERYONE = "EVERYONE"
    CONTACTS = "CONTACTS"
    NOBODY = "NOBODY"


class Theme(StrEnum):
    SYSTEM = "SYSTEM"
    LIGHT = "LIGHT"
    DARK = "DARK"


class Language(StrEnum):
    """The languages the product speaks, as ISO 639-1 codes."""

    EN = "en"
    ES = "es"
    FR = "fr"
    DE = "de"
    PT = "pt"
    RU = "ru"
    HI = "hi"
    ZH = "zh"
    AR = "ar"
    JA = "ja"


@dataclass(slots=True, kw_only=True)
class Settings:
    """Everything a person may set; the defaults are the database's."""

    user_id: UserId
    privacy_last_seen: Privacy = Privacy.EVERYONE
    privacy_profile_photo: Privacy = Privacy.EVERYONE
    privacy_about: Privacy = Privacy.EVERYONE
    privacy_groups: Privacy = Privacy.EVERYONE
    privacy_messages: Privacy = Privacy.EVERYONE
    read_receipts: bool = True
    notifications_enabled: bool = True
    notification_sound: str = "default"
    notification_vibrate: bool = True
    theme: Theme = Theme.SYSTEM
    language: Language = Language.EN
    enter_to_send: bool = True
    media_auto_download_wifi: bool = True
    media_auto_download_mobile: bool = False
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """How two people stand to each other, seen from ``viewer``."""

    is_self: bool = False
    saved_by_viewer: bool = False
    saved_by_target: bool = False
    blocked_by_viewer: bool = False
    blocked_by_target: bool = False

    def admitted_by(self, setting: Privacy) -> bool:
        """Whether the target's ``setting`` admits the viewer. Nobody is hidden from themselves."""
        if self.is_self:
            return True
        if self.blocked_by_target:
            return False
        return setting is Privacy.EVERYONE or (setting is Privacy.CONTACTS and self.saved_by_target)

    @property
    def is_blocked(self) -> bool:
        """Whether either blocks the other."""
        return self.blocked_by_viewer or self.blocked_by_target

    def reaches(self, setting: Privacy) -> bool:
        """Whether the viewer may start something with the target: write to them, add them to a group."""
        return self.is_self or (not self.is_blocked and self.admitted_by(setting))

    def seen_from_target(self) -> "Relation":
        """The same relation with the roles exchanged."""
        return Relation(
            is_self=self.is_self,
            saved_by_viewer=self.saved_by_target,
            saved_by_target=self.saved_by_viewer,
            blocked_by_viewer=self.blocked_by_target,
            blocked_by_target=self.blocked_by_viewer,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Visibility:
    """Which parts of a profile one person may see of another."""

    presence: bool
    photo: bool
    about: bool


def visibility(*, target: Settings, viewer: Settings, relation: Relation) -> Visibility:
    """The only place where privacy is decided; every way to see a person asks it.

    Last seen and online are reciprocal: shown only if each side's setting admits the other.
    """
    mutual = relation.admitted_by(target.privacy_last_seen) and relation.seen_from_target().admitted_by(
        viewer.privacy_last_seen
    )
    return Visibility(
        presence=mutual,
        photo=relation.admitted_by(target.privacy_profile_photo),
        about=relation.admitted_by(target.privacy_about),
    )
