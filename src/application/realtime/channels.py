"""Names of channels, and what the hub knows of a client."""

from typing import Protocol
from uuid import UUID

import msgspec

from application.realtime.outgoing import Outgoing
from domain.shared.ids import ConversationId, SessionId, UserId


class Connection(Protocol):
    """One client's socket, as the hub sees it. ``deliver`` and ``end`` neither wait nor raise; ``ready`` returns once
    most of what was delivered has gone, or the connection has.
    """

    @property
    def user_id(self) -> UserId: ...

    @property
    def session_id(self) -> SessionId: ...

    def deliver(self, outgoing: Outgoing) -> None: ...

    def end(self, code: int, reason: str) -> None: ...

    async def ready(self) -> None: ...


class Reset(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="reset"):
    """Events up to ``revision`` will not come: fetch the conversation's state."""

    conversation_id: ConversationId
    revision: int


def reset(id: ConversationId, revision: int) -> bytes:
    """Tells a client that events up to ``revision`` will not come: fetch the conversation's state."""
    return msgspec.json.encode(Reset(conversation_id=id, revision=revision))


def of_conversation(id: ConversationId) -> str:
    return f"conversation:{id}"


def of_user(id: UserId) -> str:
    return f"user:{id}"


def parse(channel: str) -> tuple[str, UUID]:
    """Kind and id of a channel."""
    kind, _, id = channel.partition(":")
    return kind, UUID(id)
