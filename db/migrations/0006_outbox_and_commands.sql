-- What is to be told (outbox), what was asked (command log), and which history this database is (epoch).

-- One row per event, written in the transaction that makes it true. payload is the frame's data exactly as it
-- is sent, hence json and not jsonb. Conversation events carry the revision that orders them; audience names
-- the channels when they are not the aggregate's own.
CREATE TABLE outbox_events (
    id             uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    aggregate_type text NOT NULL,
    aggregate_id   uuid NOT NULL,
    event_type     text NOT NULL,
    payload        json NOT NULL,
    revision       bigint,
    subject_id     uuid,
    audience       text[],
    command_id     uuid,
    created_at     timestamptz NOT NULL DEFAULT NOW(),
    processed_at   timestamptz,
    error          text
);

CREATE INDEX idx_outbox_pending ON outbox_events (created_at) WHERE processed_at IS NULL;
CREATE UNIQUE INDEX one_event_per_revision ON outbox_events (aggregate_id, revision) WHERE revision IS NOT NULL;
CREATE INDEX idx_outbox_processed ON outbox_events USING brin (created_at);

-- Every command, accepted or refused, in the order in which it took effect. Secrets are never in payload.
CREATE TABLE command_log (
    position        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id              uuid NOT NULL CONSTRAINT one_entry_per_command UNIQUE,
    actor_id        uuid,
    session_id      uuid,
    name            text NOT NULL,
    payload         json NOT NULL,
    -- the message a command speaks of, where it is not the one it makes (whose id is the command's own)
    subject_id      uuid,
    refused         text,
    idempotency_key text,
    fingerprint     bytea,
    result          json,
    at              timestamptz NOT NULL
);

CREATE UNIQUE INDEX one_answer_per_key ON command_log (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX idx_command_log_subject ON command_log (subject_id) WHERE subject_id IS NOT NULL;

-- Changes only when the database may have gone back in time: after a restore or a forced failover.
CREATE TABLE database_epoch (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    epoch    uuid NOT NULL DEFAULT uuid_generate_v4()
);
INSERT INTO database_epoch DEFAULT VALUES;
