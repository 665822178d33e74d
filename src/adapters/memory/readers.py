"""The read side over memory."""

from collections.abc import Sequence
from datetime import UTC, datetime

from adapters.memory.seeing import unread, visible
from adapters.memory.store import MemoryStore, apart
from application.conversation.views import RECEIPTS_UP_TO_MEMBERS
from application.ports.readers import Entry, EntryKey, MemberKey, MessagePage, Profile, Summary
from domain.conversation.participant import Participant
from domain.identity.session import Session
from domain.identity.settings import Relation
from domain.identity.user import User
from domain.messaging.content import preview
from domain.shared.ids import ConversationId, SessionId, UserId, peer_of

_NEVER = datetime.min.replace(tzinfo=UTC)


class _Reading:
    def __init__(self, store: MemoryStore) -> None:
        self._store = store


class MemoryProfiles(_Reading):
    """Accounts with their settings, raw."""

    async def of(self, user_ids: Sequence[UserId]) -> dict[UserId, Profile]:
        store = self._store
        return {
            id: Profile(user=apart(store.users[id]), settings=store.settings[id])
            for id in user_ids
            if id in store.users
        }


class MemoryRelations(_Reading):
    """Who saved and who blocked whom."""

    async def between(self, viewer: UserId, others: Sequence[UserId]) -> dict[UserId, Relation]:
        return {other: self._relation(viewer, other) for other in others}

    def _relation(self, viewer: UserId, other: UserId) -> Relation:
        mine = self._store.contacts.get((viewer, other))
        theirs = self._store.contacts.get((other, viewer))
        return Relation(
            is_self=viewer == other,
            saved_by_viewer=mine is not None and mine.saved,
            saved_by_target=theirs is not None and theirs.saved,
            blocked_by_viewer=mine is not None and mine.is_blocked,
            blocked_by_target=theirs is not None and theirs.is_blocked,
        )


class MemorySessionReader(_Reading):
    """Sessions by id."""

    async def find(self, session_id: SessionId) -> Session | None:
        found = self._store.sessions.get(session_id)
        return None if found is None else apart(found)


class MemoryDirectory(_Reading):
    """People by the beginning of a name, or by an exact address."""

    async def by_prefix(self, prefix: str, *, after: tuple[str, UserId] | None, limit: int) -> list[User]:
        wanted = prefix.lower()
        found = sorted(
            (
                user
                for user in self._store.users.values()
                if user.is_active
                and ((user.username or "").startswith(wanted) or user.display_name.lower().startswith(wanted))
            ),
            key=lambda user: (user.username or "", user.id),
        )
        rest = [user for user in found if after is None or (user.username or "", user.id) > after]
        return [apart(user) for user in rest[:limit]]

    async def by_contact(self, kind: str, value: str) -> User | None:
        for user in self._store.users.values():
            if user.is_active and (getattr(user, kind) or "").casefold() == value.casefold():
                return apart(user)
        return None


class MemoryConversationReader(_Reading):
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
        mine = [
            self._entry(me, now, of_groups=False)
            for me in self._store.participants.values()
            if me.user_id == user_id and me.archived == archived and me.has_left == left and me.listed
        ]
        ordered = sorted((entry for entry in mine if entry is not None), key=_place, reverse=True)
        if after is not None:
            limit_key = (after.pinned_at or _NEVER, after.last_activity_at, after.conversation_id)
            ordered = [entry for entry in ordered if _place(entry) < limit_key]
        return ordered[:limit]

    async def entry(self, user_id: UserId, conversation_id: ConversationId, now: datetime) -> Entry | None:
        me = self._store.participants.get((conversation_id, user_id))
        return None if me is None else self._entry(me, now, of_groups=True)

    async def membership(self, user_id: UserId, conversation_id: ConversationId) -> Participant | None:
        me = self._store.participants.get((conversation_id, user_id))
        if me is None or self._store.conversations[conversation_id].closed_at is not None:
            return None
        return apart(me)

    async def members(
        self, conversation_id: ConversationId, *, after: MemberKey | None, limit: int
    ) -> list[Participant]:
        here = [
            p
            for p in self._store.participants.values()
            if p.conversation_id == conversation_id and not p.has_left
        ]
        ordered = sorted(here, key=lambda p: (-p.role.rank, p.joined_at, p.user_id))
        if after is not None:
            key = (-after.role.rank, after.joined_at, after.user_id)
            ordered = [p for p in ordered if (-p.role.rank, p.joined_at, p.user_id) > key]
        return [apart(p) for p in ordered[:limit]]

    async def heads(self, user_id: UserId) -> dict[ConversationId, int]:
        mine = [
            p.conversation_id
            for p in self._store.participants.values()
            if p.user_id == user_id and not p.has_left
        ]
        conversations = self._store.conversations
        return {id: conversations[id].revision for id in mine if conversations[id].closed_at is None}

    async def heads_of(self, conversation_ids: Sequence[ConversationId]) -> dict[ConversationId, int]:
        known = self._store.conversations
        return {id: known[id].revision for id in conversation_ids if id in known}

    def _entry(self, me: Participant, now: datetime, *, of_groups: bool) -> Entry | None:
        conversation = self._store.conversations[me.conversation_id]
        if conversation.closed_at is not None:
            return None
        messages = self._store.messages.get(conversation.id, [])
        seen = visible(me, messages, now)
        last = seen[-1] if seen else None
        others = [
            p
            for p in self._store.participants.values()
            if p.conversation_id == conversation.id and p.user_id != me.user_id and not p.has_left
        ]
        receipts = None
        if (of_groups or conversation.is_direct) and conversation.member_count <= RECEIPTS_UP_TO_MEMBERS:
            receipts = (
                min((p.last_delivered_sequence for p in others), default=0),
                min((p.last_read_sequence for p in others), default=0),
            )
        return Entry(
            conversation=apart(conversation),
            me=apart(me),
            peer_id=peer_of(conversation.direct_key, me.user_id) if conversation.direct_key else None,
            unread_count=unread(self._store, me, messages, now),
            last_message=None
            if last is None
            else Summary(
                message_id=last.id,
                seq_id=last.seq_id,
                sender_id=last.sender_id,
                type=last.type,
                preview=preview(last.content),
                created_at=last.created_at,
                deleted=last.deleted_at is not None,
            ),
            last_activity_at=last.created_at if last else conversation.created_at,
            receipts=receipts,
        )


class MemoryMessageReader(_Reading):
    """Pages of a conversation's history."""

    async def page(
        self,
        me: Participant,
        *,
        before: int | None,
        after: int | None,
        around: int | None,
        limit: int,
        now: datetime,
    ) -> MessagePage:
        seen = visible(me, self._store.messages.get(me.conversation_id, []), now)
        numbers = [message.seq_id for message in seen]
        if after is not None:
            start = sum(number <= after for number in numbers)
            end = start + limit
        elif around is not None:
            older = sum(number < around for number in numbers)
            start = max(0, older - (limit - 1) // 2)
            end = start + limit
        else:
            end = len(seen) if before is None else sum(number < before for number in numbers)
            start = max(0, end - limit)
        shown = seen[start:end]
        targets = (self._store.message(m.reply_to_msg_id) for m in shown if m.reply_to_msg_id is not None)
        return MessagePage(
            messages=shown,
            replied_to={target.id: target for target in targets if target is not None},
            has_before=start > 0,
            has_after=end < len(seen),
        )


class MemoryEpochs(_Reading):
    """Memory goes back in time only by being lost: each process has an epoch of its own."""

    async def current(self) -> str:
        return f"memory-{id(self._store):x}"


def _place(entry: Entry) -> tuple[datetime, datetime, ConversationId]:
    return (entry.me.pinned_at or _NEVER, entry.last_activity_at, entry.conversation.id)
