"""The conversation list's own rows, made again from the messages they were made of."""

from collections.abc import Sequence
from typing import Protocol

from domain.shared.ids import ConversationId


class Summaries(Protocol):
    """Promise: ``after`` are conversations in the order of their ids, each once over all pages, and ``count`` how many
    there are; ``rebuild`` makes what the list shows of each from its messages, while nobody else changes it, and returns
    how many said something else before. What is right stays as it is.
    """

    async def count(self, beyond: ConversationId | None) -> int: ...

    async def after(self, beyond: ConversationId | None, limit: int) -> list[ConversationId]: ...

    async def rebuild(self, conversation_ids: Sequence[ConversationId]) -> int: ...
