"""What one participant can see of a conversation, and what of it is news to them: one rule, in SQL.

The names given are aliases of ``messages`` and of something with the participant's columns, and an expression
for the time; all of them are written in this package, never by a caller from outside.
"""

UNREAD_AT_MOST = 100


def is_visible(message: str, me: str, now: str) -> str:
    """Not expired and not hidden by them. What was cleared, and where they left, bound the sequence."""
    return (
        f"({message}.expires_at IS NULL OR {message}.expires_at > {now})"
        f" AND NOT EXISTS (SELECT FROM hidden_messages h WHERE h.user_id = {me}.user_id"
        f" AND h.conversation_id = {me}.conversation_id AND h.seq_id = {message}.seq_id)"
    )


def is_archived(me: str, summary: str) -> str:
    """Put away, and not undone since by a message that came while it was not muted; whoever left hears none.

    ``summary`` is the conversation's row of its summaries, outer joined or not.
    """
    return (
        f"({me}.archived AND ({me}.left_at IS NOT NULL OR {summary}.seq_id IS NULL"
        f" OR {summary}.seq_id <= {me}.archived_at_sequence"
        f" OR coalesce({summary}.created_at < {me}.muted_until, false)))"
    )


def is_news(message: str, me: str, now: str) -> str:
    """Visible, of somebody else they do not block, said by a person, and not deleted."""
    return (
        f"{message}.sender_id <> {me}.user_id AND {message}.type <> 'SYSTEM' AND {message}.deleted_at IS NULL"
        f" AND {is_visible(message, me, now)}"
        f" AND NOT EXISTS (SELECT FROM user_contacts k WHERE k.user_id = {me}.user_id"
        f" AND k.contact_user_id = {message}.sender_id AND k.is_blocked)"
    )


SEEN = f"""
  FROM messages m
  JOIN participants p ON p.conversation_id = m.conversation_id AND p.user_id = $2
  JOIN conversations c ON c.id = m.conversation_id AND c.closed_at IS NULL
 WHERE m.id = ANY($1) AND m.seq_id > p.cleared_through_sequence
   AND (p.left_sequence IS NULL OR m.seq_id <= p.left_sequence) AND {is_visible("m", "p", "$3")}
"""
"""Of the messages ``$1`` those that the person ``$2`` can see at ``$3``, as ``m``, with their place as ``p``."""
