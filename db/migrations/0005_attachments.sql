-- Files: what was uploaded, by whom, and which messages carry it.

CREATE TABLE attachments (
    id           uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    uploader_id  uuid REFERENCES users (id) ON DELETE SET NULL,
    url          text NOT NULL,
    filename     text,
    mime_type    text NOT NULL,
    size_bytes   bigint NOT NULL,
    sha256       bytea,
    width        integer,
    height       integer,
    duration_ms  integer,
    created_at   timestamptz NOT NULL DEFAULT NOW(),
    completed_at timestamptz,
    deleted_at   timestamptz,
    CONSTRAINT attachments_have_bytes CHECK (size_bytes > 0)
);

CREATE INDEX idx_attachments_uploader ON attachments (uploader_id);

CREATE TABLE message_attachments (
    message_id    uuid NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    attachment_id uuid NOT NULL REFERENCES attachments (id) ON DELETE CASCADE,
    position      smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (message_id, attachment_id)
);

CREATE INDEX idx_message_attachments_attachment ON message_attachments (attachment_id);
