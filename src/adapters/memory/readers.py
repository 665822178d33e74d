"""Reading conversations in memory: what is committed, as one person may find it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from adapters.memory import visibility
from adapters.memory.copies import copied
from adapters.memory.store import MemoryStore
from application.conversation.views import RECEIPTS_UP_TO_MEMBERS
from application.ports.descriptions import Description
from application.ports.readers import Entry, EntryKey, MemberKey, Summary
from domain.conversation.conversation import Conversation
from domain.conversation.participant import Participant, Role
from domain.messaging.content import preview
from domain.messaging.message import Message
from domain.shared.ids import ConversationId, UserId, peer_of

_ALL = 2**31
_NEVER = datetime.min.replace(tzinfo=UTC)


class Reading:
    """What every reader is: looks at one store, and hands out copies."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store


class MemoryConversationReader(Reading):
    """Conversations as their participants have them."""

    async def page(
        self,
        user_id: UserId,
        *,
        archived: bool,
        left: bool,
        after: EntryKey | None,
        limit: int,
        now: datetime,
    ) -> list[Entry]:
        entries = [
            self._entry(me, conversation, now, with_receipts=conversation.is_direct)
            for id in self._store.conversations_of.get(user_id, ())
            if (me := visibility.participation(self._store, self._store.participants[id, user_id])).has_left
            is left
            and me.archived is archived
            and me.listed
            and (conversation := self._store.conversations[id]).closed_at is None
        ]
        ordered = sorted(entries, key=_place, reverse=True)
        if after is not None:
            end = (after.pinned_at or _NEVER, after.last_activity_at, after.conversation_id)
            ordered = [entry for entry in ordered if _place(entry) < end]
        return ordered[:limit]

    async def entry(self, user_id: UserId, conversation_id: ConversationId, now: datetime) -> Entry | None:
        if await self.membership(user_id, conversation_id) is None:
            return None
        return self.entry_of(user_id, conversation_id, now, of_groups=True)

    def entry_of(
        self, user_id: UserId, conversation_id: ConversationId, now: datetime, *, of_groups: bool
    ) -> Entry:
        """One that is there; receipts of a group only where they are asked for."""
        conversation = self._store.conversations[conversation_id]
        me = self._store.participants[conversation_id, user_id]
        return self._entry(me, conversation, now, with_receipts=of_groups or conversation.is_direct)

    async def membership(self, user_id: UserId, conversation_id: ConversationId) -> Participant | None:
        me = self._store.participants.get((conversation_id, user_id))
        if me is None or self._store.conversations[conversation_id].closed_at is not None:
            return None
        return visibility.participation(self._store, me)

    async def members(
        self, conversation_id: ConversationId, *, after: MemberKey | None, limit: int
    ) -> list[Participant]:
        start = None if after is None else _rank(after.role, after.joined_at, after.user_id)
        ranked = {_rank(p.role, p.joined_at, p.user_id): p for p in self._present(conversation_id)}
        beyond = sorted(rank for rank in ranked if start is None or rank > start)
        return [copied(ranked[rank]) for rank in beyond[:limit]]

    async def unread(self, user_id: UserId, now: datetime) -> tuple[int, int]:
        entries = await self.page(user_id, archived=False, left=False, after=None, limit=_ALL, now=now)
        heard = [each for each in entries if each.me.muted_until is None or each.me.muted_until <= now]
        counts = [each.unread_count for each in heard if each.unread_count]
        return len(counts), sum(counts)

    async def heads(self, user_ids: Sequence[UserId]) -> dict[UserId, dict[ConversationId, int]]:
        found = {user_id: await self.heads_of(self._places(user_id)) for user_id in user_ids}
        return {user_id: heads for user_id, heads in found.items() if heads}

    def _places(self, user_id: UserId) -> list[ConversationId]:
        mine = self._store.conversations_of.get(user_id, ())
        present = [id for id in mine if not self._store.participants[id, user_id].has_left]
        return [id for id in present if self._store.conversations[id].closed_at is None]

    async def left_among(
        self, user_id: UserId, conversation_ids: Sequence[ConversationId]
    ) -> set[ConversationId]:
        here = set(self._places(user_id))
        mine = set(self._store.conversations_of.get(user_id, ()))
        return (mine - here) & set(conversation_ids)

    async def present(self, conversation_id: ConversationId, among: Sequence[UserId]) -> set[UserId]:
        conversation = self._store.conversations.get(conversation_id)
        if conversation is None or conversation.closed_at is not None:
            return set()
        return {p.user_id for p in self._present(conversation_id)} & set(among)

    async def heads_of(self, conversation_ids: Sequence[ConversationId]) -> dict[ConversationId, int]:
        known = self._store.conversations
        return {id: known[id].revision for id in conversation_ids if id in known}

    def _entry(
        self, me: Participant, conversation: Conversation, now: datetime, *, with_receipts: bool
    ) -> Entry:
        key = conversation.direct_key
        last = self._last_message(me, now)
        is_small = conversation.member_count <= RECEIPTS_UP_TO_MEMBERS
        return Entry(
            conversation=copied(conversation),
            me=visibility.participation(self._store, me),
            peer_id=None if key is None else peer_of(key, me.user_id),
            unread_count=visibility.unread(self._store, me, now),
            last_message=last,
            last_activity_at=conversation.created_at if last is None else last.created_at,
            receipts=self._receipts(me) if with_receipts and is_small else None,
        )

    def _last_message(self, me: Participant, now: datetime) -> Summary | None:
        for id in reversed(self._store.history.get(me.conversation_id, [])):
            message = self._store.messages[id]
            if visibility.can_see(self._store, me, message, now):
                return _summary(message)
        return None

    def _receipts(self, me: Participant) -> tuple[int, int]:
        others = [p for p in self._present(me.conversation_id) if p.user_id != me.user_id]
        return (
            min((p.told_delivered_sequence for p in others), default=0),
            min((p.told_read_sequence for p in others), default=0),
        )

    def _present(self, conversation_id: ConversationId) -> list[Participant]:
        ids = self._store.people_in.get(conversation_id, ())
        everybody = [self._store.participants[conversation_id, id] for id in ids]
        return [participant for participant in everybody if not participant.has_left]


class MemoryDescriptions(Reading):
    """What describes conversations."""

    async def about(self, conversation_ids: Sequence[ConversationId]) -> dict[ConversationId, Description]:
        kept = self._store.conversations
        return {id: Description.of(kept[id]) for id in conversation_ids if id in kept}


class MemoryEpochs(Reading):
    """Which history this store is."""

    async def current(self) -> str:
        return self._store.epoch


def _place(entry: Entry) -> tuple[datetime, datetime, ConversationId]:
    return (entry.me.pinned_at or _NEVER, entry.last_activity_at, entry.conversation.id)


def _rank(role: Role, joined_at: datetime, user_id: UserId) -> tuple[int, datetime, UserId]:
    return -role.rank, joined_at, user_id


def _summary(message: Message) -> Summary:
    is_deleted = message.deleted_at is not None
    return Summary(
        message_id=message.id,
        seq_id=message.seq_id,
        sender_id=message.sender_id,
        type=message.type,
        preview=None if is_deleted else preview(message.content),
        created_at=message.created_at,
        deleted=is_deleted,
    )
