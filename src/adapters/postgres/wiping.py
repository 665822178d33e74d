"""Taking words back from what is recorded: rows are read, rewritten by the application's rules, and written back."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from adapters.postgres.transaction import Transaction
from application.outbox.recorded import (
    Words,
    command_without_person,
    command_without_words,
    forward_without_words,
)
from application.outbox.wiping import event_without_messages, event_without_person
from domain.messaging.message import Message
from domain.shared.ids import MessageId, UserId
from domain.shared.values import moment

_ATTACHED = ("DELETE FROM message_reactions WHERE message_id = ANY($1)",) + (
    "DELETE FROM message_attachments WHERE message_id = ANY($1)",
)
_EVENTS_OF_MESSAGES = """
SELECT id, payload FROM outbox_events
 WHERE subject_id = ANY($1) OR subject_id IN (SELECT id FROM messages WHERE reply_to_msg_id = ANY($1))
"""
_EVENTS_OF_PERSON = """
SELECT id, payload FROM outbox_events WHERE aggregate_id = $1 AND event_type = 'contact.updated'
"""
_REWRITE_EVENTS = """
UPDATE outbox_events AS o SET payload = v.payload::json
  FROM unnest($1::uuid[], $2::text[]) AS v(id, payload) WHERE o.id = v.id
"""
# In the order in which they took effect: that numbers their words. Forwards are about what they copied.
_COMMANDS_OF_MESSAGES = """
SELECT position, name, payload FROM command_log
 WHERE id = ANY($1) OR subject_id = ANY($1) OR (subject_id = ANY($2) AND name = 'ForwardMessage')
 ORDER BY position
"""
# A forward is recorded once, whatever the number of its copies, and these are wiped in transactions that do not wait for
# each other's conversations: who reads it without a lock would put back what another has just taken out.
_HOLD_COMMANDS = """
SELECT position FROM command_log
 WHERE position IN (
        SELECT position FROM command_log
         WHERE id = ANY($1) OR subject_id = ANY($1) OR (subject_id = ANY($2) AND name = 'ForwardMessage')
         UNION ALL
        SELECT c.position FROM messages m JOIN command_log c ON c.id = m.id WHERE m.reply_to_msg_id = ANY($1)
         UNION ALL
        SELECT c.position FROM messages m JOIN command_log c ON c.subject_id = m.id WHERE m.reply_to_msg_id = ANY($1))
 ORDER BY position FOR UPDATE
"""
# What was answered to a reply repeats the message it answers.
_FORGET_ANSWERS = """
UPDATE command_log AS c SET idempotency_key = NULL, fingerprint = NULL, result = NULL
  FROM messages m
 WHERE m.reply_to_msg_id = ANY($1) AND (c.id = m.id OR c.subject_id = m.id) AND c.result IS NOT NULL
"""
_COMMANDS_OF_PERSON = """
SELECT position, name, payload FROM command_log WHERE subject_id = $1
 UNION ALL
SELECT position, name, payload FROM command_log
 WHERE actor_id = $1 AND name IN ('ChangeMyProfile', 'ChangeMySettings', 'SaveContact')
"""
# The answer that was kept with a command says the same again.
_REWRITE_COMMANDS = """
UPDATE command_log AS c
   SET payload = v.payload::json, idempotency_key = NULL, fingerprint = NULL, result = NULL
  FROM unnest($1::bigint[], $2::text[]) AS v(position, payload) WHERE c.position = v.position
"""


async def wipe_messages(
    transaction: Transaction, tombstones: Mapping[MessageId, Message], origins: Sequence[MessageId]
) -> None:
    """From reactions, attachments, events, previews of replies to them, kept answers, and the log. ``origins``: what
    those that were copies were copies of.
    """
    ids = list(tombstones)
    times = {UUID(str(id)): moment(each.deleted_at) for id, each in tombstones.items() if each.deleted_at}
    named = {UUID(str(each.client_message_id)) for each in tombstones.values() if each.client_message_id}
    words = Words()

    def without(name: str, payload: bytes) -> bytes:
        if name == "ForwardMessage":
            return forward_without_words(payload, named, words)
        return command_without_words(name, payload, words)

    for sql in _ATTACHED:
        await transaction.execute(sql, ids)
    await _rewrite_events(
        transaction, _EVENTS_OF_MESSAGES, ids, lambda body: event_without_messages(body, times)
    )
    await transaction.execute(_HOLD_COMMANDS, ids, list(origins))
    await transaction.execute(_FORGET_ANSWERS, ids)
    of = (ids, list(origins))
    await _rewrite_commands(transaction, _COMMANDS_OF_MESSAGES, of, without, answers_of_all=True)


async def forget_person(transaction: Transaction, user_id: UserId) -> None:
    """From commands they gave or that were about their account, from events for their devices, and when they were
    last seen.
    """
    await transaction.execute(
        "UPDATE users SET is_online = false, last_seen_at = NULL WHERE id = $1", user_id
    )
    await _rewrite_commands(
        transaction,
        _COMMANDS_OF_PERSON,
        (user_id,),
        lambda name, payload: command_without_person(name, payload, user_id),
    )
    await _rewrite_events(transaction, _EVENTS_OF_PERSON, user_id, event_without_person)


async def _rewrite_events(
    transaction: Transaction, sql: str, of: Any, rewrite: Callable[[bytes], bytes]
) -> None:
    found = await transaction.fetch(sql, of)
    if found:
        bodies = [rewrite(row["payload"].encode()).decode() for row in found]
        await transaction.execute(_REWRITE_EVENTS, [row["id"] for row in found], bodies)


async def _rewrite_commands(
    transaction: Transaction,
    sql: str,
    of: tuple[Any, ...],
    rewrite: Callable[[str, bytes], bytes],
    *,
    answers_of_all: bool = False,
) -> None:
    """Rewrite payloads; what was answered is forgotten with them, with ``answers_of_all`` also where a payload says
    nothing that must go: an answer may, of the files that a message carried.
    """
    found = [
        (row["position"], new)
        for row in await transaction.fetch(sql, *of)
        if (new := rewrite(row["name"], row["payload"].encode()).decode()) != row["payload"] or answers_of_all
    ]
    if found:
        await transaction.execute(_REWRITE_COMMANDS, *map(list, zip(*found, strict=True)))
