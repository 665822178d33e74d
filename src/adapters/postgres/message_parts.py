"""What messages carry and were given: attachments and reactions, for units of work and for readers."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.postgres import rows
from adapters.postgres.tables import Statement
from adapters.postgres.transaction import Transaction
from application.bus.account import Ledger
from domain.messaging.attachment import Attachment
from domain.messaging.reaction import Reaction, Tally, changed
from domain.shared.ids import AttachmentId, MessageId, UserId

Fetch = Callable[..., Awaitable[list[Any]]]

# Shared by everybody who sends it, so that forwards do not wait for each other; who deletes it waits for them.
_ATTACHMENTS = f"SELECT {rows.ATTACHMENTS.names} FROM attachments WHERE id = ANY($1) ORDER BY id FOR SHARE"
_CARRIED = f"""
SELECT l.message_id, {rows.ATTACHMENTS.of("a")}
  FROM message_attachments l JOIN attachments a ON a.id = l.attachment_id
 WHERE l.message_id = ANY($1) ORDER BY l.message_id, l.position, a.id
"""
_TALLIES = """
SELECT message_id, reaction_code, count(*) AS count, bool_or(user_id = $2) AS mine
  FROM message_reactions WHERE message_id = ANY($1)
 GROUP BY message_id, reaction_code ORDER BY message_id, min(created_at), reaction_code COLLATE "C"
"""
_REMOVE = """
DELETE FROM message_reactions AS r USING unnest($1::uuid[], $2::uuid[], $3::text[]) AS v(message_id, user_id, code)
 WHERE r.message_id = v.message_id AND r.user_id = v.user_id AND r.reaction_code = v.code
"""


async def carried_by(
    fetch: Fetch, message_ids: Sequence[MessageId]
) -> dict[MessageId, tuple[Attachment, ...]]:
    """What messages carry, in order; one statement, whatever their number."""
    if not message_ids:
        return {}
    found: dict[MessageId, tuple[Attachment, ...]] = {}
    for row in await fetch(_CARRIED, list(message_ids)):
        found[row["message_id"]] = (*found.get(row["message_id"], ()), rows.attachment(row))
    return found


async def tallies(
    fetch: Fetch, message_ids: Sequence[MessageId], viewer: UserId
) -> dict[MessageId, tuple[Tally, ...]]:
    """How many reacted to messages, by code; likewise."""
    if not message_ids:
        return {}
    found: dict[MessageId, tuple[Tally, ...]] = {}
    for row in await fetch(_TALLIES, list(message_ids), viewer):
        tally = Tally(reaction_code=row["reaction_code"], count=row["count"], mine=row["mine"])
        found[row["message_id"]] = (*found.get(row["message_id"], ()), tally)
    return found


@dataclass(frozen=True, slots=True)
class _Link:
    message_id: MessageId
    attachment_id: AttachmentId
    position: int


class PostgresAttachments:
    """Attachments, and which of them the messages of this unit of work carry."""

    def __init__(self, transaction: Transaction, saved: Ledger) -> None:
        self._saved = saved
        self._transaction = transaction
        self._attached: dict[MessageId, list[AttachmentId]] = {}

    async def find_many(self, ids: Sequence[AttachmentId]) -> dict[AttachmentId, Attachment]:
        if not ids:
            return {}
        found = await self._transaction.fetch(_ATTACHMENTS, list(ids))
        return {row["id"]: rows.attachment(row) for row in found}

    def attach(self, message_id: MessageId, ids: Sequence[AttachmentId]) -> None:
        self._saved.wrote()
        self._attached[message_id] = list(ids)

    async def carried_by(self, message_ids: Sequence[MessageId]) -> dict[MessageId, tuple[Attachment, ...]]:
        here = {id: self._attached[id] for id in message_ids if id in self._attached}
        stored = await carried_by(self._transaction.fetch, [id for id in message_ids if id not in here])
        known = await self.find_many([each for ids in here.values() for each in ids])
        return stored | {id: tuple(known[each] for each in ids if each in known) for id, ids in here.items()}

    def statements(self) -> Iterable[Statement]:
        """What must be written, after the messages."""
        yield from rows.CARRIED.inserting(
            [
                _Link(message_id, id, position)
                for message_id, ids in self._attached.items()
                for position, id in enumerate(ids)
            ]
        )


class PostgresReactions:
    """Reactions of one unit of work: the last word on each counts."""

    def __init__(self, transaction: Transaction, saved: Ledger) -> None:
        self._saved = saved
        self._transaction = transaction
        self._changes: dict[tuple[MessageId, UserId, str], Reaction | None] = {}
        self._removed: dict[tuple[MessageId, UserId, str], None] = {}

    def add(self, reaction: Reaction) -> None:
        self._saved.wrote()
        self._changes[reaction.message_id, reaction.user_id, reaction.reaction_code] = reaction

    def remove(self, message_id: MessageId, user_id: UserId, reaction_code: str) -> None:
        self._saved.wrote()
        key = (message_id, user_id, reaction_code)
        self._changes[key] = self._removed[key] = None

    async def tallies(
        self, message_ids: Sequence[MessageId], viewer: UserId
    ) -> dict[MessageId, tuple[Tally, ...]]:
        found = await tallies(self._transaction.fetch, message_ids, viewer)
        for (message_id, user_id, code), reaction in self._changes.items():
            if message_id in message_ids:
                by = 1 if reaction else -1
                found[message_id] = changed(found.get(message_id, ()), code, by, mine=user_id == viewer)
        return found

    def statements(self) -> Iterable[Statement]:
        """What must be written, after the messages."""
        if self._removed:
            removed = [list(column) for column in zip(*self._removed, strict=True)]
            yield Statement(_REMOVE, removed, rows.REACTIONS.name)
        yield from rows.REACTIONS.inserting([each for each in self._changes.values() if each is not None])
