-- Finding people by the beginning of a name: a range of an index, whichever of the two names it is. Contacts in
-- the order of saving. What others may know of a participant's cursors, which is less while a block is between them.

CREATE INDEX idx_users_username_prefix ON users (lower(username::text) COLLATE "C") WHERE is_active;
CREATE INDEX idx_users_display_name_prefix ON users (lower(display_name) COLLATE "C") WHERE is_active;
CREATE INDEX idx_contacts_listed ON user_contacts (user_id, created_at, contact_user_id);

ALTER TABLE participants
    ADD COLUMN told_read_sequence bigint NOT NULL DEFAULT 0,
    ADD COLUMN told_delivered_sequence bigint NOT NULL DEFAULT 0;

UPDATE participants SET told_read_sequence = last_read_sequence, told_delivered_sequence = last_delivered_sequence;

ALTER TABLE participants ADD CONSTRAINT told_is_at_most_true CHECK (
    told_read_sequence <= last_read_sequence AND told_delivered_sequence <= last_delivered_sequence
);

-- An erased account whose messages are still to be wiped.
ALTER TABLE users ADD COLUMN redaction_pending boolean NOT NULL DEFAULT false;

CREATE INDEX idx_users_redaction_pending ON users (id) WHERE redaction_pending;

-- What is recorded of a person or of a message's words must be found to be taken back. Of commands that name their
-- giver only as actor, just those are indexed that say something personal: sending pays for none of it.
CREATE INDEX idx_command_log_personal ON command_log (actor_id)
    WHERE name IN ('ChangeMyProfile', 'ChangeMySettings', 'SaveContact');
CREATE INDEX idx_outbox_of_person ON outbox_events (aggregate_id) WHERE event_type = 'contact.updated';
CREATE INDEX idx_outbox_subject ON outbox_events (subject_id) WHERE subject_id IS NOT NULL;
