"""How people and sessions look from outside: what one sees of oneself, and what others may see."""

import msgspec

from application.ports.presence import Presence
from application.ports.readers import Profile
from application.presence.views import shown as presence_shown
from application.views import Moment
from domain.identity.session import Session
from domain.identity.settings import Language, Privacy, Relation, Settings, Theme, visibility
from domain.identity.user import User
from domain.shared.ids import SessionId, UserId
from domain.shared.values import moment


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """My own profile, nothing hidden."""

    id: UserId
    username: str | None
    email: str | None
    phone_number: str | None
    display_name: str
    bio: str | None
    avatar_url: str | None
    is_verified: bool
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, user: User) -> "Me":
        return cls(
            id=user.id,
            username=user.username,
            email=user.email,
            phone_number=user.phone_number,
            display_name=user.display_name,
            bio=user.bio,
            avatar_url=user.avatar_url,
            is_verified=user.is_verified,
            created_at=moment(user.created_at),
            updated_at=moment(user.updated_at),
        )


class UserView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody as a certain viewer may see them: what is hidden is null."""

    id: UserId
    username: str | None
    display_name: str
    bio: str | None
    avatar_url: str | None
    is_online: bool | None
    last_seen_at: Moment | None
    is_contact: bool
    is_blocked: bool


class SettingsView(msgspec.Struct, frozen=True, kw_only=True):
    """My own settings."""

    privacy_last_seen: Privacy
    privacy_profile_photo: Privacy
    privacy_about: Privacy
    privacy_groups: Privacy
    privacy_messages: Privacy
    read_receipts: bool
    notifications_enabled: bool
    notification_sound: str
    notification_vibrate: bool
    theme: Theme
    language: Language
    enter_to_send: bool
    media_auto_download_wifi: bool
    media_auto_download_mobile: bool
    updated_at: Moment

    @classmethod
    def of(cls, settings: Settings) -> "SettingsView":
        values = {name: getattr(settings, name) for name in cls.__struct_fields__}
        return cls(**values | {"updated_at": moment(settings.updated_at)})


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """One device I am logged in on."""

    id: SessionId
    device_id: str
    device_type: str | None
    ip_address: str | None
    user_agent: str | None
    created_at: Moment
    last_used_at: Moment
    expires_at: Moment
    is_current: bool

    @classmethod
    def of(cls, session: Session, current: SessionId | None) -> "SessionView":
        return cls(
            id=session.id,
            device_id=session.device_id,
            device_type=session.device_type,
            ip_address=session.ip_address,
            user_agent=session.user_agent,
            created_at=moment(session.created_at),
            last_used_at=moment(session.last_used_at),
            expires_at=moment(session.expires_at),
            is_current=session.id == current,
        )


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What a client needs to act as somebody. The refresh token travels in a cookie, not here."""

    user: Me
    session_id: SessionId
    access_token: str
    token_type: str = "Bearer"
    expires_in: int = 900


class LoggedIn(msgspec.Struct, frozen=True, kw_only=True):
    """``Tokens`` with the refresh token, for the edge that sets the cookie."""

    tokens: Tokens
    refresh_token: str


DELETED_ACCOUNT = "Deleted account"


def seen_by(
    viewer: Settings | None, target: Profile, relation: Relation, presence: Presence | None = None
) -> UserView:
    """``target`` as ``viewer`` may see it. An account that is not active shows its id and nothing else."""
    user = target.user
    if not user.is_active:
        return UserView(
            id=user.id,
            username=None,
            display_name=DELETED_ACCOUNT,
            bio=None,
            avatar_url=None,
            is_online=None,
            last_seen_at=None,
            is_contact=relation.saved_by_viewer,
            is_blocked=relation.blocked_by_viewer,
        )
    shown = visibility(target=target.settings, viewer=viewer or target.settings, relation=relation)
    is_online, last_seen_at = presence_shown(
        viewer=viewer, target=target, relation=relation, presence=presence
    )
    return UserView(
        id=user.id,
        username=user.username,
        display_name=user.display_name,
        bio=user.bio if shown.about else None,
        avatar_url=user.avatar_url if shown.photo else None,
        is_online=is_online,
        last_seen_at=last_seen_at,
        is_contact=relation.saved_by_viewer,
        is_blocked=relation.blocked_by_viewer,
    )
