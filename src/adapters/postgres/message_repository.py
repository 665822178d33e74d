"""Messages of one unit of work, numbered from the conversation that it holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.postgres import rows
from adapters.postgres.chat_repositories import PostgresConversations
from adapters.postgres.identities import Identities
from adapters.postgres.people_repositories import PostgresContacts
from adapters.postgres.tables import Statement
from adapters.postgres.transaction import Batcher, Transaction
from adapters.postgres.visibility import SEEN, UNREAD_AT_MOST, is_news
from application.bus.account import Ledger
from domain.conversation.conversation import Conversation
from domain.conversation.participant import Participant
from domain.messaging.content import MessageType, preview
from domain.messaging.message import Message, NewMessage
from domain.shared.ids import ClientMessageId, ConversationId, MessageId, UserId

ClientKey = tuple[UserId, ClientMessageId]
Place = tuple[ConversationId, UserId, int, datetime]

_MESSAGES = f"SELECT {rows.MESSAGES.names} FROM messages WHERE id = ANY($1)"
_BY_CLIENT_ID = f"""
SELECT {rows.MESSAGES.names} FROM messages
 WHERE (sender_id, client_message_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
"""
_UNREAD = f"""
SELECT p.conversation_id, p.user_id, p.floor, p.at, news.n
  FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[])
    AS p(conversation_id, user_id, floor, at)
 CROSS JOIN LATERAL (
        SELECT count(*) AS n FROM (
            SELECT FROM messages m
             WHERE m.conversation_id = p.conversation_id AND m.seq_id > p.floor AND m.id <> ALL($5)
               AND {is_news("m", "p", "p.at")}
             LIMIT {UNREAD_AT_MOST}) AS counted) AS news
"""
_UNDELETED = f"""
SELECT {rows.MESSAGES.names} FROM messages
 WHERE sender_id = $1 AND deleted_at IS NULL AND type <> 'SYSTEM'
   AND conversation_id = (SELECT conversation_id FROM messages
                           WHERE sender_id = $1 AND deleted_at IS NULL AND type <> 'SYSTEM' LIMIT 1)
 ORDER BY seq_id LIMIT $2
"""
_SUMMARISE = """
UPDATE conversation_summaries AS s SET preview = v.preview, deleted = v.deleted
  FROM unnest($1::uuid[], $2::text[], $3::boolean[]) AS v(id, preview, deleted) WHERE s.message_id = v.id
"""


_PLACE = "SELECT id, conversation_id FROM messages WHERE id = ANY($1)"
_SEEN = f"SELECT m.id {SEEN}"


@dataclass(frozen=True, slots=True)
class _Hidden:
    user_id: UserId
    conversation_id: ConversationId
    message_id: MessageId
    seq_id: int
    my_revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Summary:
    """What a conversation's list entry shows after this unit of work."""

    conversation_id: ConversationId
    last_activity_at: datetime
    message_id: MessageId | None = None
    seq_id: int = 0
    sender_id: UserId | None = None
    type: MessageType | None = None
    preview: str | None = None
    created_at: datetime | None = None
    expires_at: datetime | None = None
    deleted: bool = False


class PostgresMessages:
    """Messages. What was appended is found again before it is written."""

    def __init__(
        self,
        transaction: Transaction,
        saved: Ledger,
        conversations: PostgresConversations,
        contacts: PostgresContacts,
    ) -> None:
        self._transaction = transaction
        self._saved = saved
        self._conversations = conversations
        self.said: dict[ConversationId, Message] = {}
        self._contacts = contacts
        self._messages: Identities[MessageId, Message] = Identities(transaction, rows.MESSAGES, self._load)
        self._named: Identities[ClientKey, Message] = Identities(transaction, rows.MESSAGES, self._load_named)
        self._unread: Batcher[Place, int] = Batcher(transaction, self._count_unread)
        self._places: Batcher[MessageId, ConversationId] = Batcher(transaction, self._load_places)
        self._appended: list[Message] = []
        self._hidden: list[_Hidden] = []
        self.wiped: dict[MessageId, Message] = {}

    def save(self, message: Message) -> None:
        self._saved.wrote()
        self._messages.save(message.id, message)

    def wipe(self, tombstone: Message) -> None:
        self.save(tombstone)
        self.wiped[tombstone.id] = tombstone

    def origins_of_wiped(self) -> list[MessageId]:
        """What the wiped ones were copies of, as far as they were."""
        origins = (self._messages.was(id, "forwarded_from_msg_id") for id in self.wiped)
        return [origin for origin in origins if origin is not None]

    def hide(self, message: Message, user_id: UserId, my_revision: int) -> None:
        self._saved.wrote()
        self._hidden.append(
            _Hidden(user_id, message.conversation_id, message.id, message.seq_id, my_revision)
        )

    async def place_of(self, message_id: MessageId) -> ConversationId | None:
        known = self._messages.known(message_id)
        return await self._places.get(message_id) if known is None else known.conversation_id

    async def seen_by(
        self, user_id: UserId, message_ids: Sequence[MessageId], now: datetime
    ) -> set[MessageId]:
        found = await self._transaction.fetch(_SEEN, list(message_ids), user_id, now) if message_ids else []
        return {row["id"] for row in found}

    async def append(self, message: NewMessage) -> Message:
        self._saved.wrote()
        conversation = self._conversations.held(message.conversation_id)
        placed = message.sequenced(conversation.next_sequence(), conversation.next_revision())
        self._appended.append(placed)
        self.said[placed.conversation_id] = placed
        self._messages.add(placed.id, placed)
        if placed.client_message_id is not None:
            self._named.add((placed.sender_id, placed.client_message_id), placed)
        return placed

    async def find(self, message_id: MessageId) -> Message | None:
        return await self._messages.get(message_id)

    async def find_many(self, message_ids: Sequence[MessageId]) -> dict[MessageId, Message]:
        return await self._messages.get_many(message_ids)

    async def undeleted_by(self, sender_id: UserId, limit: int) -> list[Message]:
        # Not remembered: whoever changes them locks their conversation first, and reads them again.
        return [rows.message(row) for row in await self._transaction.fetch(_UNDELETED, sender_id, limit)]

    async def find_by_client_id(
        self, sender_id: UserId, client_message_id: ClientMessageId
    ) -> Message | None:
        return await self._named.get((sender_id, client_message_id))

    async def unread(self, participant: Participant, now: datetime) -> int:
        if participant.has_left:
            return 0
        floor = max(participant.last_read_sequence, participant.cleared_through_sequence)
        place = (participant.conversation_id, participant.user_id, floor, now)
        stored = await self._unread.get(place) or 0
        return min(UNREAD_AT_MOST, stored + await self._unread_here(participant, floor, now))

    def statements(self, added: Iterable[Conversation]) -> Iterable[Statement]:
        """What must be written; ``added`` are the conversations that have no summary yet."""
        summaries = {
            each.id: _Summary(conversation_id=each.id, last_activity_at=each.created_at) for each in added
        }
        summaries |= {each.conversation_id: _summary(each) for each in self._appended}
        yield from rows.MESSAGES.inserting(self._appended)
        yield from self._messages.updating()
        if changed := self._messages.changed:
            shown = [
                [message.id for message in changed],
                [preview(message.content) for message in changed],
                [message.deleted_at is not None for message in changed],
            ]
            yield Statement(_SUMMARISE, shown, rows.SUMMARIES.name)
        yield from rows.HIDDEN.inserting(self._hidden)
        yield from rows.SUMMARIES.upserting([summaries[id] for id in sorted(summaries)])

    async def _unread_here(self, participant: Participant, floor: int, now: datetime) -> int:
        """Of what this unit of work has appended and not written yet."""
        news = [
            message.sender_id
            for message in self._appended
            if message.conversation_id == participant.conversation_id
            and message.seq_id > floor
            and message.sender_id != participant.user_id
            and message.type is not MessageType.SYSTEM
            and not message.has_expired(now)
        ]
        if not news:
            return 0
        contacts = await self._contacts.touching(participant.user_id, news)
        blocked = {c.contact_user_id for c in contacts if c.user_id == participant.user_id and c.is_blocked}
        return sum(sender not in blocked for sender in news)

    async def _load(self, ids: list[MessageId]) -> dict[MessageId, Message]:
        found = await self._transaction.fetch_in_turn(_MESSAGES, ids)
        return {row["id"]: rows.message(row) for row in found}

    async def _load_places(self, ids: list[MessageId]) -> dict[MessageId, ConversationId]:
        found = await self._transaction.fetch_in_turn(_PLACE, ids)
        return {row["id"]: row["conversation_id"] for row in found}

    async def _load_named(self, keys: list[ClientKey]) -> dict[ClientKey, Message]:
        rows_found = await self._transaction.fetch_in_turn(_BY_CLIENT_ID, *zip(*keys, strict=True))
        found = [self._messages.adopt(row["id"], rows.message(row)) for row in rows_found]
        return {(each.sender_id, each.client_message_id): each for each in found if each.client_message_id}

    async def _count_unread(self, places: list[Place]) -> dict[Place, int]:
        # What is hidden here is hidden by the one person who acts: this is not done in groups.
        hidden = [each.message_id for each in self._hidden]
        found = await self._transaction.fetch_in_turn(_UNREAD, *zip(*places, strict=True), hidden)
        return {(row["conversation_id"], row["user_id"], row["floor"], row["at"]): row["n"] for row in found}


def _summary(message: Message) -> _Summary:
    return _Summary(
        conversation_id=message.conversation_id,
        message_id=message.id,
        seq_id=message.seq_id,
        sender_id=message.sender_id,
        type=message.type,
        preview=preview(message.content),
        created_at=message.created_at,
        expires_at=message.expires_at,
        last_activity_at=message.created_at,
    )
