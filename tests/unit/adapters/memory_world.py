"""The memory adapters as one world, for certifying them and for breaking them on purpose."""

from collections.abc import Sequence

from adapters.memory.archive import MemoryArchive, MemoryRedactions
from adapters.memory.message_reader import MemoryExpirations, MemoryMessageReader
from adapters.memory.outbox import MemoryCommandLog, MemoryOutbox
from adapters.memory.people_readers import (
    MemoryContactReader,
    MemoryCredentials,
    MemoryDirectory,
    MemoryProfiles,
    MemoryRelations,
    MemorySessionReader,
)
from adapters.memory.presence import MemoryMirror
from adapters.memory.readers import MemoryConversationReader, MemoryDescriptions, MemoryEpochs
from adapters.memory.store import MemoryStore
from adapters.memory.summaries import MemorySummaries
from adapters.memory.sync_reader import MemoryReceiptReader, MemorySyncReader
from adapters.memory.unit_of_work import MemoryUnitsOfWork
from application.testing.world import World
from domain.messaging.attachment import Attachment
from domain.messaging.message import Message
from domain.messaging.receipt import ReceiptRange
from domain.shared.ids import ConversationId, UserId


class MemoryBackstage:
    """What lies in a store, and what no port puts there."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def ranges(self, conversation_id: ConversationId) -> list[ReceiptRange]:
        return [stored for stored in self._store.ranges if stored.conversation_id == conversation_id]

    async def hide(self, user_id: UserId, message: Message, my_revision: int = 1) -> None:
        self._store.hidden[user_id, message.conversation_id, message.seq_id] = my_revision

    async def spoil_summaries(self, conversation_ids: Sequence[ConversationId]) -> int:
        return 0

    async def rewrite(self, message: Message) -> None:
        self._store.put_message(message)

    async def upload(self, attachment: Attachment) -> None:
        self._store.attachments[attachment.id] = attachment

    async def hidden(self, user_id: UserId) -> dict[int, int]:
        return {seq_id: mine for (who, _, seq_id), mine in self._store.hidden.items() if who == user_id}


def memory_world(store: MemoryStore) -> World:
    """Every port over ``store``."""
    return World(
        units=MemoryUnitsOfWork(store),
        profiles=MemoryProfiles(store),
        relations=MemoryRelations(store),
        directory=MemoryDirectory(store),
        credentials=MemoryCredentials(store),
        sessions=MemorySessionReader(store),
        contacts=MemoryContactReader(store),
        archive=MemoryArchive(store),
        redactions=MemoryRedactions(store),
        conversations=MemoryConversationReader(store),
        descriptions=MemoryDescriptions(store),
        messages=MemoryMessageReader(store),
        sync=MemorySyncReader(store),
        receipts=MemoryReceiptReader(store),
        summaries=MemorySummaries(store),
        expirations=MemoryExpirations(store),
        epochs=MemoryEpochs(store),
        mirror=MemoryMirror(store),
        outbox=MemoryOutbox(store),
        rival_outbox=MemoryOutbox(store),
        command_log=MemoryCommandLog(store),
        backstage=MemoryBackstage(store),
    )
