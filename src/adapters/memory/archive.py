"""Everything a memory store has about somebody."""

from collections.abc import AsyncGenerator, Iterable
from typing import Any

import msgspec

from adapters.memory.store import MemoryStore
from application.identity.archive import row, row_of
from domain.shared.ids import UserId


class MemoryArchive:
    """The promise of ``Archive``; one moment, because nothing here waits."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def everything(self, user_id: UserId) -> AsyncGenerator[tuple[str, dict[str, Any]], None]:
        for found in list(self._everything(user_id)):
            yield found

    def _everything(self, me: UserId) -> Iterable[tuple[str, dict[str, Any]]]:
        store = self._store
        yield "account", row_of(store.users[me])
        yield "settings", row_of(store.settings[me])
        for session in sorted(store.sessions_of.get(me, ())):
            yield "sessions", row_of(store.sessions[session])
        for pair in sorted(pair for pair in store.contacts if pair[0] == me):
            yield "contacts", row_of(store.contacts[pair])
        for place in sorted(store.conversations_of.get(me, ())):
            conversation = store.conversations[place]
            named = {"type": conversation.type, "subject": conversation.subject}
            yield "conversations", row_of(store.participants[place, me]) | row(named)
        stays = [each for each in store.stays if each.user_id == me]
        for stay in sorted(stays, key=lambda each: (each.conversation_id, each.left_sequence)):
            yield "stays", row_of(stay)
        mine = [message for message in store.messages.values() if message.sender_id == me]
        for message in sorted(mine, key=lambda each: (each.conversation_id, each.seq_id)):
            yield "messages", row_of(message)
        given = [reaction for reaction in store.reactions.values() if reaction.user_id == me]
        for reaction in sorted(given, key=lambda each: (each.message_id, each.reaction_code)):
            said = {"message_id": reaction.message_id, "reaction_code": reaction.reaction_code}
            yield "reactions", row(said | {"created_at": reaction.created_at})
        for _, place, seq_id in sorted(hidden for hidden in store.hidden if hidden[0] == me):
            yield "hidden_messages", row({"conversation_id": place, "seq_id": seq_id})
        receipts = [each for each in store.ranges if each.user_id == me]
        for receipt in sorted(receipts, key=lambda r: (r.conversation_id, r.status, r.to_sequence)):
            yield "receipts", row_of(receipt)
        uploaded = [each for each in store.attachments.values() if each.uploader_id == me]
        for attachment in sorted(uploaded, key=lambda each: each.id):
            left_out = ("uploader_id", "url", "sha256")
            stored = row_of(attachment)
            yield "attachments", {name: value for name, value in stored.items() if name not in left_out}
        for entry in store.log.values():
            if me in (entry.actor_id, entry.subject_id):
                fields = {"name": entry.name, "at": entry.at, "refused": entry.refused}
                yield "commands", row(fields) | {"payload": msgspec.json.decode(entry.payload)}


class MemoryRedactions:
    """Erased people whose messages are still there."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def pending(self) -> list[UserId]:
        return sorted(user.id for user in self._store.users.values() if user.redaction_pending)
