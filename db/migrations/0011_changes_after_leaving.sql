-- What has become since of messages that somebody who left can still see. By revision alone that is lost among all that
-- was said after them; by sequence alone, among all that was said before. Hence both: 4,096 sequences at a time, and in
-- each by revision. Only changed messages are in it, so sending costs nothing more.

-- Of those that are here already nobody knows whether they were changed: they count as if they were.
ALTER TABLE messages ADD COLUMN is_changed boolean NOT NULL DEFAULT true;
ALTER TABLE messages ALTER COLUMN is_changed SET DEFAULT false;

CREATE FUNCTION fn_note_message_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.is_changed := true;
    RETURN NEW;
END;
$$;

CREATE TRIGGER tr_messages_note_change BEFORE UPDATE OF revision ON messages
    FOR EACH ROW WHEN (NEW.revision IS DISTINCT FROM OLD.revision) EXECUTE FUNCTION fn_note_message_change();

CREATE INDEX idx_messages_changed ON messages (conversation_id, (seq_id >> 12), revision) WHERE is_changed;
