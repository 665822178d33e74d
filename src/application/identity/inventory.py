"""Every stored column, and what becomes of it when a person takes their data with them, or is erased.

A test compares this with the database: a column that is not here fails it, so nobody adds one without deciding.
"""

from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    """What erasing does to a column of the erased person's rows."""

    EMPTIED = "emptied"
    REMOVED = "removed with its row"
    REDACTED = "wiped, when they ask for it"
    REWRITTEN = "rewritten without what is personal"
    KEPT = "kept: others' data refers to it, and it says nothing of the person"
    ANOTHERS = "not about one person"


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns with one fate; ``section`` of the archive has them, where one does."""

    names: str
    fate: Fate
    section: str = ""


INVENTORY: dict[str, tuple[Columns, ...]] = {
    "users": (
        Columns("id created_at", Fate.KEPT, "account"),
        Columns("updated_at is_active deactivated_at erased_at redaction_pending", Fate.KEPT, "account"),
        Columns("username email phone_number display_name bio avatar_url", Fate.EMPTIED, "account"),
        Columns("is_online last_seen_at is_verified", Fate.EMPTIED, "account"),
        Columns("password_hash", Fate.EMPTIED),
    ),
    "user_settings": (
        Columns("user_id updated_at", Fate.KEPT, "settings"),
        Columns(
            "privacy_last_seen privacy_profile_photo privacy_about privacy_groups privacy_messages"
            " read_receipts notifications_enabled notification_sound notification_vibrate theme language"
            " enter_to_send media_auto_download_wifi media_auto_download_mobile",
            Fate.EMPTIED,
            "settings",
        ),
    ),
    "user_sessions": (
        Columns("id user_id expires_at is_revoked revoked_at created_at last_used_at", Fate.KEPT, "sessions"),
        Columns("generation rotated_at", Fate.KEPT),
        Columns("device_id device_type ip_address user_agent", Fate.EMPTIED, "sessions"),
        Columns("refresh_token_hash", Fate.EMPTIED),
    ),
    "user_contacts": (
        Columns("user_id contact_user_id nickname saved is_blocked created_at", Fate.REMOVED, "contacts"),
    ),
    "participants": (
        Columns(
            "conversation_id user_id role joined_at joined_sequence added_by muted_until silenced_until pinned_at"
            " archived archived_at_sequence listed last_read_sequence last_delivered_sequence told_read_sequence"
            " told_delivered_sequence cleared_through_sequence my_revision revision left_at left_sequence"
            " left_snapshot",
            Fate.KEPT,
            "conversations",
        ),
        Columns("arrival", Fate.KEPT),
    ),
    "user_arrivals": (Columns("user_id last", Fate.KEPT),),
    "ended_memberships": (
        Columns("conversation_id user_id joined_sequence left_sequence", Fate.KEPT, "stays"),
    ),
    "messages": (
        Columns(
            "id conversation_id sender_id seq_id revision type client_message_id is_forwarded created_at"
            " edited_at deleted_at expires_at",
            Fate.KEPT,
            "messages",
        ),
        Columns("content metadata forwarded_from_msg_id reply_to_msg_id", Fate.REDACTED, "messages"),
        Columns("body_hash is_changed", Fate.KEPT),
    ),
    "message_reactions": (
        Columns("id user_id", Fate.KEPT),
        Columns("message_id reaction_code created_at", Fate.KEPT, "reactions"),
    ),
    "hidden_messages": (
        Columns("conversation_id seq_id", Fate.KEPT, "hidden_messages"),
        Columns("user_id message_id my_revision", Fate.KEPT),
    ),
    "receipt_ranges": (
        Columns("conversation_id user_id status from_sequence to_sequence at", Fate.KEPT, "receipts"),
    ),
    "attachments": (
        Columns(
            "id filename mime_type size_bytes width height duration_ms created_at completed_at deleted_at",
            Fate.KEPT,
            "attachments",
        ),
        Columns("uploader_id url sha256", Fate.KEPT),
    ),
    "command_log": (
        Columns("name at refused", Fate.KEPT, "commands"),
        Columns("payload", Fate.REWRITTEN, "commands"),
        Columns("result idempotency_key fingerprint", Fate.REWRITTEN),
        Columns("position id actor_id session_id subject_id", Fate.KEPT),
    ),
    "outbox_events": (
        Columns("payload", Fate.REWRITTEN),
        Columns(
            "id aggregate_type aggregate_id event_type revision subject_id audience command_id created_at"
            " processed_at error",
            Fate.KEPT,
        ),
    ),
    "conversation_summaries": (
        Columns("preview", Fate.REDACTED),
        Columns(
            "conversation_id message_id seq_id sender_id type created_at expires_at deleted last_activity_at",
            Fate.KEPT,
        ),
    ),
    "conversations": (
        Columns(
            "id type subject description avatar_url expiry_seconds post_policy direct_key member_count created_by"
            " created_at updated_at closed_at info_revision",
            Fate.ANOTHERS,
        ),
    ),
    "conversation_sequences": (Columns("conversation_id last_sequence revision updated_at", Fate.ANOTHERS),),
    "message_attachments": (Columns("message_id attachment_id position", Fate.ANOTHERS),),
    "database_epoch": (Columns("only_row epoch", Fate.ANOTHERS),),
    "schema_migrations": (Columns("version name checksum applied_at", Fate.ANOTHERS),),
}
