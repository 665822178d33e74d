-- Messages, reactions, and receipts as ranges behind the view the seed calls message_receipts.

CREATE TABLE messages (
    id                    uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    conversation_id       uuid NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    sender_id             uuid NOT NULL REFERENCES users (id),
    seq_id                bigint NOT NULL,
    revision              bigint NOT NULL,
    type                  message_type NOT NULL DEFAULT 'TEXT',
    content               text,
    metadata              jsonb,
    client_message_id     uuid,
    -- keyed hash of the body as first sent: tells a repeat from a conflict, also after an edit or a wipe
    body_hash             bytea,
    is_forwarded          boolean NOT NULL DEFAULT false,
    forwarded_from_msg_id uuid REFERENCES messages (id) ON DELETE SET NULL,
    reply_to_msg_id       uuid REFERENCES messages (id) ON DELETE SET NULL,
    created_at            timestamptz NOT NULL DEFAULT NOW(),
    edited_at             timestamptz,
    deleted_at            timestamptz,
    expires_at            timestamptz,
    CONSTRAINT one_message_per_sequence UNIQUE (conversation_id, seq_id),
    CONSTRAINT one_message_per_client_id UNIQUE (sender_id, client_message_id)
);

-- What changed since a revision, for clients that were away.
CREATE INDEX idx_messages_conv_revision ON messages (conversation_id, revision);
CREATE INDEX idx_messages_expires ON messages (expires_at) WHERE expires_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX idx_messages_replies ON messages (reply_to_msg_id) WHERE reply_to_msg_id IS NOT NULL;
CREATE INDEX idx_messages_forwards ON messages (forwarded_from_msg_id) WHERE forwarded_from_msg_id IS NOT NULL;

-- Numbers a message that came without one (direct SQL). The application numbers its own from the same row,
-- which it holds locked, so both kinds share one gapless sequence.
CREATE FUNCTION fn_assign_message_sequence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO conversation_sequences (conversation_id) VALUES (NEW.conversation_id)
    ON CONFLICT (conversation_id) DO NOTHING;

    UPDATE conversation_sequences
       SET last_sequence = last_sequence + 1, revision = revision + 1, updated_at = NOW()
     WHERE conversation_id = NEW.conversation_id
    RETURNING last_sequence, revision INTO NEW.seq_id, NEW.revision;

    RETURN NEW;
END;
$$;

CREATE TRIGGER tr_messages_assign_sequence BEFORE INSERT ON messages
    FOR EACH ROW WHEN (NEW.seq_id IS NULL) EXECUTE FUNCTION fn_assign_message_sequence();

-- One update per conversation and statement, however many messages it inserts.
CREATE FUNCTION fn_update_conversation_on_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE conversations AS c
       SET updated_at = latest.at
      FROM (SELECT conversation_id, max(created_at) AS at FROM arrived GROUP BY conversation_id) AS latest
     WHERE c.id = latest.conversation_id AND c.updated_at < latest.at;
    RETURN NULL;
END;
$$;

CREATE TRIGGER tr_message_updates_conversation AFTER INSERT ON messages
    REFERENCING NEW TABLE AS arrived
    FOR EACH STATEMENT EXECUTE FUNCTION fn_update_conversation_on_message();

CREATE TABLE message_reactions (
    id            uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    message_id    uuid NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    user_id       uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    reaction_code varchar(32) NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT NOW(),
    CONSTRAINT one_reaction_per_code UNIQUE (message_id, user_id, reaction_code)
);

-- Deleted for one person only, on all their devices.
CREATE TABLE hidden_messages (
    user_id         uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    conversation_id uuid NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    message_id      uuid NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    seq_id          bigint NOT NULL,
    my_revision     bigint NOT NULL,
    PRIMARY KEY (user_id, conversation_id, seq_id)
);

CREATE INDEX idx_hidden_messages_message ON hidden_messages (message_id);

-- Each advance of a cursor appends one row, so "who read this, and when" is exact at any group size for one
-- row per acknowledgement. The ranges of one person and status never overlap.
CREATE TABLE receipt_ranges (
    conversation_id uuid NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id         uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    status          delivery_status NOT NULL,
    from_sequence   bigint NOT NULL,
    to_sequence     bigint NOT NULL,
    at              timestamptz NOT NULL DEFAULT NOW(),
    PRIMARY KEY (conversation_id, user_id, status, to_sequence),
    CONSTRAINT ranges_run_forward CHECK (from_sequence <= to_sequence),
    CONSTRAINT receipts_are_delivered_or_read CHECK (status IN ('DELIVERED', 'READ'))
);

-- The seed's table, as a view: one row for every other participant who was a member when a message was sent.
-- A receipt nobody gave yet reads SENT.
CREATE VIEW message_receipts AS
SELECT m.id AS message_id,
       p.user_id,
       CASE WHEN r.at IS NOT NULL THEN 'READ'
            WHEN d.at IS NOT NULL THEN 'DELIVERED'
            ELSE 'SENT' END::delivery_status AS status,
       d.at AS delivered_at,
       r.at AS read_at,
       COALESCE(r.at, d.at, m.created_at) AS updated_at
  FROM messages m
  JOIN participants p
    ON p.conversation_id = m.conversation_id
   AND p.user_id <> m.sender_id
   AND p.joined_sequence < m.seq_id
   AND (p.left_sequence IS NULL OR m.seq_id <= p.left_sequence)
  LEFT JOIN LATERAL (
        SELECT at FROM receipt_ranges x
         WHERE x.conversation_id = m.conversation_id AND x.user_id = p.user_id
           AND x.status = 'DELIVERED' AND x.to_sequence >= m.seq_id AND x.from_sequence <= m.seq_id
         ORDER BY x.to_sequence LIMIT 1) d ON true
  LEFT JOIN LATERAL (
        SELECT at FROM receipt_ranges x
         WHERE x.conversation_id = m.conversation_id AND x.user_id = p.user_id
           AND x.status = 'READ' AND x.to_sequence >= m.seq_id AND x.from_sequence <= m.seq_id
         ORDER BY x.to_sequence LIMIT 1) r ON true;
