"""Which connection of this server hears which conversations: joining, leaving, holding back and resuming.

Subscribing always precedes reading: a channel is confirmed, then the conversation's head is read from the database, and
everything above that head is either heard or missed visibly and then read from the outbox.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from application.ports.events import Frame, Outbox, Position, Subscription
from application.ports.readers import ConversationReader
from application.ports.system import Clock
from application.realtime.channels import Connection, of_conversation, of_user, reset
from application.realtime.gathering import Gathering
from application.realtime.outgoing import Outgoing
from application.realtime.replaying import as_of, until_left
from application.realtime.stream import Stream
from domain.shared.errors import Unavailable
from domain.shared.ids import ConversationId, UserId

RESUMED_TOGETHER = 20
MISSED_AT_MOST = 200
HEADS_TOGETHER = 5000
PEOPLE_TOGETHER = 100
CHANNELS_TOGETHER = 5000
POSITIONS_TOGETHER = 100
REVISIONS_BELOW = 2**63


class Membership:
    """The hub's half that listens; the streams, people and what each hears are shared with the half that tells."""

    def __init__(self, outbox: Outbox, conversations: ConversationReader, clock: Clock) -> None:
        self.streams: dict[ConversationId, Stream] = {}
        self.people: dict[UserId, set[Connection]] = defaultdict(set)
        self.heard: dict[Connection, dict[ConversationId, int]] = defaultdict(dict)
        self.subscription: Subscription | None = None
        self._conversations = conversations
        self._clock = clock
        self._heads: Gathering[ConversationId, int] = Gathering(conversations.heads_of, HEADS_TOGETHER)
        self._places: Gathering[UserId, dict[ConversationId, int]] = Gathering(
            conversations.heads, PEOPLE_TOGETHER
        )
        self._missed: Gathering[Position, list[Frame]] = Gathering(
            lambda positions: outbox.since_each(positions, MISSED_AT_MOST), POSITIONS_TOGETHER
        )
        self._channels: Gathering[str, None] = Gathering(self._subscribe, CHANNELS_TOGETHER)
        self._held: dict[Connection, dict[ConversationId, int]] = defaultdict(dict)
        """What each does not hear before it has resumed or settled, and the revision from which on it would."""
        self._arriving: set[Connection] = set()
        self._seated: dict[Connection, asyncio.Event] = {}
        self._line = asyncio.Lock()

    async def arrive(self, connection: Connection, *, holding: bool) -> None:
        """Let a connection hear everything its person takes part in; ``holding``: but say nothing before ``settle``."""
        if holding:
            self._arriving.add(connection)
        seated = self._seated[connection] = asyncio.Event()
        self.people[connection.user_id].add(connection)
        try:
            await self._channels.of([of_user(connection.user_id)])
            places = await self._places.of([connection.user_id])
            mine = places.get(connection.user_id, {})
            await self.join(connection, dict.fromkeys(mine), holding=mine if holding else None)
        finally:
            del self._seated[connection]
            seated.set()

    async def follow(self, connection: Connection, id: ConversationId, revision: int) -> None:
        """Let a connection hear a conversation that its person was added to, from after ``revision`` on. While it is
        arriving that may be one it arrives with, and is told of once it resumes.
        """
        if seated := self._seated.get(connection):
            await seated.wait()
        if not self.hears(connection, id) and self.heard.get(connection, {}).get(id, 0) <= revision:
            await self.join(connection, {id: revision})

    async def depart(self, connection: Connection) -> None:
        """Forget a connection; channels nobody here listens to any more are left."""
        self.people.get(connection.user_id, set()).discard(connection)
        self._held.pop(connection, None)
        self._arriving.discard(connection)
        deserted = []
        for id in self.heard.pop(connection, {}):
            if stream := self.streams.get(id):
                stream.drop(connection)
                deserted.append(id)
        await self.leave(deserted, connection.user_id)

    async def leave(self, ids: Iterable[ConversationId], user_id: UserId | None = None) -> None:
        """Stop listening to those conversations, and that person, that nobody here hears any more."""
        async with self._line:
            gone = [id for id in ids if id in self.streams and self.streams[id].is_deserted]
            for id in gone:
                del self.streams[id]
            channels = [of_conversation(id) for id in gone]
            if user_id is not None and user_id in self.people and not self.people[user_id]:
                del self.people[user_id]
                channels.append(of_user(user_id))
            if channels and self.subscription is not None:
                await self.subscription.remove(channels)

    async def join(
        self,
        connection: Connection,
        known: Mapping[ConversationId, int | None],
        *,
        holding: Mapping[ConversationId, int] | None = None,
    ) -> None:
        """Let a connection hear conversations: from now on, or from a revision it has on; or later, from the revisions
        of ``holding`` on.
        """
        if connection not in self.people.get(connection.user_id, ()):
            return  # it has gone while this was on its way
        fresh = []
        for id in known:
            if id not in self.streams:
                self.streams[id] = Stream(id, self.people, self.heard)
                fresh.append(id)
        for id, revision in known.items():
            self.heard[connection][id] = 0
            stream = self.streams[id]
            if revision is None and holding is None:
                stream.listeners.add(connection)
            elif not stream.hears(connection):
                stream.catching_up[connection] = []
                if holding is not None:
                    self._held[connection][id] = holding.get(id, 0)
        if fresh:
            await self._open(fresh)
        for id, revision in known.items():
            current = self.streams.get(id)
            if current is None:
                continue
            await current.opened.wait()
            if self.streams.get(id) is not current:
                raise Unavailable("A conversation could not be listened to.")
            if revision is not None:
                await self._catch_up(current, connection, revision)

    def is_arriving(self, connection: Connection) -> bool:
        """Whether it holds back: what it has left meanwhile, or before, it is told on resuming."""
        return connection in self._arriving

    def hears(self, connection: Connection, id: ConversationId) -> bool:
        stream = self.streams.get(id)
        return stream is not None and stream.hears(connection)

    def settle(self, connection: Connection) -> None:
        """Say what was held back, and hold nothing back any more."""
        self._arriving.discard(connection)
        for id, since in self._held.pop(connection, {}).items():
            if stream := self.streams.get(id):
                stream.settle(connection, since)

    async def resume(
        self, connection: Connection, known: Mapping[ConversationId, int], *, same_epoch: bool
    ) -> tuple[int, int]:
        """Give a connection what happened since the revisions it knows, or a reset where that cannot be; returns of
        how many conversations, and how many events that were. What its person has left
        ends where they left; what they never took part in is passed over.

        From here on until its turn each conversation is silent to the connection, so that order is kept.
        """
        known = {id: revision for id, revision in known.items() if not self._has_returned(connection, id)}
        self._arriving.discard(connection)
        mine = {id: revision for id, revision in known.items() if self._hold(connection, id)}
        events, todo = 0, list(mine)
        try:
            ahead = [id for id in mine if mine[id] > (self.streams[id].order.delivered or 0)]
            heads = await self._heads.of(ahead) if same_epoch else {}
            while todo:
                turn = {id: mine[id] for id in todo[:RESUMED_TOGETHER]}
                events += await self._resume(connection, turn, heads, same_epoch)
                todo = todo[RESUMED_TOGETHER:]
                await connection.ready()
        finally:
            # What could not be read is fetched another way; silent for ever it must not be.
            for id in todo:
                self._held.get(connection, {}).pop(id, None)
                if stream := self.streams.get(id):
                    stream.start_afresh(connection)
        former, more = await self._farewell(connection, known.keys() - mine.keys(), known, same_epoch)
        return len(mine) + former, events + more

    async def _farewell(
        self,
        connection: Connection,
        ids: Collection[ConversationId],
        known: Mapping[ConversationId, int],
        same_epoch: bool,
    ) -> tuple[int, int]:
        """Of conversations its person has left: what happened until then."""
        left = sorted(await self._conversations.left_among(connection.user_id, list(ids))) if ids else []
        todo, events = list(left), 0
        while todo:
            turn, todo = todo[:RESUMED_TOGETHER], todo[RESUMED_TOGETHER:]
            positions = {id: known[id] for id in turn if 0 <= known[id] < REVISIONS_BELOW and same_epoch}
            missed = await self._missed.of(positions.items())
            for id in turn:
                frames = missed.get((id, known[id]), [])
                heard = (
                    until_left(frames, connection.user_id, known[id], MISSED_AT_MOST)
                    if id in positions
                    else None
                )
                if heard is None:
                    connection.deliver(Outgoing(reset(id, max(0, min(known[id], REVISIONS_BELOW - 1)))))
                for frame in as_of(heard or [], self._clock.now()):
                    connection.deliver(Outgoing(frame.body))
                    events += 1
                if heard and connection in self.people.get(connection.user_id, ()):
                    self.heard[connection].setdefault(id, heard[-1].revision)
            await connection.ready()
        return len(left), events

    def _has_returned(self, connection: Connection, id: ConversationId) -> bool:
        """Whether the person of a connection that has only just arrived was added to a conversation since: it hears that
        from their return on, or did until they were removed again, and nothing of it twice.
        """
        is_told = id in self.heard.get(connection, {}) and id not in self._held.get(connection, {})
        return is_told and connection in self._arriving

    def _hold(self, connection: Connection, id: ConversationId) -> bool:
        """Whether a conversation is silent to a connection from now on: not, if it does not hear it, or is being brought
        up to it already.
        """
        stream = self.streams.get(id)
        if stream is not None and (connection in stream.listeners or connection in stream.ahead):
            stream.hold(connection)
            self._held[connection][id] = 0
        return id in self._held.get(connection, {})

    async def _resume(
        self,
        connection: Connection,
        known: Mapping[ConversationId, int],
        heads: Mapping[ConversationId, int],
        same_epoch: bool,
    ) -> int:
        trusted = {
            id: revision
            for id, revision in known.items()
            if same_epoch and 0 <= revision < REVISIONS_BELOW and (id not in heads or revision <= heads[id])
        }
        behind = {
            id: revision
            for id, revision in trusted.items()
            if id in self.streams and revision < (self.streams[id].order.delivered or 0)
        }
        missed = await self._missed.of(behind.items())
        events = 0
        for id in known:
            self._held.get(connection, {}).pop(id, None)
            if stream := self.streams.get(id):
                if id in trusted:
                    frames = as_of(missed.get((id, trusted[id]), []), self._clock.now())
                    events += stream.caught_up(connection, trusted[id], frames)
                else:
                    stream.start_afresh(connection)
                if stream.is_deserted:
                    await self.leave([id])
        return events

    async def _open(self, ids: list[ConversationId]) -> None:
        """Subscribe to conversations, then take their heads as where listening begins."""
        heads: dict[ConversationId, int] = {}
        try:
            await self._channels.of([of_conversation(id) for id in ids])
            heads = await self._heads.of(ids)
        finally:
            for id in ids:
                if stream := self.streams.get(id):
                    if id in heads:
                        stream.emit(stream.order.begin(heads[id]))
                    else:
                        del self.streams[id]
                    stream.opened.set()

    async def _catch_up(self, stream: Stream, connection: Connection, revision: int) -> None:
        """Everything above ``revision``, first from the outbox, then what arrived meanwhile, then live."""
        id = stream.conversation_id
        frames = (await self._missed.of([(id, revision)])).get((id, revision), [])
        stream.caught_up(connection, revision, as_of(frames, self._clock.now()))
        if stream.is_deserted:
            await self.leave([id])

    async def _subscribe(self, channels: list[str]) -> dict[str, None]:
        if self.subscription is None:
            raise Unavailable("The realtime hub has not started.")
        async with self._line:
            await self.subscription.add(channels)
        return dict.fromkeys(channels)
