-- Conversations, who takes part, and the one row per conversation that orders everything in it.

CREATE TABLE conversations (
    id             uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    type           conversation_type NOT NULL,
    subject        text,
    description    text,
    avatar_url     text,
    expiry_seconds integer,
    post_policy    post_policy NOT NULL DEFAULT 'ALL',
    -- "<lower id>:<higher id>" of a direct conversation: at most one per unordered pair
    direct_key     text CONSTRAINT one_conversation_per_pair UNIQUE,
    member_count   integer NOT NULL DEFAULT 0,
    created_by     uuid REFERENCES users (id) ON DELETE SET NULL,
    created_at     timestamptz NOT NULL DEFAULT NOW(),
    updated_at     timestamptz NOT NULL DEFAULT NOW(),
    closed_at      timestamptz,
    CONSTRAINT direct_conversations_have_a_key CHECK ((type = 'DM') = (direct_key IS NOT NULL)),
    CONSTRAINT groups_have_a_subject CHECK (type = 'DM' OR subject IS NOT NULL)
) WITH (fillfactor = 70);

CREATE INDEX idx_conversations_updated ON conversations (updated_at DESC);

CREATE TRIGGER tr_conversations_updated BEFORE UPDATE ON conversations
    FOR EACH ROW EXECUTE FUNCTION fn_update_timestamp();

-- A row stays when its person leaves (left_at): what was said up to left_sequence stays readable.
CREATE TABLE participants (
    conversation_id          uuid NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id                  uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role                     participant_role NOT NULL DEFAULT 'MEMBER',
    joined_at                timestamptz NOT NULL DEFAULT NOW(),
    joined_sequence          bigint NOT NULL DEFAULT 0,
    added_by                 uuid REFERENCES users (id) ON DELETE SET NULL,
    muted_until              timestamptz,
    silenced_until           timestamptz,
    pinned_at                timestamptz,
    archived                 boolean NOT NULL DEFAULT false,
    -- a direct conversation nobody wrote in yet is listed for its opener only
    listed                   boolean NOT NULL DEFAULT true,
    last_read_sequence       bigint NOT NULL DEFAULT 0,
    last_delivered_sequence  bigint NOT NULL DEFAULT 0,
    cleared_through_sequence bigint NOT NULL DEFAULT 0,
    my_revision              bigint NOT NULL DEFAULT 0,
    revision                 bigint NOT NULL DEFAULT 0,
    left_at                  timestamptz,
    left_sequence            bigint,
    left_snapshot            jsonb,
    PRIMARY KEY (conversation_id, user_id),
    CONSTRAINT reading_implies_delivery CHECK (last_read_sequence <= last_delivered_sequence),
    CONSTRAINT leaving_is_whole CHECK ((left_at IS NULL) = (left_sequence IS NULL))
) WITH (fillfactor = 80);

CREATE INDEX idx_participants_user ON participants (user_id);
CREATE UNIQUE INDEX one_owner_per_group ON participants (conversation_id)
    WHERE role = 'OWNER' AND left_at IS NULL;

-- The mutex of a conversation: every command that changes it locks this row first, and takes the next
-- sequence (of messages) and revision (of durable events) from it. Hence gapless, in commit order.
CREATE TABLE conversation_sequences (
    conversation_id uuid PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    last_sequence   bigint NOT NULL DEFAULT 0,
    revision        bigint NOT NULL DEFAULT 0,
    updated_at      timestamptz NOT NULL DEFAULT NOW()
) WITH (fillfactor = 50);
