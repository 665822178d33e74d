"""Taking words back from what a memory store has recorded."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from adapters.memory.store import MemoryStore
from application.outbox.recorded import (
    Words,
    command_without_person,
    command_without_words,
    forward_without_words,
)
from application.outbox.wiping import event_without_messages, event_without_person
from application.ports.command_log import LogEntry
from domain.messaging.message import Message
from domain.shared.ids import MessageId, UserId
from domain.shared.values import moment


def origins_of(store: MemoryStore, ids: Iterable[MessageId]) -> set[MessageId]:
    """What messages are copies of, as far as they are; of those about to be wiped, before they are."""
    stored = (store.messages[id].forwarded_from_msg_id for id in ids if id in store.messages)
    return {origin for origin in stored if origin is not None}


def wipe_messages(
    store: MemoryStore, tombstones: Mapping[MessageId, Message], origins: Collection[MessageId]
) -> None:
    """From reactions, attachments, events, previews of replies to them, kept answers, and the log."""
    if not tombstones:
        return
    for message_id in tombstones:
        store.carried.pop(message_id, None)
    for key in [key for key in store.reactions if key[0] in tombstones]:
        del store.reactions[key]
    times = {UUID(str(id)): moment(each.deleted_at) for id, each in tombstones.items() if each.deleted_at}
    replies = {message.id for message in store.messages.values() if message.reply_to_msg_id in tombstones}
    for id, frame in store.frames.items():
        if frame.subject_id in tombstones or frame.subject_id in replies:
            store.frames[id] = replace(frame, body=event_without_messages(frame.body, times))
    named = {UUID(str(each.client_message_id)) for each in tombstones.values() if each.client_message_id}
    words = Words()
    for entry in list(store.log.values()):
        if entry.name == "ForwardMessage" and entry.subject_id in origins:
            _record(store, entry, forward_without_words(entry.payload, named, words))
        elif entry.id in tombstones or entry.subject_id in tombstones:
            _record(store, entry, command_without_words(entry.name, entry.payload, words))
        elif entry.result is not None and (entry.id in replies or entry.subject_id in replies):
            _record(store, entry, entry.payload)


def forget_person(store: MemoryStore, user_id: UserId) -> None:
    """From commands they gave or that were about their account, from events for their devices, and when they were
    last seen.
    """
    store.mirror.pop(user_id, None)
    for entry in list(store.log.values()):
        if user_id in (entry.actor_id, entry.subject_id):
            payload = command_without_person(entry.name, entry.payload, user_id)
            if payload != entry.payload:
                _record(store, entry, payload)
    for id, frame in store.frames.items():
        if frame.aggregate_type == "user" and frame.aggregate_id == user_id:
            store.frames[id] = replace(frame, body=event_without_person(frame.body))


def _record(store: MemoryStore, entry: LogEntry, payload: bytes) -> None:
    """Put another payload into the log; the answer that was kept with it goes."""
    if entry.idempotency_key is not None:
        store.answers.pop(entry.idempotency_key, None)
    store.log[entry.id] = replace(entry, payload=payload, idempotency_key=None, fingerprint=None, result=None)
