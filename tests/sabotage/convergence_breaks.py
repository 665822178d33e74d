"""Ways in which catching up may be wrong that a device must notice, since it then has not what a fresh one fetches."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from adapters.memory.chat_repositories import MemoryParticipants
from adapters.memory.store import MemoryStore
from adapters.memory.sync_reader import MemorySyncReader
from application.ports.syncing import Changes, Known, Standing
from application.testing.world import World
from domain.conversation.participant import Participant
from domain.shared.ids import ConversationId, UserId
from tests.sabotage.breaks import Break, port, repository

Change = Callable[[MemoryStore, UserId, ConversationId, Known, Changes], Changes]


def _changes(change: Change) -> Break:
    """A world in which pages of changes are changed."""

    class Changed(MemorySyncReader):
        async def changes(
            self, user_id: UserId, conversation_id: ConversationId, since: Known, *, limit: int, now: datetime
        ) -> Changes | None:
            found = await super().changes(user_id, conversation_id, since, limit=limit, now=now)
            return found and change(self._store, user_id, conversation_id, since, found)

    return port(sync=Changed)


def _done_at_once(
    store: MemoryStore, who: UserId, place: ConversationId, since: Known, found: Changes
) -> Changes:
    """My own changes are done with on the first page: what the messages of later ones undo stays undone."""
    mine = store.participants[place, who].my_revision
    return replace(found, until=Known(found.until.revision, mine))


def _never_mine(
    store: MemoryStore, who: UserId, place: ConversationId, since: Known, found: Changes
) -> Changes:
    return replace(found, me_changed=False)


def _only_numbered(
    store: MemoryStore, who: UserId, place: ConversationId, since: Known, found: Changes
) -> Changes:
    """What expired unseen moved nothing of mine."""
    return replace(found, me_changed=store.participants[place, who].my_revision != since.my_revision)


def _none_hidden(
    store: MemoryStore, who: UserId, place: ConversationId, since: Known, found: Changes
) -> Changes:
    return replace(found, hidden=[])


def _no_tombstones(
    store: MemoryStore, who: UserId, place: ConversationId, since: Known, found: Changes
) -> Changes:
    return replace(found, messages=[each for each in found.messages if each.deleted_at is None])


def _no_edits(
    store: MemoryStore, who: UserId, place: ConversationId, since: Known, found: Changes
) -> Changes:
    """Whatever has become of a message that was there before: reactions and edits."""
    new = [each for each in found.messages if each.deleted_at or since.revision == 0 or not each.edited_at]
    return replace(found, messages=new)


def _same_members(
    store: MemoryStore, who: UserId, place: ConversationId, since: Known, found: Changes
) -> Changes:
    return replace(found, members_changed=False)


def _same_info(
    store: MemoryStore, who: UserId, place: ConversationId, since: Known, found: Changes
) -> Changes:
    return replace(found, info_changed=found.info_changed and since.revision == 0)


class LooksAtRevisionsOnly(MemorySyncReader):
    """A conversation where only my own place has changed stands as known."""

    async def standings(
        self, user_id: UserId, known: Mapping[ConversationId, Known], now: datetime
    ) -> tuple[list[Standing], list[ConversationId]]:
        found, gone = await super().standings(user_id, known, now)
        return [each for each in found if each.at.revision != known[each.conversation_id].revision], gone


class NamesNothingGone(MemorySyncReader):
    async def standings(
        self, user_id: UserId, known: Mapping[ConversationId, Known], now: datetime
    ) -> tuple[list[Standing], list[ConversationId]]:
        return (await super().standings(user_id, known, now))[0], []


class TakesNoNumber(MemoryParticipants):
    """What I change of my own place takes no number, whatever it is."""

    def save(self, participant: Participant) -> None:
        before = self._turn._store.participants.get((participant.conversation_id, participant.user_id))
        if before is not None:
            participant.my_revision = before.my_revision
        super().save(participant)


def _unnumbered(store: MemoryStore) -> World:
    return repository(participants=lambda uow: TakesNoNumber(uow._turn, uow._saved))(store)


CONVERGENCE_BREAKS: dict[str, Break] = {
    "my own changes are done with on the first page": _changes(_done_at_once),
    "changes never say what I did": _changes(_never_mine),
    "what expired unseen moved nothing of mine": _changes(_only_numbered),
    "what I do takes no number": _unnumbered,
    "my own changes are no reason to ask": port(sync=LooksAtRevisionsOnly),
    "what is mine no longer is not named": port(sync=NamesNothingGone),
    "changes leave out what I hid": _changes(_none_hidden),
    "changes leave out tombstones": _changes(_no_tombstones),
    "changes leave out what was edited": _changes(_no_edits),
    "changes keep silent about members": _changes(_same_members),
    "changes keep silent about what it is called": _changes(_same_info),
}
"""By name; each is shown to the device, and not to the contracts."""
