"""What describes a conversation, apart from who takes part in it and how far it has come: it may be remembered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from domain.conversation.conversation import Conversation, ConversationType, PostPolicy
from domain.shared.ids import ConversationId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A conversation without its counters: what nobody may be admitted or refused by."""

    id: ConversationId
    type: ConversationType
    subject: str | None
    description: str | None
    avatar_url: str | None
    expiry_seconds: int | None
    post_policy: PostPolicy
    direct_key: str | None
    created_by: UserId | None
    created_at: datetime
    closed_at: datetime | None

    @classmethod
    def of(cls, conversation: Conversation) -> Self:
        return cls(**{name: getattr(conversation, name) for name in cls.__dataclass_fields__})


class Descriptions(Protocol):
    """Promise: every conversation that exists, closed ones included, unknown ids left out. It may be as old as the
    last time caches forgot, so it is for showing: access is never decided by it.
    """

    async def about(
        self, conversation_ids: Sequence[ConversationId]
    ) -> dict[ConversationId, Description]: ...
