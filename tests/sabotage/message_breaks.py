"""Ways in which an adapter may be wrong about messages beyond their text, each named after what it does."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from adapters.memory.message_parts import MemoryAttachments, MemoryReactions
from adapters.memory.message_reader import MemoryExpirations, MemoryMessageReader
from adapters.memory.message_repository import MemoryMessages
from adapters.memory.unit_of_work import MemoryUnitOfWork
from application.ports.command_log import LogEntry
from application.ports.events import Frame
from application.ports.readers import MessagePage, Surroundings
from domain.conversation.participant import Participant
from domain.messaging.attachment import Attachment
from domain.messaging.message import Message
from domain.messaging.reaction import Reaction, Tally
from domain.shared.ids import AttachmentId, ConversationId, MessageId, UserId


class HidesForTheSender(MemoryMessages):
    def hide(self, message: Message, user_id: UserId, my_revision: int) -> None:
        super().hide(message, message.sender_id, my_revision)


class HidesAtNoRevision(MemoryMessages):
    def hide(self, message: Message, user_id: UserId, my_revision: int) -> None:
        super().hide(message, user_id, 0)


class SeesEverything(MemoryMessages):
    async def seen_by(
        self, user_id: UserId, message_ids: Sequence[MessageId], now: datetime
    ) -> set[MessageId]:
        store = await self._turn.take()
        return {id for id in message_ids if id in store.messages}


class RemembersByPlace(MemoryMessages):
    async def place_of(self, message_id: MessageId) -> ConversationId | None:
        found = await self.find(message_id)
        return None if found is None else found.conversation_id


class ShufflesAttachments(MemoryAttachments):
    def attach(self, message_id: MessageId, ids: Sequence[AttachmentId]) -> None:
        super().attach(message_id, list(reversed(ids)))


class LosesUnfinished(MemoryAttachments):
    async def find_many(self, ids: Sequence[AttachmentId]) -> dict[AttachmentId, Attachment]:
        found = await super().find_many(ids)
        return {id: each for id, each in found.items() if each.completed_at and not each.deleted_at}


class CountsForEverybody(MemoryReactions):
    async def tallies(
        self, message_ids: Sequence[MessageId], viewer: UserId
    ) -> dict[MessageId, tuple[Tally, ...]]:
        return await super().tallies(message_ids, UserId(UUID(int=0)))


class RemovesOthers(MemoryReactions):
    def remove(self, message_id: MessageId, user_id: UserId, reaction_code: str) -> None:
        for key in [key for key in self._turn._store.reactions if key[0] == message_id]:
            self.changes[key] = None


class ShowsOrigins(MemoryMessageReader):
    async def surroundings(self, me: Participant, messages: Sequence[Message], now: datetime) -> Surroundings:
        found = await super().surroundings(me, messages, now)
        origins = frozenset(m.forwarded_from_msg_id for m in messages if m.forwarded_from_msg_id is not None)
        return Surroundings(
            replied_to=found.replied_to,
            attachments=found.attachments,
            reactions=found.reactions,
            origins=origins,
        )


class RepeatsAReaction(MemoryMessageReader):
    async def reactions(
        self,
        message_id: MessageId,
        *,
        reaction_code: str | None,
        after: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[Reaction]:
        place = None if after is None else (after[0], UUID(int=0))
        return await super().reactions(message_id, reaction_code=reaction_code, after=place, limit=limit)


class BelievesWhatWasLookedUp(MemoryMessageReader):
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
        place = (me.conversation_id, me.user_id)
        stored = self._store.participants[place]
        self._store.participants[place] = me
        try:
            return await super().page(me, before=before, after=after, around=around, limit=limit, now=now)
        finally:
            self._store.participants[place] = stored


class FindsWhatTheyLeft(MemoryMessageReader):
    async def find(
        self, user_id: UserId, message_id: MessageId, now: datetime
    ) -> tuple[Participant, Message] | None:
        message = self._store.messages.get(message_id)
        me = None if message is None else self._store.participants.get((message.conversation_id, user_id))
        return None if me is None or message is None else (me, message)


class ExpiresEarly(MemoryExpirations):
    async def pending(self, now: datetime, limit: int) -> list[Message]:
        return await super().pending(now.replace(year=now.year + 1), limit)


class WipesMessagesOnly(MemoryUnitOfWork):
    """Leaves what a wiped message carried and was given."""

    async def commit(self, entries: Sequence[LogEntry], frames: Sequence[Frame]) -> None:
        store = await self._turn.take()
        carried, reactions = dict(store.carried), dict(store.reactions)
        is_wiping = bool(self.messages.wiped)
        await super().commit(entries, frames)
        if is_wiping:
            store.carried, store.reactions = carried, reactions


class KeepsAnswers(MemoryUnitOfWork):
    """Leaves the answers that were kept with commands about wiped messages, and replies to them."""

    async def commit(self, entries: Sequence[LogEntry], frames: Sequence[Frame]) -> None:
        store = await self._turn.take()
        answers = dict(store.answers)
        await super().commit(entries, frames)
        for key, id in answers.items():
            store.answers[key] = id


MESSAGE_READERS: dict[str, dict[str, Any]] = {
    "a copy tells everybody where it came from": {"messages": ShowsOrigins},
    "a page of reactions repeats some": {"messages": RepeatsAReaction},
    "history goes on after a removal": {"messages": BelievesWhatWasLookedUp},
    "a message is found after its reader left": {"messages": FindsWhatTheyLeft},
    "messages expire early": {"expirations": ExpiresEarly},
}
"""Broken readers, by the port that they replace."""

MESSAGE_UNITS: dict[str, type[MemoryUnitOfWork]] = {
    "wiping leaves reactions and attachments": WipesMessagesOnly,
    "wiping leaves answers that were kept": KeepsAnswers,
}
"""Broken units of work."""
