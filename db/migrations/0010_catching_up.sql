-- Catching up by numbers, never by time: what each person has joined in which order, when a conversation's info last
-- changed, who was a member when a message was sent, and up to where a conversation was put away.

-- Archived is derived: a later message that was not muted has undone it, and no send writes here.
ALTER TABLE participants ADD COLUMN archived_at_sequence bigint NOT NULL DEFAULT 0;

UPDATE participants p SET archived_at_sequence = q.last_sequence
  FROM conversation_sequences q WHERE q.conversation_id = p.conversation_id AND p.archived;

ALTER TABLE conversations ADD COLUMN info_revision bigint NOT NULL DEFAULT 0;

-- Of one person's participations each next one has the next number, in commit order: the row that counts them stays
-- locked until the commit, so whoever has seen a number has seen all before it.
CREATE TABLE user_arrivals (
    user_id uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    last    bigint NOT NULL
);

ALTER TABLE participants ADD COLUMN arrival bigint NOT NULL DEFAULT 0;

UPDATE participants p SET arrival = n.number
  FROM (SELECT conversation_id, user_id,
               row_number() OVER (PARTITION BY user_id ORDER BY joined_at, conversation_id) AS number
          FROM participants WHERE left_at IS NULL AND listed) AS n
 WHERE n.conversation_id = p.conversation_id AND n.user_id = p.user_id;

INSERT INTO user_arrivals (user_id, last) SELECT user_id, max(arrival) FROM participants WHERE arrival > 0 GROUP BY user_id;

CREATE INDEX idx_participants_arrival ON participants (user_id, arrival, conversation_id);
CREATE INDEX idx_participants_changed ON participants (conversation_id, revision);
CREATE INDEX idx_hidden_messages_since ON hidden_messages (user_id, conversation_id, my_revision);

-- Memberships that have ended, one row each: participants only knows the latest.
CREATE TABLE ended_memberships (
    conversation_id uuid NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id         uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    joined_sequence bigint NOT NULL,
    left_sequence   bigint NOT NULL,
    PRIMARY KEY (conversation_id, user_id, left_sequence)
);

INSERT INTO ended_memberships SELECT conversation_id, user_id, joined_sequence, left_sequence
  FROM participants WHERE left_at IS NOT NULL;

-- One row for every other participant who was a member when a message was sent, then or during an earlier stay. Who
-- has read has received: one range says both.
CREATE OR REPLACE VIEW message_receipts AS
SELECT m.id AS message_id,
       p.user_id,
       CASE WHEN r.at IS NOT NULL THEN 'READ'
            WHEN d.at IS NOT NULL THEN 'DELIVERED'
            ELSE 'SENT' END::delivery_status AS status,
       COALESCE(d.at, r.at) AS delivered_at,
       r.at AS read_at,
       COALESCE(r.at, d.at, m.created_at) AS updated_at
  FROM messages m
  JOIN participants p
    ON p.conversation_id = m.conversation_id
   AND p.user_id <> m.sender_id
   AND ((p.joined_sequence < m.seq_id AND (p.left_sequence IS NULL OR m.seq_id <= p.left_sequence))
        OR EXISTS (SELECT FROM ended_memberships e
                    WHERE e.conversation_id = m.conversation_id AND e.user_id = p.user_id
                      AND e.joined_sequence < m.seq_id AND m.seq_id <= e.left_sequence))
  LEFT JOIN LATERAL (
        SELECT x.at, x.from_sequence FROM receipt_ranges x
         WHERE x.conversation_id = m.conversation_id AND x.user_id = p.user_id
           AND x.status = 'DELIVERED' AND x.to_sequence >= m.seq_id
         ORDER BY x.to_sequence LIMIT 1) d ON d.from_sequence <= m.seq_id
  LEFT JOIN LATERAL (
        SELECT x.at, x.from_sequence FROM receipt_ranges x
         WHERE x.conversation_id = m.conversation_id AND x.user_id = p.user_id
           AND x.status = 'READ' AND x.to_sequence >= m.seq_id
         ORDER BY x.to_sequence LIMIT 1) r ON r.from_sequence <= m.seq_id;
