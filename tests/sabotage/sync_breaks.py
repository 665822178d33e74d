"""Ways in which catching up, receipts and one's own place in conversations may be wrong."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from adapters.memory.chat_repositories import MemoryParticipants
from adapters.memory.copies import copied
from adapters.memory.readers import MemoryConversationReader
from adapters.memory.sync_reader import MemoryReceiptReader, MemorySyncReader
from application.ports.readers import Entry
from application.ports.syncing import ArrivalKey, Changes, Known
from domain.conversation.participant import Participant
from domain.messaging.message import Message
from domain.shared.ids import ConversationId, UserId


class NeverUnarchives(MemoryConversationReader):
    async def membership(self, user_id: UserId, conversation_id: ConversationId) -> Participant | None:
        me = await super().membership(user_id, conversation_id)
        return None if me is None else copied(self._store.participants[conversation_id, user_id])


class CountsTheMuted(MemoryConversationReader):
    async def unread(self, user_id: UserId, now: datetime) -> tuple[int, int]:
        entries = await self.page(user_id, archived=False, left=False, after=None, limit=1000, now=now)
        counts = [each.unread_count for each in entries if each.unread_count]
        return len(counts), sum(counts)


class CountsPinsOfOthers(MemoryParticipants):
    async def pinned(self, user_id: UserId) -> int:
        store = await self._turn.take()
        return sum(each.pinned_at is not None for each in store.participants.values())


class LetsTheDeactivatedFollow(MemoryParticipants):
    async def heir(self, conversation_id: ConversationId, besides: UserId) -> Participant | None:
        store = await self._turn.take()
        found = [await self.find(conversation_id, id) for id in store.people_in.get(conversation_id, ())]
        others = [p for p in found if p is not None and not p.has_left and p.user_id != besides]
        return min(others, key=lambda p: (-p.role.rank, p.joined_at, p.user_id), default=None)


class PromisesTooMuch(MemorySyncReader):
    """Says that it told everything up to the head, when it told one page."""

    async def changes(
        self, user_id: UserId, conversation_id: ConversationId, since: Known, *, limit: int, now: datetime
    ) -> Changes | None:
        found = await super().changes(user_id, conversation_id, since, limit=limit, now=now)
        if found is None:
            return None
        head = self._store.conversations[conversation_id].revision
        return replace(found, until=Known(head, found.until.my_revision))


class TellsTheLeftAgain(MemorySyncReader):
    """Lets somebody who left, and knows all, begin again where they left."""

    async def changes(
        self, user_id: UserId, conversation_id: ConversationId, since: Known, *, limit: int, now: datetime
    ) -> Changes | None:
        found = await super().changes(user_id, conversation_id, since, limit=limit, now=now)
        me = self._store.participants.get((conversation_id, user_id))
        if found is None or me is None or not me.has_left or found.messages:
            return found
        return replace(found, until=Known(me.revision, found.until.my_revision))


class ForgetsTheHidden(MemorySyncReader):
    async def changes(
        self, user_id: UserId, conversation_id: ConversationId, since: Known, *, limit: int, now: datetime
    ) -> Changes | None:
        found = await super().changes(user_id, conversation_id, since, limit=limit, now=now)
        return None if found is None else replace(found, hidden=[])


class JoinsInTheOrderOfIds(MemorySyncReader):
    async def joined(
        self, user_id: UserId, *, after: ArrivalKey | None, limit: int, now: datetime
    ) -> list[tuple[Entry, ArrivalKey]]:
        found = await super().joined(user_id, after=None, limit=1000, now=now)
        ordered = sorted(found, key=lambda each: each[1].conversation_id)
        return [each for each in ordered if not after or each[1].conversation_id > after.conversation_id][
            :limit
        ]


class CrossesBlocks(MemoryReceiptReader):
    def _is_crossed(self, one: UserId, other: UserId) -> bool:
        return False


class ForgetsEarlierStays(MemoryReceiptReader):
    def _was_there(self, message: Message, who: UserId) -> bool:
        me = self._store.participants[message.conversation_id, who]
        return me.joined_sequence < message.seq_id and (
            me.left_sequence is None or message.seq_id <= me.left_sequence
        )


SYNC_BREAKS: dict[str, dict[str, Any]] = {
    "archiving is never undone": {"conversations": NeverUnarchives},
    "the total counts what is muted": {"conversations": CountsTheMuted},
    "a page of changes promises too much": {"sync": PromisesTooMuch},
    "changes begin again for who left": {"sync": TellsTheLeftAgain},
    "changes forget what was hidden": {"sync": ForgetsTheHidden},
    "arrivals come in the order of ids": {"sync": JoinsInTheOrderOfIds},
    "receipts cross a block": {"receipts": CrossesBlocks},
    "receipts forget who was there before": {"receipts": ForgetsEarlierStays},
}
"""By the port of the store that each breaks."""
