"""Conversations and their participants in one unit of work, and the locked row that orders each conversation."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from adapters.postgres import rows
from adapters.postgres.identities import Identities
from adapters.postgres.tables import Statement
from adapters.postgres.transaction import Batcher, Transaction
from adapters.postgres.visibility import is_archived
from application.bus.account import Ledger
from domain.conversation.conversation import Conversation
from domain.conversation.participant import Participant, Role, Stay
from domain.messaging.message import Message
from domain.messaging.receipt import ReceiptRange
from domain.shared.errors import ConversationNotFound
from domain.shared.ids import ConversationId, UserId

Membership = tuple[ConversationId, UserId]

_CONVERSATIONS = f"""
SELECT {rows.CONVERSATIONS.of("c")}, q.last_sequence, q.revision AS head_revision
  FROM conversations c JOIN conversation_sequences q ON q.conversation_id = c.id
"""
# Both rows are locked: whoever waits for a lock then gets both as they are after the wait, and not as they were
# before it.
_LOCK = f"""
{_CONVERSATIONS} WHERE q.conversation_id = ANY($1) ORDER BY q.conversation_id
   FOR UPDATE OF q FOR NO KEY UPDATE OF c
"""
_BY_ID = f"{_CONVERSATIONS} WHERE c.id = ANY($1)"
_BY_DIRECT_KEY = f"{_CONVERSATIONS} WHERE c.direct_key = $1"
_PARTICIPANTS = f"""
SELECT {rows.PARTICIPANTS.of("p", archived=is_archived("p", "s"))} FROM participants p
  LEFT JOIN conversation_summaries s ON s.conversation_id = p.conversation_id
 WHERE (p.conversation_id, p.user_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
"""
_GROUPS_OF = """
SELECT p.conversation_id FROM participants p JOIN conversations c ON c.id = p.conversation_id
 WHERE p.user_id = $1 AND p.left_at IS NULL AND c.type = 'GROUP' AND c.closed_at IS NULL
 ORDER BY p.conversation_id
"""
_HEIR = f"""
SELECT {rows.PARTICIPANTS.of("p")} FROM participants p JOIN users u ON u.id = p.user_id
 WHERE p.conversation_id = $1 AND p.user_id <> $2 AND p.left_at IS NULL
 ORDER BY u.is_active DESC, p.role, p.joined_at, p.user_id LIMIT 1
"""
_PINNED = """
SELECT count(*) AS n FROM participants p JOIN conversations c ON c.id = p.conversation_id
 WHERE p.user_id = $1 AND p.pinned_at IS NOT NULL AND p.left_at IS NULL AND c.closed_at IS NULL
"""
# The row that counts somebody's arrivals is locked until the commit, several in the order of their ids.
_ARRIVE = """
WITH counted AS (
    INSERT INTO user_arrivals AS a (user_id, last)
    SELECT who, 1 FROM (SELECT DISTINCT who FROM unnest($2::uuid[]) AS w(who) ORDER BY who) AS people
        ON CONFLICT (user_id) DO UPDATE SET last = a.last + 1
    RETURNING user_id, last
)
UPDATE participants AS p SET arrival = counted.last
  FROM unnest($1::uuid[], $2::uuid[]) AS v(conversation_id, user_id) JOIN counted USING (user_id)
 WHERE p.conversation_id = v.conversation_id AND p.user_id = v.user_id
"""


@dataclass(frozen=True, slots=True)
class _Counters:
    conversation_id: ConversationId
    last_sequence: int
    revision: int
    updated_at: datetime


class PostgresConversations:
    """Conversations; ``on_lock`` is told which have just been locked."""

    def __init__(
        self,
        transaction: Transaction,
        saved: Ledger,
        on_lock: Callable[[Collection[ConversationId]], None],
    ) -> None:
        self._transaction = transaction
        self._saved = saved
        self._on_lock = on_lock
        self._conversations: Identities[ConversationId, Conversation] = Identities(
            transaction, rows.CONVERSATIONS, self._load
        )
        self._locks: Batcher[ConversationId, Conversation] = Batcher(transaction, self._lock)
        self._held: dict[ConversationId, Conversation] = {}
        self._counted: dict[ConversationId, Conversation] = {}
        self.added: dict[ConversationId, Conversation] = {}

    def add(self, conversation: Conversation) -> None:
        self._conversations.add(conversation.id, conversation)
        self._held[conversation.id] = self.added[conversation.id] = conversation
        self._saved.append(conversation)

    def save(self, conversation: Conversation) -> None:
        self._conversations.save(conversation.id, conversation)
        # Counters that were not read under the lock are not written: they might run backwards.
        if conversation.id in self._held:
            self._counted[conversation.id] = conversation
        self._saved.append(conversation)

    async def lock(self, conversation_id: ConversationId) -> Conversation | None:
        return self._held.get(conversation_id) or await self._locks.get(conversation_id)

    async def get(self, conversation_id: ConversationId) -> Conversation:
        found = await self._conversations.get(conversation_id)
        if found is None:
            raise ConversationNotFound
        return found

    async def find_direct(self, direct_key: str) -> Conversation | None:
        for conversation in self.added.values():
            if conversation.direct_key == direct_key:
                return conversation
        found = await self._transaction.fetch(_BY_DIRECT_KEY, direct_key)
        return self._conversations.adopt(found[0]["id"], rows.conversation(found[0])) if found else None

    def held(self, conversation_id: ConversationId) -> Conversation:
        """The conversation to take numbers from. Raises ``RuntimeError`` when it is not locked here."""
        conversation = self._held.get(conversation_id)
        if conversation is None:
            raise RuntimeError("a conversation must be locked before a message is appended to it")
        self._counted[conversation_id] = conversation
        return conversation

    def statements(self, at: datetime) -> Iterable[Statement]:
        """What must be written. A sent message moves only the counters, not the conversation's own row."""
        yield from self._conversations.updating()
        yield from rows.CONVERSATIONS.inserting(self._conversations.added)
        counters = {
            id: _Counters(id, conversation.last_sequence, conversation.revision, at)
            for id, conversation in sorted((self._counted | self.added).items())
        }
        yield from rows.SEQUENCES.updating([each for id, each in counters.items() if id not in self.added])
        yield from rows.SEQUENCES.inserting([each for id, each in counters.items() if id in self.added])

    async def _lock(self, ids: list[ConversationId]) -> dict[ConversationId, Conversation]:
        # Asked for again while the first request was under way: the numbers taken since must stand.
        free = [id for id in ids if id not in self._held]
        if free:
            await self._hold(free)
        return {id: self._held[id] for id in ids if id in self._held}

    async def _hold(self, ids: list[ConversationId]) -> None:
        fresh = await self._load(ids, _LOCK)
        self._conversations.distrust(fresh)
        self._on_lock(fresh.keys())
        for id, conversation in fresh.items():
            self._held[id] = held = self._conversations.adopt(id, conversation)
            held.last_sequence, held.revision = conversation.last_sequence, conversation.revision

    async def _load(self, ids: list[ConversationId], sql: str = _BY_ID) -> dict[ConversationId, Conversation]:
        found = await self._transaction.fetch_in_turn(sql, ids)
        return {row["id"]: rows.conversation(row) for row in found}


class PostgresParticipants:
    """Memberships, those that ended included. ``said``: what this unit of work has appended last, by conversation."""

    def __init__(self, transaction: Transaction, saved: Ledger) -> None:
        self._transaction = transaction
        self._saved = saved
        self._participants: Identities[Membership, Participant] = Identities(
            transaction, rows.PARTICIPANTS, self._load
        )
        self._ranges: list[ReceiptRange] = []
        self._stays: list[Stay] = []
        self.said: dict[ConversationId, Message] = {}

    def add(self, participant: Participant) -> None:
        self._participants.add((participant.conversation_id, participant.user_id), participant)
        self._note(participant)

    def save(self, participant: Participant) -> None:
        self._participants.save((participant.conversation_id, participant.user_id), participant)
        self._note(participant)

    async def find(self, conversation_id: ConversationId, user_id: UserId) -> Participant | None:
        found = await self._participants.get((conversation_id, user_id))
        if found is not None and (newest := self.said.get(conversation_id)):
            found.hear(newest.seq_id, newest.created_at)
        return found

    async def get(self, conversation_id: ConversationId, user_id: UserId) -> Participant:
        found = await self.find(conversation_id, user_id)
        if found is None:
            raise ConversationNotFound
        return found

    async def groups_of(self, user_id: UserId) -> list[ConversationId]:
        return [row["conversation_id"] for row in await self._transaction.fetch(_GROUPS_OF, user_id)]

    async def heir(self, conversation_id: ConversationId, besides: UserId) -> Participant | None:
        found = await self._transaction.fetch(_HEIR, conversation_id, besides)
        if not found:
            return None
        return self._participants.adopt((conversation_id, found[0]["user_id"]), rows.participant(found[0]))

    async def pinned(self, user_id: UserId) -> int:
        found = await self._transaction.fetch(_PINNED, user_id)
        return int(found[0]["n"])

    def distrust(self, conversation_ids: Collection[ConversationId]) -> None:
        """What was read of these before they were locked may be old."""
        keys = self._participants.keys()
        self._participants.distrust([key for key in keys if key[0] in conversation_ids])

    def statements(self) -> Iterable[Statement]:
        """What must be written: an owner after whoever stopped being one, for a group has one at a time."""
        changed = self._participants.changed
        yield from self._participants.updating(lambda each: not self._became_owner(each))
        yield from self._participants.updating(self._became_owner)
        yield from rows.PARTICIPANTS.inserting(self._participants.added)
        yield from rows.RANGES.inserting(self._ranges)
        yield from rows.STAYS.inserting(self._stays)
        here = [each for each in self._participants.added if each.is_listed]
        if arrived := [*here, *(each for each in changed if self._arrived(each))]:
            pairs = [[each.conversation_id for each in arrived], [each.user_id for each in arrived]]
            yield Statement(_ARRIVE, pairs)

    def _became_owner(self, participant: Participant) -> bool:
        if participant.role is not Role.OWNER or participant.has_left:
            return False
        key = (participant.conversation_id, participant.user_id)
        was_owner = self._participants.was(key, "role") is Role.OWNER
        return not was_owner or self._participants.was(key, "left_at") is not None

    def _arrived(self, participant: Participant) -> bool:
        """Whether somebody has this conversation who did not have it when their row was found."""
        key = (participant.conversation_id, participant.user_id)
        had_it = self._participants.was(key, "listed") and self._participants.was(key, "left_at") is None
        return participant.is_listed and not had_it

    def _note(self, participant: Participant) -> None:
        self._saved.append(participant)
        self._ranges.extend(participant.ranges)
        self._stays.extend(participant.stays)
        participant.ranges.clear()
        participant.stays.clear()

    async def _load(self, keys: list[Membership]) -> dict[Membership, Participant]:
        found = await self._transaction.fetch_in_turn(_PARTICIPANTS, *zip(*keys, strict=True))
        return {(row["conversation_id"], row["user_id"]): rows.participant(row) for row in found}
