"""Catching up, and receipts, from what lies in a memory store."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from adapters.memory import visibility
from adapters.memory.copies import copied
from adapters.memory.readers import MemoryConversationReader
from adapters.memory.store import MemoryStore
from application.ports.readers import Entry
from application.ports.syncing import ArrivalKey, Changes, Known, Receipt, Standing
from domain.conversation.participant import Participant
from domain.messaging.message import Message
from domain.messaging.receipt import DeliveryStatus
from domain.shared.ids import ConversationId, UserId


class MemorySyncReader:
    """The promise of ``SyncReader``."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._entries = MemoryConversationReader(store)

    async def changes(
        self, user_id: UserId, conversation_id: ConversationId, since: Known, *, limit: int, now: datetime
    ) -> Changes | None:
        store, conversation = self._store, self._store.conversations.get(conversation_id)
        me = store.participants.get((conversation_id, user_id))
        if conversation is None or me is None or conversation.closed_at is not None:
            return None
        seen = {message.id: message for message in visibility.visible(store, me, now)}
        changed = sorted((m for m in seen.values() if m.revision > since.revision), key=lambda m: m.revision)
        messages, has_more = [copied(message) for message in changed[:limit]], len(changed) > limit
        mine = since.my_revision if has_more else me.my_revision
        if has_more:
            reached = messages[-1].revision
        else:
            known = (since.revision, me.revision)
            reached = max(*known, *(m.revision for m in messages)) if me.has_left else conversation.revision
        told = min(reached, me.revision) if me.has_left else reached
        hidden = sorted(
            (number, seq_id)
            for (who, place, seq_id), number in store.hidden.items()
            if (who, place) == (user_id, conversation_id) and since.my_revision < number <= mine
        )
        if len(hidden) > limit:
            has_more, mine = True, hidden[limit - 1][0]
        members = [
            store.participants[conversation_id, id].revision for id in store.people_in[conversation_id]
        ]
        is_first = since.revision == 0
        expired = any(
            since.revision < message.revision <= reached and message.has_expired(now)
            for message in map(store.messages.__getitem__, store.history.get(conversation_id, ()))
        )
        return Changes(
            messages=messages,
            members_changed=any(since.revision < each <= told for each in members)
            or (is_first and not conversation.is_direct),
            info_changed=is_first or since.revision < conversation.info_revision <= told,
            me_changed=me.my_revision != since.my_revision or expired,
            hidden=[store.history[conversation_id][seq_id - 1] for _, seq_id in hidden[:limit]],
            until=Known(reached, mine),
            has_more=has_more,
        )

    async def standings(
        self, user_id: UserId, known: Mapping[ConversationId, Known], now: datetime
    ) -> tuple[list[Standing], list[ConversationId]]:
        mine = {me.conversation_id: me for me in self._mine(user_id)}
        standings = []
        for id in sorted(known.keys() & mine.keys()):
            conversation = self._store.conversations[id]
            at = Known(conversation.revision, mine[id].my_revision)
            if at != known[id]:
                unread = visibility.unread(self._store, mine[id], now)
                standings.append(
                    Standing(
                        conversation_id=id,
                        at=at,
                        last_sequence=conversation.last_sequence,
                        unread_count=unread,
                    )
                )
        return standings, sorted(known.keys() - mine.keys())

    async def joined(
        self, user_id: UserId, *, after: ArrivalKey | None, limit: int, now: datetime
    ) -> list[tuple[Entry, ArrivalKey]]:
        arrivals = sorted(
            (self._store.arrivals[me.conversation_id, user_id], me.conversation_id)
            for me in self._mine(user_id)
        )
        if after is not None:
            arrivals = [each for each in arrivals if each > (after.arrival, after.conversation_id)]
        found = []
        for arrival, id in arrivals[:limit]:
            entry = self._entries.entry_of(user_id, id, now, of_groups=False)
            found.append((entry, ArrivalKey(arrival, id)))
        return found

    def _mine(self, user_id: UserId) -> list[Participant]:
        store = self._store
        mine = [store.participants[id, user_id] for id in store.conversations_of.get(user_id, ())]
        return [
            me for me in mine if me.is_listed and store.conversations[me.conversation_id].closed_at is None
        ]


class MemoryReceiptReader:
    """The promise of ``ReceiptReader``."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def page(
        self,
        message: Message,
        viewer: UserId,
        *,
        reads: bool,
        statuses: Sequence[DeliveryStatus],
        after: UserId | None,
        limit: int,
    ) -> list[Receipt]:
        found = [each for each in self._receipts(message, viewer, reads) if each.status in statuses]
        return [each for each in found if after is None or each.user_id > after][:limit]

    async def counts(self, message: Message, viewer: UserId, *, reads: bool) -> tuple[int, int]:
        receipts = self._receipts(message, viewer, reads)
        read = sum(each.read_at is not None for each in receipts)
        return sum(each.delivered_at is not None for each in receipts), read

    def _receipts(self, message: Message, viewer: UserId, reads: bool) -> list[Receipt]:
        there = sorted(self._store.people_in.get(message.conversation_id, ()))
        return [
            self._receipt(message, viewer, who, reads)
            for who in there
            if who != message.sender_id and self._was_there(message, who)
        ]

    def _was_there(self, message: Message, who: UserId) -> bool:
        me, place = self._store.participants[message.conversation_id, who], (message.conversation_id, who)
        stays = [(each.joined_sequence, each.left_sequence) for each in self._store.stays_of(*place)]
        latest = (me.joined_sequence, message.seq_id if me.left_sequence is None else me.left_sequence)
        return any(start < message.seq_id <= end for start, end in [*stays, latest])

    def _receipt(self, message: Message, viewer: UserId, who: UserId, reads: bool) -> Receipt:
        at = {
            each.status: each.at
            for each in self._store.ranges
            if (each.conversation_id, each.user_id) == (message.conversation_id, who)
            and each.from_sequence <= message.seq_id <= each.to_sequence
        }
        if self._is_crossed(viewer, who):
            at = {}
        read = at.get(DeliveryStatus.READ)
        delivered = at.get(DeliveryStatus.DELIVERED, read)
        read = read if reads else None
        status = DeliveryStatus.SENT if delivered is None else DeliveryStatus.DELIVERED
        return Receipt(
            user_id=who,
            status=status if read is None else DeliveryStatus.READ,
            delivered_at=delivered,
            read_at=read,
            updated_at=read or delivered or message.created_at,
        )

    def _is_crossed(self, one: UserId, other: UserId) -> bool:
        rows = (self._store.contacts.get(pair) for pair in ((one, other), (other, one)))
        return any(row is not None and row.is_blocked for row in rows)
