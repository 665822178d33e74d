-- People: accounts, their settings, their device sessions, and whom they saved or blocked.

CREATE TABLE users (
    id             uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    phone_number   citext CONSTRAINT users_phone_number_key UNIQUE,
    username       citext CONSTRAINT users_username_key UNIQUE,
    email          citext CONSTRAINT users_email_key UNIQUE,
    password_hash  text NOT NULL,
    display_name   text NOT NULL,
    bio            text,
    avatar_url     text,
    is_online      boolean NOT NULL DEFAULT false,
    last_seen_at   timestamptz,
    is_active      boolean NOT NULL DEFAULT true,
    is_verified    boolean NOT NULL DEFAULT false,
    created_at     timestamptz NOT NULL DEFAULT NOW(),
    updated_at     timestamptz NOT NULL DEFAULT NOW(),
    deactivated_at timestamptz,
    erased_at      timestamptz,
    CONSTRAINT users_have_an_identifier CHECK (
        erased_at IS NOT NULL OR num_nonnulls(phone_number, username, email) > 0
    )
);

CREATE TRIGGER tr_users_updated BEFORE UPDATE ON users
    FOR EACH ROW EXECUTE FUNCTION fn_update_timestamp();

CREATE TABLE user_settings (
    user_id                    uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    privacy_last_seen          privacy_setting NOT NULL DEFAULT 'EVERYONE',
    privacy_profile_photo      privacy_setting NOT NULL DEFAULT 'EVERYONE',
    privacy_about              privacy_setting NOT NULL DEFAULT 'EVERYONE',
    privacy_groups             privacy_setting NOT NULL DEFAULT 'EVERYONE',
    privacy_messages           privacy_setting NOT NULL DEFAULT 'EVERYONE',
    read_receipts              boolean NOT NULL DEFAULT true,
    notifications_enabled      boolean NOT NULL DEFAULT true,
    notification_sound         text NOT NULL DEFAULT 'default',
    notification_vibrate       boolean NOT NULL DEFAULT true,
    theme                      theme_mode NOT NULL DEFAULT 'SYSTEM',
    language                   language_code NOT NULL DEFAULT 'en',
    enter_to_send              boolean NOT NULL DEFAULT true,
    media_auto_download_wifi   boolean NOT NULL DEFAULT true,
    media_auto_download_mobile boolean NOT NULL DEFAULT false,
    updated_at                 timestamptz NOT NULL DEFAULT NOW()
);

-- One row is one device login and one family of refresh tokens. Only the hash and the generation of the
-- current token are stored; its child is derived, so a lost response logs nobody out.
CREATE TABLE user_sessions (
    id                 uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    user_id            uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    device_id          text NOT NULL,
    device_type        text,
    ip_address         text,
    user_agent         text,
    refresh_token_hash text NOT NULL,
    generation         integer NOT NULL DEFAULT 0,
    rotated_at         timestamptz,
    expires_at         timestamptz NOT NULL,
    is_revoked         boolean NOT NULL DEFAULT false,
    revoked_at         timestamptz,
    created_at         timestamptz NOT NULL DEFAULT NOW(),
    last_used_at       timestamptz NOT NULL DEFAULT NOW()
);

CREATE INDEX idx_sessions_user ON user_sessions (user_id);
CREATE INDEX idx_sessions_expires ON user_sessions (expires_at) WHERE is_revoked = false;
CREATE UNIQUE INDEX one_live_session_per_device ON user_sessions (user_id, device_id) WHERE is_revoked = false;

-- "People I saved" and "people I block" share a row; one may block somebody one never saved.
CREATE TABLE user_contacts (
    user_id         uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    contact_user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    nickname        text,
    saved           boolean NOT NULL DEFAULT true,
    is_blocked      boolean NOT NULL DEFAULT false,
    created_at      timestamptz NOT NULL DEFAULT NOW(),
    PRIMARY KEY (user_id, contact_user_id),
    CONSTRAINT contacts_are_other_people CHECK (user_id <> contact_user_id)
);

CREATE INDEX idx_contacts_of ON user_contacts (contact_user_id);
