"""Who received and read a message, and when, as far as one may know."""

import msgspec

from application.access.identity import authenticated
from application.access.messages import sees_message
from application.bus.messages import Query, QueryScope
from application.cursors import Cursors
from application.identity.people import People
from application.ports.descriptions import Descriptions
from application.ports.readers import MessageReader
from application.ports.syncing import Receipt, ReceiptReader
from application.views import Moment, PageSize
from domain.messaging.message import Message
from domain.messaging.receipt import DeliveryStatus
from domain.shared.errors import MessageNotFound
from domain.shared.ids import MessageId, UserId, peer_of
from domain.shared.values import moment


class ReceiptView(msgspec.Struct, frozen=True, kw_only=True):
    """How far a message has come with one person; SENT until they say something."""

    user_id: UserId
    status: DeliveryStatus
    delivered_at: Moment | None
    read_at: Moment | None
    updated_at: Moment

    @classmethod
    def of(cls, receipt: Receipt) -> "ReceiptView":
        return cls(
            user_id=receipt.user_id,
            status=receipt.status,
            delivered_at=moment(receipt.delivered_at) if receipt.delivered_at else None,
            read_at=moment(receipt.read_at) if receipt.read_at else None,
            updated_at=moment(receipt.updated_at),
        )


class ReceiptPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some receipts of a message, and how many people received it (read or not) and read it in all."""

    items: list[ReceiptView]
    delivered_count: int
    read_count: int
    next_cursor: str | None = None


class ListReceipts(Query[ReceiptPage], frozen=True, kw_only=True):
    """Of everybody besides the sender who was a member at the time; ``status`` picks those."""

    access = authenticated & sees_message

    message_id: MessageId
    status: DeliveryStatus | None = None
    cursor: str | None = None
    limit: PageSize = 50


async def handle(
    query: ListReceipts,
    scope: QueryScope,
    *,
    messages: MessageReader,
    receipts: ReceiptReader,
    descriptions: Descriptions,
    people: People,
    cursors: Cursors,
) -> ReceiptPage:
    found = await messages.find(scope.user_id, query.message_id, scope.now)
    if found is None:
        raise MessageNotFound
    _, message = found
    list_name = f"receipts:{scope.user_id}:{message.id}:{query.status}"
    after = cursors.open(list_name, query.cursor, UserId)
    reads = await _shares_reads(message, scope, descriptions, people)
    statuses = list(DeliveryStatus) if query.status is None else [query.status]
    rows = await receipts.page(
        message, scope.user_id, reads=reads, statuses=statuses, after=after, limit=query.limit + 1
    )
    delivered, read = await receipts.counts(message, scope.user_id, reads=reads)
    shown = rows[: query.limit]
    return ReceiptPage(
        items=[ReceiptView.of(each) for each in shown],
        delivered_count=delivered,
        read_count=read,
        next_cursor=cursors.seal(list_name, shown[-1].user_id) if len(rows) > query.limit else None,
    )


async def _shares_reads(
    message: Message, scope: QueryScope, descriptions: Descriptions, people: People
) -> bool:
    """Whether what was read may show: always in groups, in direct conversations if both sides let it."""
    key = (await descriptions.about([message.conversation_id]))[message.conversation_id].direct_key
    if key is None:
        return True
    other = peer_of(key, scope.user_id)
    peer = (await people.peers(scope.user_id, [other])).get(other)
    return peer is not None and peer.shares_reads
