"""What messages carry and were given in memory: attachments and reactions."""

from collections.abc import Sequence

from adapters.memory.store import MemoryStore
from adapters.memory.turn import Turn
from application.bus.account import Ledger
from domain.messaging.attachment import Attachment
from domain.messaging.reaction import Reaction, Tally, changed
from domain.shared.ids import AttachmentId, MessageId, UserId


def carried_by(store: MemoryStore, ids: Sequence[MessageId]) -> dict[MessageId, tuple[Attachment, ...]]:
    """What messages carry, in order."""
    return {
        id: tuple(store.attachments[each] for each in store.carried[id]) for id in ids if id in store.carried
    }


def tallies(
    store: MemoryStore, ids: Sequence[MessageId], viewer: UserId
) -> dict[MessageId, tuple[Tally, ...]]:
    """How many reacted to messages, by code; the code that came first first."""
    found: dict[MessageId, tuple[Tally, ...]] = {}
    here = [reaction for reaction in store.reactions.values() if reaction.message_id in ids]
    for reaction in sorted(here, key=lambda each: (each.created_at, each.reaction_code)):
        known = found.get(reaction.message_id, ())
        mine = reaction.user_id == viewer
        found[reaction.message_id] = changed(known, reaction.reaction_code, 1, mine=mine)
    return found


class MemoryAttachments:
    """Attachments, and which of them the messages of this unit of work carry."""

    def __init__(self, turn: Turn, saved: Ledger) -> None:
        self._saved = saved
        self._turn = turn
        self.attached: dict[MessageId, list[AttachmentId]] = {}

    async def find_many(self, ids: Sequence[AttachmentId]) -> dict[AttachmentId, Attachment]:
        store = await self._turn.take()
        return {id: store.attachments[id] for id in ids if id in store.attachments}

    def attach(self, message_id: MessageId, ids: Sequence[AttachmentId]) -> None:
        self._saved.wrote()
        self.attached[message_id] = list(ids)

    async def carried_by(self, message_ids: Sequence[MessageId]) -> dict[MessageId, tuple[Attachment, ...]]:
        store = await self._turn.take()
        here = {id: self.attached[id] for id in message_ids if id in self.attached}
        return carried_by(store, message_ids) | {
            id: tuple(store.attachments[each] for each in ids) for id, ids in here.items()
        }


class MemoryReactions:
    """Reactions of one unit of work: the last word on each counts."""

    def __init__(self, turn: Turn, saved: Ledger) -> None:
        self._saved = saved
        self._turn = turn
        self.changes: dict[tuple[MessageId, UserId, str], Reaction | None] = {}

    def add(self, reaction: Reaction) -> None:
        self._saved.wrote()
        self.changes[reaction.message_id, reaction.user_id, reaction.reaction_code] = reaction

    def remove(self, message_id: MessageId, user_id: UserId, reaction_code: str) -> None:
        self._saved.wrote()
        self.changes[message_id, user_id, reaction_code] = None

    async def tallies(
        self, message_ids: Sequence[MessageId], viewer: UserId
    ) -> dict[MessageId, tuple[Tally, ...]]:
        found = tallies(await self._turn.take(), message_ids, viewer)
        for (message_id, user_id, code), reaction in self.changes.items():
            if message_id in message_ids:
                by = 1 if reaction else -1
                found[message_id] = changed(found.get(message_id, ()), code, by, mine=user_id == viewer)
        return found
