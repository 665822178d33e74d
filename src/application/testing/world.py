"""What an adapter of the store hands to its contracts: every port over one empty store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from application.ports.command_log import CommandLog
from application.ports.descriptions import Descriptions
from application.ports.events import Outbox
from application.ports.presence import Mirror
from application.ports.readers import (
    Archive,
    ContactReader,
    ConversationReader,
    Credentials,
    Directory,
    Epochs,
    Expirations,
    MessageReader,
    Profiles,
    Redactions,
    Relations,
    SessionReader,
)
from application.ports.summaries import Summaries
from application.ports.syncing import ReceiptReader, SyncReader
from application.ports.unit_of_work import UnitsOfWork
from domain.messaging.attachment import Attachment
from domain.messaging.message import Message
from domain.messaging.receipt import ReceiptRange
from domain.shared.ids import ConversationId, UserId


class Backstage(Protocol):
    """What promises speak of and no port does: looked at, and arranged, behind the ports' backs."""

    async def ranges(self, conversation_id: ConversationId) -> list[ReceiptRange]:
        """Every stored receipt range of a conversation."""
        ...

    async def hide(self, user_id: UserId, message: Message, my_revision: int = 1) -> None:
        """Delete a message for one person, as that change of theirs."""
        ...

    async def spoil_summaries(self, conversation_ids: Sequence[ConversationId]) -> int:
        """Make what the conversation list keeps of these wrong, or lose it; returns how many that were."""
        ...

    async def rewrite(self, message: Message) -> None:
        """Put another state of a stored message in its place."""
        ...

    async def upload(self, attachment: Attachment) -> None:
        """Store an attachment."""
        ...

    async def hidden(self, user_id: UserId) -> dict[int, int]:
        """What somebody hid: by sequence, the revision of their own at which they did."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All ports of one store, which is empty. ``rival_outbox``: the same outbox as another server has it."""

    units: UnitsOfWork
    profiles: Profiles
    relations: Relations
    directory: Directory
    credentials: Credentials
    sessions: SessionReader
    contacts: ContactReader
    archive: Archive
    redactions: Redactions
    conversations: ConversationReader
    descriptions: Descriptions
    messages: MessageReader
    sync: SyncReader
    receipts: ReceiptReader
    summaries: Summaries
    expirations: Expirations
    epochs: Epochs
    mirror: Mirror
    outbox: Outbox
    rival_outbox: Outbox
    command_log: CommandLog
    backstage: Backstage
