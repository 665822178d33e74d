"""The original design's schema as data: every table with its columns, every enum, trigger and index."""

TABLES = {
    "users": "id phone_number username email password_hash display_name bio avatar_url is_online last_seen_at "
    "is_active is_verified created_at updated_at",
    "user_settings": "user_id privacy_last_seen privacy_profile_photo privacy_about privacy_groups "
    "read_receipts notifications_enabled notification_sound notification_vibrate theme language enter_to_send "
    "media_auto_download_wifi media_auto_download_mobile updated_at",
    "user_sessions": "id user_id device_id device_type ip_address user_agent refresh_token_hash expires_at "
    "is_revoked created_at",
    "user_contacts": "user_id contact_user_id nickname is_blocked created_at",
    "conversations": "id type subject description avatar_url expiry_seconds created_by created_at updated_at",
    "participants": "conversation_id user_id role joined_at added_by muted_until pinned_at archived "
    "last_read_sequence",
    "conversation_sequences": "conversation_id last_sequence updated_at",
    "messages": "id conversation_id sender_id seq_id type content metadata is_forwarded forwarded_from_msg_id "
    "reply_to_msg_id created_at edited_at deleted_at",
    "message_reactions": "id message_id user_id reaction_code created_at",
    "message_receipts": "message_id user_id status delivered_at read_at updated_at",
    "attachments": "id uploader_id url filename mime_type size_bytes created_at",
    "message_attachments": "message_id attachment_id",
    "outbox_events": "id aggregate_type aggregate_id event_type payload created_at processed_at",
}

ENUMS = {
    "conversation_type": "DM GROUP",
    "participant_role": "OWNER ADMIN MEMBER",
    "message_type": "TEXT IMAGE VIDEO AUDIO FILE LOCATION CONTACT SYSTEM STICKER GIF",
    "delivery_status": "PENDING SENT DELIVERED READ",
    "privacy_setting": "EVERYONE CONTACTS NOBODY",
    "theme_mode": "SYSTEM LIGHT DARK",
    "language_code": "en es fr de pt ru hi zh ar ja",
}

TRIGGERS = {
    "tr_messages_assign_sequence": "messages",
    "tr_users_updated": "users",
    "tr_conversations_updated": "conversations",
    "tr_message_updates_conversation": "messages",
}

FUNCTIONS = ("fn_assign_message_sequence", "fn_update_timestamp", "fn_update_conversation_on_message")

INDEXES = [
    "idx_users_phone",
    "idx_users_username",
    "idx_users_email",
    "idx_sessions_user",
    "idx_sessions_expires",
    "idx_participants_user",
    "idx_participants_conv",
    "idx_messages_conv_seq",
    "idx_messages_sender",
    "idx_messages_content_gin",
    "idx_receipts_message",
    "idx_reactions_message",
    "idx_conversations_updated",
    "idx_outbox_pending",
]

DEFAULTS = {
    ("users", "is_online"): "false",
    ("users", "is_active"): "true",
    ("users", "is_verified"): "false",
    ("users", "id"): "uuid_generate_v4()",
    ("users", "created_at"): "now()",
    ("user_settings", "privacy_last_seen"): "'EVERYONE'::privacy_setting",
    ("user_settings", "notification_sound"): "'default'::text",
    ("user_settings", "theme"): "'SYSTEM'::theme_mode",
    ("user_settings", "language"): "'en'::language_code",
    ("user_settings", "media_auto_download_mobile"): "false",
    ("user_sessions", "is_revoked"): "false",
    ("participants", "role"): "'MEMBER'::participant_role",
    ("participants", "archived"): "false",
    ("participants", "last_read_sequence"): "0",
    ("conversation_sequences", "last_sequence"): "0",
    ("messages", "type"): "'TEXT'::message_type",
    ("messages", "is_forwarded"): "false",
    ("outbox_events", "id"): "uuid_generate_v4()",
}
