-- The conversation list's own table: what each conversation shows of its newest message. Written in the
-- sending transaction, one row per conversation whatever the number of members; no index moves with it.
CREATE TABLE conversation_summaries (
    conversation_id  uuid PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    message_id       uuid,
    seq_id           bigint NOT NULL DEFAULT 0,
    sender_id        uuid,
    type             message_type,
    preview          text,
    created_at       timestamptz,
    expires_at       timestamptz,
    deleted          boolean NOT NULL DEFAULT false,
    last_activity_at timestamptz NOT NULL
) WITH (fillfactor = 50);
