"""Rows and objects: which columns each table has for us, and how a row becomes an aggregate."""

from typing import Any

import msgspec

from adapters.postgres.tables import Table
from domain.contacts.contact import Contact
from domain.conversation.conversation import Conversation, ConversationType, PostPolicy
from domain.conversation.participant import Participant, Role
from domain.identity.session import Session
from domain.identity.settings import Language, Privacy, Settings, Theme
from domain.identity.user import User
from domain.messaging.attachment import Attachment
from domain.messaging.content import MessageType
from domain.messaging.message import Message
from domain.messaging.reaction import Reaction

USERS = Table(
    "users",
    "id uuid, username citext, email citext, phone_number citext, password_hash text, display_name text, "
    "bio text, avatar_url text, is_active boolean, is_verified boolean, created_at timestamptz, "
    "updated_at timestamptz, deactivated_at timestamptz, erased_at timestamptz, redaction_pending boolean",
    "id",
)
SETTINGS = Table(
    "user_settings",
    "user_id uuid, privacy_last_seen privacy_setting, privacy_profile_photo privacy_setting, "
    "privacy_about privacy_setting, privacy_groups privacy_setting, privacy_messages privacy_setting, "
    "read_receipts boolean, notifications_enabled boolean, notification_sound text, "
    "notification_vibrate boolean, theme theme_mode, language language_code, enter_to_send boolean, "
    "media_auto_download_wifi boolean, media_auto_download_mobile boolean, updated_at timestamptz",
    "user_id",
)
SESSIONS = Table(
    "user_sessions",
    "id uuid, user_id uuid, device_id text, device_type text, ip_address text, user_agent text, "
    "refresh_token_hash text, generation integer, rotated_at timestamptz, expires_at timestamptz, "
    "is_revoked boolean, revoked_at timestamptz, created_at timestamptz, last_used_at timestamptz",
    "id",
)
CONTACTS = Table(
    "user_contacts",
    "user_id uuid, contact_user_id uuid, nickname text, saved boolean, is_blocked boolean, "
    "created_at timestamptz",
    "user_id, contact_user_id",
)
CONVERSATIONS = Table(
    "conversations",
    "id uuid, type conversation_type, subject text, description text, avatar_url text, "
    "expiry_seconds integer, post_policy post_policy, direct_key text, member_count integer, "
    "created_by uuid, created_at timestamptz, updated_at timestamptz, closed_at timestamptz, "
    "info_revision bigint",
    "id",
)
PARTICIPANTS = Table(
    "participants",
    "conversation_id uuid, user_id uuid, role participant_role, joined_at timestamptz, "
    "joined_sequence bigint, added_by uuid, muted_until timestamptz, silenced_until timestamptz, "
    "pinned_at timestamptz, archived boolean, archived_at_sequence bigint, listed boolean, "
    "last_read_sequence bigint, "
    "last_delivered_sequence bigint, told_read_sequence bigint, told_delivered_sequence bigint, "
    "cleared_through_sequence bigint, my_revision bigint, revision bigint, "
    "left_at timestamptz, left_sequence bigint, left_snapshot jsonb",
    "conversation_id, user_id",
    derived="archived",
)
MESSAGES = Table(
    "messages",
    "id uuid, conversation_id uuid, sender_id uuid, seq_id bigint, revision bigint, type message_type, "
    "content text, metadata jsonb, client_message_id uuid, body_hash bytea, is_forwarded boolean, "
    "forwarded_from_msg_id uuid, reply_to_msg_id uuid, created_at timestamptz, edited_at timestamptz, "
    "deleted_at timestamptz, expires_at timestamptz",
    "id",
)
ATTACHMENTS = Table(
    "attachments",
    "id uuid, uploader_id uuid, url text, filename text, mime_type text, size_bytes bigint, sha256 bytea, "
    "width integer, height integer, duration_ms integer, created_at timestamptz, completed_at timestamptz, "
    "deleted_at timestamptz",
    "id",
)
CARRIED = Table(
    "message_attachments",
    "message_id uuid, attachment_id uuid, position integer",
    "message_id, attachment_id",
)
REACTIONS = Table(
    "message_reactions",
    "id uuid, message_id uuid, user_id uuid, reaction_code text, created_at timestamptz",
    "id",
)
HIDDEN = Table(
    "hidden_messages",
    "user_id uuid, conversation_id uuid, message_id uuid, seq_id bigint, my_revision bigint",
    "user_id, conversation_id, seq_id",
)
RANGES = Table(
    "receipt_ranges",
    "conversation_id uuid, user_id uuid, status delivery_status, from_sequence bigint, to_sequence bigint, "
    "at timestamptz",
    "conversation_id, user_id, status, to_sequence",
)
STAYS = Table(
    "ended_memberships",
    "conversation_id uuid, user_id uuid, joined_sequence bigint, left_sequence bigint",
    "conversation_id, user_id, left_sequence",
)
SEQUENCES = Table(
    "conversation_sequences",
    "conversation_id uuid, last_sequence bigint, revision bigint, updated_at timestamptz",
    "conversation_id",
)
SUMMARIES = Table(
    "conversation_summaries",
    "conversation_id uuid, message_id uuid, seq_id bigint, sender_id uuid, type message_type, preview text, "
    "created_at timestamptz, expires_at timestamptz, deleted boolean, last_activity_at timestamptz",
    "conversation_id",
)
OUTBOX = Table(
    "outbox_events",
    "id uuid, aggregate_type text, aggregate_id uuid, event_type text, payload json, revision bigint, "
    "subject_id uuid, audience words, command_id uuid, created_at timestamptz",
    "id",
)
LOG = Table(
    "command_log",
    "id uuid, actor_id uuid, session_id uuid, name text, payload json, subject_id uuid, refused text, "
    "idempotency_key text, fingerprint bytea, result json, at timestamptz",
    "id",
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
    if values["left_snapshot"] is not None:
        values["left_snapshot"] = msgspec.json.decode(values["left_snapshot"])
    return Participant(**values)


def message(row: Any) -> Message:
    values = {name: row[name] for name in MESSAGES.columns}
    values["type"] = MessageType(values["type"])
    metadata = values["metadata"]
    values["metadata"] = None if metadata is None else msgspec.json.decode(metadata)
    return Message(**values)


def attachment(row: Any) -> Attachment:
    return Attachment(**{name: row[name] for name in ATTACHMENTS.columns})


def reaction(row: Any) -> Reaction:
    return Reaction(**{name: row[name] for name in REACTIONS.columns})
