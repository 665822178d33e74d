"""Rows and objects: which columns each table has for us, and how a row becomes an aggregate."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from domain.contacts.contact import Contact
from domain.conversation.conversation import Conversation, ConversationType, PostPolicy
from domain.conversation.participant import Participant, Role
from domain.identity.session import Session
from domain.identity.settings import Language, Privacy, Settings, Theme
from domain.identity.user import User
from domain.messaging.content import MessageType
from domain.messaging.message import Message


@dataclass(frozen=True, slots=True)
class Table:
    """A table's columns with their types; statements are built from these names once, never from values."""

    name: str
    columns: dict[str, str]
    key: tuple[str, ...]

    @property
    def names(self) -> str:
        return ", ".join(self.columns)

    def of(self, alias: str) -> str:
        """The columns, each with an alias in front."""
        return ", ".join(f"{alias}.{name}" for name in self.columns)

    def _source(self) -> str:
        arrays = ", ".join(f"${n}::{_array(kind)}" for n, kind in enumerate(self.columns.values(), 1))
        return f"unnest({arrays}) AS v({self.names})"

    @property
    def insert(self) -> str:
        """All rows in one statement."""
        return " ".join(
            ("INSERT INTO", self.name, f"({self.names})", "SELECT", self._values(), "FROM", self._source())
        )

    @property
    def update(self) -> str:
        """Likewise, by key."""
        changed = ", ".join(f"{n} = {_cast('v', n, k)}" for n, k in self.columns.items() if n not in self.key)
        where = " AND ".join(f"t.{name} = v.{name}" for name in self.key)
        return " ".join(("UPDATE", self.name, "AS t SET", changed, "FROM", self._source(), "WHERE", where))

    @property
    def upsert(self) -> str:
        """Insert, or update where the key is there."""
        changed = ", ".join(f"{n} = EXCLUDED.{n}" for n in self.columns if n not in self.key)
        return " ".join((self.insert, "ON CONFLICT", f"({', '.join(self.key)})", "DO UPDATE SET", changed))

    def _values(self) -> str:
        return ", ".join(_cast("v", name, kind) for name, kind in self.columns.items())

    def arguments(self, objects: Iterable[Any]) -> list[list[Any]]:
        """One array a column."""
        rows = list(objects)
        return [[_plain(getattr(row, name), kind) for row in rows] for name, kind in self.columns.items()]


def _array(kind: str) -> str:
    return "text[]" if kind in ("json", "jsonb") else f"{kind}[]"


def _cast(alias: str, name: str, kind: str) -> str:
    return f"{alias}.{name}::{kind}" if kind in ("json", "jsonb") else f"{alias}.{name}"


def _plain(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind in ("json", "jsonb"):
        return value.decode() if isinstance(value, bytes) else msgspec.json.encode(value).decode()
    return value


def table(name: str, columns: str, key: str) -> Table:
    pairs = (column.rsplit(" ", 1) for column in columns.split(", "))
    return Table(name, dict(tuple(pair) for pair in pairs), tuple(key.split(", ")))  # type: ignore[misc]


USERS = table(
    "users",
    "id uuid, username citext, email citext, phone_number citext, password_hash text, display_name text, "
    "bio text, avatar_url text, is_active boolean, is_verified boolean, created_at timestamptz, "
    "updated_at timestamptz, deactivated_at timestamptz, erased_at timestamptz",
    "id",
)
SETTINGS = table(
    "user_settings",
    "user_id uuid, privacy_last_seen privacy_setting, privacy_profile_photo privacy_setting, "
    "privacy_about privacy_setting, privacy_groups privacy_setting, privacy_messages privacy_setting, "
    "read_receipts boolean, notifications_enabled boolean, notification_sound text, "
    "notification_vibrate boolean, theme theme_mode, language language_code, enter_to_send boolean, "
    "media_auto_download_wifi boolean, media_auto_download_mobile boolean, updated_at timestamptz",
    "user_id",
)
SESSIONS = table(
    "user_sessions",
    "id uuid, user_id uuid, device_id text, device_type text, ip_address text, user_agent text, "
    "refresh_token_hash text, generation integer, rotated_at timestamptz, expires_at timestamptz, "
    "is_revoked boolean, revoked_at timestamptz, created_at timestamptz, last_used_at timestamptz",
    "id",
)
CONTACTS = table(
    "user_contacts",
    "user_id uuid, contact_user_id uuid, nickname text, saved boolean, is_blocked boolean, "
    "created_at timestamptz",
    "user_id, contact_user_id",
)
CONVERSATIONS = table(
    "conversations",
    "id uuid, type conversation_type, subject text, description text, avatar_url text, "
    "expiry_seconds integer, post_policy post_policy, direct_key text, member_count integer, "
    "created_by uuid, created_at timestamptz, updated_at timestamptz, closed_at timestamptz",
    "id",
)
PARTICIPANTS = table(
    "participants",
    "conversation_id uuid, user_id uuid, role participant_role, joined_at timestamptz, "
    "joined_sequence bigint, added_by uuid, muted_until timestamptz, silenced_until timestamptz, "
    "pinned_at timestamptz, archived boolean, listed boolean, last_read_sequence bigint, "
    "last_delivered_sequence bigint, cleared_through_sequence bigint, my_revision bigint, revision bigint, "
    "left_at timestamptz, left_sequence bigint",
    "conversation_id, user_id",
)
MESSAGES = table(
    "messages",
    "id uuid, conversation_id uuid, sender_id uuid, seq_id bigint, revision bigint, type message_type, "
    "content text, metadata jsonb, client_message_id uuid, body_hash bytea, is_forwarded boolean, "
    "forwarded_from_msg_id uuid, reply_to_msg_id uuid, created_at timestamptz, edited_at timestamptz, "
    "deleted_at timestamptz, expires_at timestamptz",
    "id",
)
RANGES = table(
    "receipt_ranges",
    "conversation_id uuid, user_id uuid, status delivery_status, from_sequence bigint, to_sequence bigint, "
    "at timestamptz",
    "conversation_id, user_id, status, to_sequence",
)


def user(row: Any) -> User:
    return User(**{name: row[name] for name in USERS.columns})


def settings(row: Any) -> Settings:
    values = {name: row[name] for name in SETTINGS.columns}
    for name in ("last_seen", "profile_photo", "about", "groups", "messages"):
        values[f"privacy_{name}"] = Privacy(values[f"privacy_{name}"])
    values["theme"], values["language"] = Theme(values["theme"]), Language(values["language"])
    return Settings(**values)


def session(row: Any) -> Session:
    return Session(**{name: row[name] for name in SESSIONS.columns})


def contact(row: Any) -> Contact:
    return Contact(**{name: row[name] for name in CONTACTS.columns})


def conversation(row: Any) -> Conversation:
    """A row of conversations joined with its last_sequence and revision."""
    values = {name: row[name] for name in CONVERSATIONS.columns}
    values["type"] = ConversationType(values["type"])
    values["post_policy"] = PostPolicy(values["post_policy"])
    return Conversation(**values, last_sequence=row["last_sequence"], revision=row["head_revision"])


def participant(row: Any) -> Participant:
    values = {name: row[name] for name in PARTICIPANTS.columns}
    values["role"] = Role(values["role"])
    return Participant(**values)


def message(row: Any) -> Message:
    values = {name: row[name] for name in MESSAGES.columns}
    values["type"] = MessageType(values["type"])
    metadata = values["metadata"]
    values["metadata"] = None if metadata is None else msgspec.json.decode(metadata)
    return Message(**values)


def last_by_key(objects: Sequence[Any], key: tuple[str, ...]) -> list[Any]:
    """Each object once, the last one said of its key counting."""
    return list({tuple(getattr(item, name) for name in key): item for item in objects}.values())
