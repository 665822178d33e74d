"""Who received and read a message, and when: the view of receipts, as one person may see it."""

from collections.abc import Sequence

from adapters.postgres.pool import Reading
from application.ports.syncing import Receipt
from domain.messaging.message import Message
from domain.messaging.receipt import DeliveryStatus
from domain.shared.ids import UserId

_SHOWN = """
SELECT v.user_id, v.sent_at, CASE WHEN v.is_crossed THEN NULL ELSE v.delivered_at END AS delivered_at,
       CASE WHEN v.is_crossed OR NOT $3 THEN NULL ELSE v.read_at END AS read_at
  FROM (SELECT r.user_id, r.delivered_at, r.read_at, m.created_at AS sent_at,
               EXISTS (SELECT FROM user_contacts k WHERE k.is_blocked
                          AND ((k.user_id, k.contact_user_id) = ($2, r.user_id)
                               OR (k.user_id, k.contact_user_id) = (r.user_id, $2))) AS is_crossed
          FROM message_receipts r JOIN messages m ON m.id = r.message_id
         WHERE r.message_id = $1) AS v
"""
_PAGE = f"""
SELECT * FROM (
    SELECT s.user_id, s.delivered_at, s.read_at, coalesce(s.read_at, s.delivered_at, s.sent_at) AS updated_at,
           CASE WHEN s.read_at IS NOT NULL THEN 'READ' WHEN s.delivered_at IS NOT NULL THEN 'DELIVERED'
                ELSE 'SENT' END AS status
      FROM ({_SHOWN}) AS s) AS found
 WHERE status = ANY($4::text[]) AND ($5::uuid IS NULL OR user_id > $5)
 ORDER BY user_id LIMIT $6
"""
_COUNTS = f"SELECT count(delivered_at) AS delivered, count(read_at) AS read FROM ({_SHOWN}) AS shown"


class PostgresReceiptReader(Reading):
    """The promise of ``ReceiptReader``."""

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
        wanted = [status.value for status in statuses]
        found = await self.fetch(_PAGE, message.id, viewer, reads, wanted, after, limit)
        return [Receipt(**dict(row) | {"status": DeliveryStatus(row["status"])}) for row in found]

    async def counts(self, message: Message, viewer: UserId, *, reads: bool) -> tuple[int, int]:
        row = await self.fetchrow(_COUNTS, message.id, viewer, reads)
        return row["delivered"], row["read"]
