"""Ways in which an adapter of the store may be wrong, each named after what it does."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from adapters.memory.chat_repositories import MemoryParticipants
from adapters.memory.copies import copied
from adapters.memory.message_reader import MemoryMessageReader
from adapters.memory.message_repository import MemoryMessages
from adapters.memory.outbox import MemoryCommandLog, MemoryOutbox
from adapters.memory.people_readers import MemoryDirectory
from adapters.memory.people_repositories import MemoryUsers
from adapters.memory.readers import MemoryConversationReader
from adapters.memory.store import MemoryStore
from adapters.memory.turn import Turn
from adapters.memory.unit_of_work import MemoryUnitOfWork
from application.bus.account import Ledger
from application.errors import Collision
from application.ports.command_log import LogEntry
from application.ports.events import Frame
from application.ports.readers import Entry, EntryKey
from application.testing.world import World
from domain.conversation.participant import Participant
from domain.identity.user import User
from domain.messaging.message import Message, NewMessage
from domain.shared.errors import IdentifierTaken
from domain.shared.events import Event
from domain.shared.ids import EventId, UserId
from tests.sabotage.message_breaks import (
    MESSAGE_READERS,
    MESSAGE_UNITS,
    CountsForEverybody,
    HidesAtNoRevision,
    HidesForTheSender,
    LosesUnfinished,
    RemembersByPlace,
    RemovesOthers,
    SeesEverything,
    ShufflesAttachments,
)
from tests.sabotage.presence_breaks import GoesBack
from tests.sabotage.sync_breaks import SYNC_BREAKS, CountsPinsOfOthers, LetsTheDeactivatedFollow
from tests.unit.adapters.memory_world import memory_world

Break = Callable[[MemoryStore], World]


class BrokenUnits:
    """Units of work of a broken kind."""

    def __init__(
        self, store: MemoryStore, kind: Callable[[Turn], MemoryUnitOfWork], turn: type[Turn] = Turn
    ) -> None:
        self._store = store
        self._kind = kind
        self._turn = turn

    @asynccontextmanager
    async def open(self) -> AsyncIterator[MemoryUnitOfWork]:
        turn = self._turn(self._store)
        uow = self._kind(turn)
        try:
            yield uow
        finally:
            if isinstance(uow, KeepsWhatWasRolledBack):
                uow.keep(self._store)
            turn.end()


class KeepsWhatWasRolledBack(MemoryUnitOfWork):
    """Stores what was saved, committed or not."""

    def keep(self, store: MemoryStore) -> None:
        self._store_people(store)
        self._store_conversations(store)


class Overlooks(MemoryUnitOfWork):
    """Does not see that one kind of thing is taken."""

    def __init__(self, turn: Turn, what: str) -> None:
        super().__init__(turn)
        self._what = what

    def _check(self, store: MemoryStore, entries: Sequence[LogEntry], frames: Sequence[Frame]) -> None:
        try:
            super()._check(store, entries, frames)
        except Collision as collision:
            if str(collision) != self._what:
                raise
        except IdentifierTaken as taken:
            if taken.pointer != self._what:
                raise


class LosesAnEvent(MemoryUnitOfWork):
    def events(self) -> list[Event]:
        return super().events()[:-1]


class TellsEventsTwice(MemoryUnitOfWork):
    def __init__(self, turn: Turn) -> None:
        super().__init__(turn)
        self._told: list[Event] = []

    def events(self) -> list[Event]:
        self._told += super().events()
        return list(self._told)


class ForgetsToTell(MemoryUnitOfWork):
    async def commit(self, entries: Sequence[LogEntry], frames: Sequence[Frame]) -> None:
        await super().commit(entries, ())


class CommitsInTwoSteps(MemoryUnitOfWork):
    """Stores people before it has checked everything."""

    def _check(self, store: MemoryStore, entries: Sequence[LogEntry], frames: Sequence[Frame]) -> None:
        super()._check(store, [replace(entry, idempotency_key=None) for entry in entries], ())
        self._store_people(store)
        super(CommitsInTwoSteps, type(self)(self._turn))._check(store, entries, frames)


class With(MemoryUnitOfWork):
    """Has one repository of a broken kind."""

    def __init__(self, turn: Turn, **repositories: Callable[["With"], Any]) -> None:
        super().__init__(turn)
        for name, make in repositories.items():
            setattr(self, name, make(self))


class Burns(MemoryMessages):
    """Takes numbers from the store at once."""

    async def append(self, message: NewMessage) -> Message:
        placed = await super().append(message)
        store = await self._turn.take()
        if stored := store.conversations.get(message.conversation_id):
            stored.last_sequence, stored.revision = placed.seq_id, placed.revision
        return placed


class Unrevised(MemoryMessages):
    """Gives a message a sequence and no revision of its own."""

    async def append(self, message: NewMessage) -> Message:
        placed = await super().append(message)
        self._conversations.held(message.conversation_id).revision -= 1
        return replace(placed, revision=placed.revision - 1)


class AppendsWithoutLock(MemoryMessages):
    async def append(self, message: NewMessage) -> Message:
        await self._conversations.lock(message.conversation_id)
        return await super().append(message)


class CountsOwn(MemoryMessages):
    """Counts one's own messages as unread."""

    async def unread(self, participant: Participant, now: datetime) -> int:
        store = await self._turn.take()
        return len(list(store.after(participant.conversation_id, participant.last_read_sequence)))


class FindsAnother(MemoryUsers):
    """Hands out a new object each time."""

    async def find(self, user_id: UserId) -> User | None:
        found = await super().find(user_id)
        return None if found is None else copied(found)


class HoldsNobody(MemoryUsers):
    """Looks at accounts and keeps nobody from them."""

    async def hold(self, user_ids: Sequence[UserId]) -> dict[UserId, User]:
        users = self._turn._store.users
        return {id: copied(users[id]) for id in user_ids if id in users}


class FindsTheStored(MemoryUsers):
    """Hands out what is stored, and not a copy."""

    async def find(self, user_id: UserId) -> User | None:
        return self._known.get(user_id) or (await self._turn.take()).users.get(user_id)


class KeepsRanges(MemoryParticipants):
    """Stores a participant's ranges anew with each save."""

    def save(self, participant: Participant) -> None:
        kept = list(participant.ranges)
        super().save(participant)
        participant.ranges.extend(kept)


class NoTurn(Turn):
    """Locks nothing."""

    async def take(self) -> MemoryStore:
        return self._store


class RepeatsAnEntry(MemoryConversationReader):
    async def page(
        self,
        user_id: UserId,
        *,
        archived: bool,
        left: bool,
        after: EntryKey | None,
        limit: int,
        now: datetime,
    ) -> list[Entry]:
        everything = await super().page(
            user_id, archived=archived, left=left, after=None, limit=10_000, now=now
        )
        following = await super().page(
            user_id, archived=archived, left=left, after=after, limit=10_000, now=now
        )
        return everything[max(0, len(everything) - len(following) - 1) :][:limit] if following else []


class IgnoresPins(MemoryConversationReader):
    async def page(
        self,
        user_id: UserId,
        *,
        archived: bool,
        left: bool,
        after: EntryKey | None,
        limit: int,
        now: datetime,
    ) -> list[Entry]:
        found = await super().page(user_id, archived=archived, left=left, after=after, limit=10_000, now=now)
        return sorted(found, key=lambda entry: entry.last_activity_at, reverse=True)[:limit]


class ShowsToThoseWhoLeft(MemoryMessageReader):
    def _as_it_is_now(self, me: Participant) -> Participant:
        return replace(super()._as_it_is_now(me), left_at=None, left_sequence=None)


class FindsTheDeactivated(MemoryDirectory):
    async def by_prefix(self, prefix: str, *, after: tuple[str, UserId] | None, limit: int) -> list[User]:
        users = sorted(self._store.users.values(), key=lambda user: (user.username or "", user.id))
        return [u for u in users if (u.username or "").startswith(prefix.lower())][:limit]


class YieldsMarked(MemoryOutbox):
    async def mark(self, ids: Sequence[EventId], at: datetime) -> None:
        return None


class ForgetsOrder(MemoryOutbox):
    async def pending(self, older_than: datetime, limit: int) -> list[Frame]:
        found = await super().pending(older_than, 10_000)
        return sorted(found, key=lambda frame: frame.at)[:limit]


class ClaimsForEverybody(MemoryOutbox):
    async def claim(self) -> bool:
        return True


class AnswersTooLate(MemoryCommandLog):
    async def answer(self, idempotency_key: str, not_before: datetime) -> LogEntry | None:
        known = self._store.answers.get(idempotency_key)
        return None if known is None else self._store.log[known]


def units(kind: Callable[[Turn], MemoryUnitOfWork], turn: type[Turn] = Turn) -> Break:
    """A world whose units of work are broken."""
    return lambda store: replace(memory_world(store), units=BrokenUnits(store, kind, turn))


def repository(**made: Callable[[With], Any]) -> Break:
    """A world in which one repository is broken."""
    return units(lambda turn: With(turn, **made))


def port(**made: Callable[[MemoryStore], Any]) -> Break:
    """A world in which one port is broken."""
    return lambda store: replace(memory_world(store), **{name: make(store) for name, make in made.items()})


def overlooking(what: str) -> Break:
    """A world that does not see that something is taken."""
    return units(lambda turn: Overlooks(turn, what))


def _parts(kind: Callable[[Turn, Ledger], Any]) -> Callable[[With], Any]:
    return lambda u: kind(u._turn, u._saved)


def _of_messages(kind: type[MemoryMessages]) -> Break:
    return repository(messages=lambda u: kind(u._turn, u._saved, u.conversations))


STORE_BREAKS: dict[str, Break] = {
    "a rollback keeps what was saved": units(KeepsWhatWasRolledBack),
    "a rollback burns a number": repository(messages=lambda u: Burns(u._turn, u._saved, u.conversations)),
    "a refused commit keeps half of it": units(CommitsInTwoSteps),
    "a message does not bump the revision": repository(
        messages=lambda u: Unrevised(u._turn, u._saved, u.conversations)
    ),
    "a message is appended without the lock": repository(
        messages=lambda u: AppendsWithoutLock(u._turn, u._saved, u.conversations)
    ),
    "a lock does not lock": units(MemoryUnitOfWork, NoTurn),
    "a client id is not unique": overlooking("one_message_per_client_id"),
    "an idempotency key is not unique": overlooking("one_answer_per_key"),
    "a direct conversation is not unique": overlooking("one_conversation_per_pair"),
    "a session is not unique per device": overlooking("one_live_session_per_device"),
    "an e-mail address is not unique": overlooking("/email"),
    "an event is lost": units(LosesAnEvent),
    "events are told twice": units(TellsEventsTwice),
    "a commit forgets the outbox": units(ForgetsToTell),
    "find hands out another object": repository(users=lambda u: FindsAnother(u._turn, u._saved)),
    "holding an account keeps nobody from it": repository(users=lambda u: HoldsNobody(u._turn, u._saved)),
    "find hands out what is stored": repository(users=lambda u: FindsTheStored(u._turn, u._saved)),
    "ranges are stored twice": repository(participants=lambda u: KeepsRanges(u._turn, u._saved)),
    "unread counts one's own messages": repository(
        messages=lambda u: CountsOwn(u._turn, u._saved, u.conversations)
    ),
    "a page repeats an entry": port(conversations=RepeatsAnEntry),
    "a page ignores pins": port(conversations=IgnoresPins),
    "who left reads on": port(messages=ShowsToThoseWhoLeft),
    "the directory finds the deactivated": port(directory=FindsTheDeactivated),
    "the outbox yields what is marked": port(outbox=YieldsMarked),
    "the outbox forgets order": port(outbox=ForgetsOrder),
    "two servers claim the outbox": port(outbox=ClaimsForEverybody, rival_outbox=ClaimsForEverybody),
    "the mirror goes back in time": port(mirror=GoesBack),
    "an answer is given after its time": port(command_log=AnswersTooLate),
    "a deactivated account follows an owner": repository(
        participants=lambda u: LetsTheDeactivatedFollow(u._turn, u._saved)
    ),
    "pins of others are counted": repository(participants=lambda u: CountsPinsOfOthers(u._turn, u._saved)),
    **{name: port(**made) for name, made in SYNC_BREAKS.items()},
}
STORE_BREAKS |= {name: units(kind) for name, kind in MESSAGE_UNITS.items()}
STORE_BREAKS |= {name: port(**made) for name, made in MESSAGE_READERS.items()}
STORE_BREAKS |= {
    "a message is hidden for its sender": _of_messages(HidesForTheSender),
    "a message is hidden at no revision": _of_messages(HidesAtNoRevision),
    "everybody sees everything": _of_messages(SeesEverything),
    "a place is looked up with its message": _of_messages(RemembersByPlace),
    "attachments are carried in another order": repository(attachments=_parts(ShufflesAttachments)),
    "unfinished attachments are not there": repository(attachments=_parts(LosesUnfinished)),
    "no reaction is one's own": repository(reactions=_parts(CountsForEverybody)),
    "one takes back others' reactions": repository(reactions=_parts(RemovesOthers)),
}
