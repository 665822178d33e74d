"""The hub: what arrives from the broker, in order and once, to the sockets of this server.

Subscribing always precedes reading: a channel is confirmed, then the conversation's head is read from the
database, and everything above that head is either heard or missed visibly (a hole, or a head that is ahead)
and then read from the outbox. So nothing rests on the broker keeping its promise.
"""

import asyncio
from collections import defaultdict
from contextlib import suppress
from typing import Any
from uuid import UUID

import msgspec

from application.identity.authentication import Authentication
from application.ports.events import Broker, Delivery, Interrupted, Outbox, Subscription
from application.ports.readers import ConversationReader, SessionReader
from application.ports.system import Clock
from application.realtime.channels import Connection, Stream, of_conversation, of_user, parse, reset
from domain.shared.errors import Unavailable
from domain.shared.ids import ConversationId, SessionId, UserId

HOLE_MAY_CLOSE_BY_ITSELF_SECONDS = 0.05
CHECK_HEADS_EVERY_SECONDS = 2.0
CATCH_UP_BATCH = 1000
NOT_FOR_CLIENTS = frozenset({"profile.updated"})
REVOKED = 4401


class Hub:
    """One per process. ``run`` listens until cancelled; ``attach`` returns once everything committed from now on
    reaches the connection. Raises ``Unavailable`` when that cannot be promised.
    """

    def __init__(
        self,
        *,
        broker: Broker,
        outbox: Outbox,
        conversations: ConversationReader,
        sessions: SessionReader,
        authentication: Authentication,
        clock: Clock,
    ) -> None:
        self._broker = broker
        self._outbox = outbox
        self._conversations = conversations
        self._sessions = sessions
        self._authentication = authentication
        self._clock = clock
        self._streams: dict[ConversationId, Stream] = {}
        self._people: dict[UserId, set[Connection]] = defaultdict(set)
        self._heard: dict[Connection, set[ConversationId]] = defaultdict(set)
        self._subscription: Subscription | None = None
        self._line = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Open the line to the broker."""
        self._subscription = await self._broker.subscribe()

    async def run(self) -> None:
        """Hand over what arrives, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._check_heads())

    async def stop(self) -> None:
        """End every repair under way and close the line."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._subscription is not None:
            await self._subscription.close()

    @property
    def connections(self) -> list[Connection]:
        return [connection for devices in self._people.values() for connection in devices]

    def devices_of(self, user_id: UserId) -> int:
        """How many connections a person has here."""
        return len(self._people.get(user_id, ()))

    async def attach(self, connection: Connection) -> None:
        """Subscribe a connection to everything its person hears."""
        devices = self._people[connection.user_id]
        devices.add(connection)
        try:
            async with self._line:
                await self._subscribe([of_user(connection.user_id)])
            heads = await self._conversations.heads(connection.user_id)
            await self._join(connection, dict.fromkeys(heads))
        except Unavailable:
            await self.detach(connection)
            raise

    async def detach(self, connection: Connection) -> None:
        """Forget a connection; channels nobody here listens to any more are left."""
        devices = self._people.get(connection.user_id, set())
        devices.discard(connection)
        deserted = []
        for id in self._heard.pop(connection, set()):
            if stream := self._streams.get(id):
                stream.drop(connection)
                if stream.is_deserted:
                    deserted.append(id)
        async with self._line:
            gone = [id for id in deserted if id in self._streams and self._streams[id].is_deserted]
            for id in gone:
                del self._streams[id]
            channels = [of_conversation(id) for id in gone]
            if connection.user_id in self._people and not self._people[connection.user_id]:
                del self._people[connection.user_id]
                channels.append(of_user(connection.user_id))
            if channels and self._subscription is not None:
                await self._subscription.remove(channels)

    async def _join(self, connection: Connection, known: dict[ConversationId, int | None]) -> None:
        """Let a connection hear conversations: from now on, or from a revision it has on."""
        if connection not in self._people.get(connection.user_id, ()):
            return  # it has gone while this was on its way
        fresh = []
        for id in known:
            if id not in self._streams:
                self._streams[id] = Stream(id)
                fresh.append(id)
        self._heard[connection].update(known)
        for id, revision in known.items():
            stream = self._streams[id]
            if revision is None:
                stream.listeners.add(connection)
            else:
                stream.catching_up[connection] = []
        if fresh:
            await self._open(fresh)
        for id, revision in known.items():
            current = self._streams.get(id)
            if current is None:
                continue
            await current.opened.wait()
            if self._streams.get(id) is not current:
                raise Unavailable("A conversation could not be listened to.")
            if revision is not None:
                await self._catch_up(current, connection, revision)

    async def _open(self, ids: list[ConversationId]) -> None:
        """Subscribe to conversations, then take their heads as where listening begins."""
        heads: dict[ConversationId, int] = {}
        try:
            async with self._line:
                await self._subscribe([of_conversation(id) for id in ids])
            heads = await self._conversations.heads_of(ids)
        finally:
            for id in ids:
                if stream := self._streams.get(id):
                    if id in heads:
                        stream.emit(stream.order.begin(heads[id]))
                    else:
                        del self._streams[id]
                    stream.opened.set()

    async def _catch_up(self, stream: Stream, connection: Connection, revision: int) -> None:
        """Everything above ``revision``, first from the outbox, then what arrived meanwhile, then live."""
        frames = await self._outbox.since(stream.conversation_id, revision, CATCH_UP_BATCH)
        arrived = stream.catching_up.pop(connection, None)
        if arrived is None:
            return
        live_at = stream.order.delivered or 0
        for frame in frames:
            if frame.revision <= live_at:
                connection.deliver(frame.body)
                revision = max(revision, frame.revision)
        for at, body in arrived:
            if at > revision:
                connection.deliver(body)
        stream.listeners.add(connection)

    async def _subscribe(self, channels: list[str]) -> None:
        if self._subscription is None:
            raise Unavailable("The realtime hub has not started.")
        await self._subscription.add(channels)

    async def _listen(self) -> None:
        if self._subscription is None:
            raise Unavailable("The realtime hub has not started.")
        async for item in self._subscription.deliveries():
            if isinstance(item, Interrupted):
                self._later(self._resynchronise())
            else:
                self._hear(item)

    def _hear(self, delivery: Delivery) -> None:
        kind, id = parse(delivery.channel)
        if kind == "user":
            self._hear_for_user(UserId(id), delivery)
            return
        stream = self._streams.get(ConversationId(id))
        if stream is None:
            return
        if delivery.revision == 0:
            stream.emit([(0, delivery.body)])
            return
        stream.emit(stream.order.offer(delivery.revision, delivery.body))
        if stream.order.has_hole and not stream.repairing:
            stream.repairing = True
            self._later(self._repair(stream, HOLE_MAY_CLOSE_BY_ITSELF_SECONDS))

    def _hear_for_user(self, user_id: UserId, delivery: Delivery) -> None:
        devices = self._people.get(user_id, set())
        if delivery.event_type in NOT_FOR_CLIENTS:
            return
        for connection in list(devices):
            connection.deliver(delivery.body)
        if delivery.event_type == "conversation.created":
            entry: dict[str, Any] = msgspec.json.decode(delivery.body)["data"]
            conversation = entry["conversation"]
            # The message the conversation arrived with is heard like any other, once.
            revision = int(conversation["revision"]) - (entry["last_message"] is not None)
            joined = ConversationId(UUID(conversation["id"]))
            for connection in list(devices):
                if not self._hears(connection, joined):
                    self._later(self._join_later(connection, joined, revision))
        elif delivery.event_type == "session.revoked":
            ended = SessionId(UUID(msgspec.json.decode(delivery.body)["data"]["session_id"]))
            self._authentication.end(ended)
            for connection in [each for each in devices if each.session_id == ended]:
                connection.end(REVOKED, "unauthenticated")

    def _hears(self, connection: Connection, id: ConversationId) -> bool:
        stream = self._streams.get(id)
        return stream is not None and (connection in stream.listeners or connection in stream.catching_up)

    async def _join_later(self, connection: Connection, id: ConversationId, revision: int) -> None:
        try:
            await self._join(connection, {id: revision})
        except Unavailable:
            connection.end(1012, "unavailable")

    async def _repair(self, stream: Stream, wait: float) -> None:
        """Fill a hole from the outbox; where that no longer has it, tell listeners to fetch the state."""
        try:
            await asyncio.sleep(wait)
            if not stream.order.has_hole:
                return
            for frame in await self._outbox.since(
                stream.conversation_id, stream.order.delivered or 0, CATCH_UP_BATCH
            ):
                stream.emit(stream.order.offer(frame.revision, frame.body))
            if stream.order.has_hole:
                lost, after = stream.order.skip_hole()
                stream.emit([(lost, reset(stream.conversation_id, lost)), *after])
        except Unavailable:
            return
        finally:
            stream.repairing = False

    async def _check_heads(self) -> None:
        """The last event of a quiet conversation leaves no hole; only the head tells that it was missed."""
        while True:
            await asyncio.sleep(CHECK_HEADS_EVERY_SECONDS)
            with suppress(Unavailable):
                await self._compare_heads()

    async def _compare_heads(self) -> None:
        ids = [id for id, stream in self._streams.items() if stream.opened.is_set()]
        behind = {id: self._streams[id].order.delivered or 0 for id in ids}
        for id, head in (await self._conversations.heads_of(ids)).items() if ids else ():
            stream = self._streams.get(id)
            if stream is None or (stream.order.delivered or 0) >= head or stream.repairing:
                continue
            if stream.order.delivered != behind[id]:
                continue
            for frame in await self._outbox.since(id, behind[id], CATCH_UP_BATCH):
                stream.emit(stream.order.offer(frame.revision, frame.body))
            if (stream.order.delivered or 0) < head and not stream.order.has_hole:
                stream.emit([(head, reset(id, head)), *stream.order.begin(head)])

    async def _resynchronise(self) -> None:
        """The line was down: read heads, memberships and sessions again, and mend what was missed."""
        try:
            await self._compare_heads()
            for user_id, devices in list(self._people.items()):
                heads = await self._conversations.heads(user_id)
                for connection in list(devices):
                    session = await self._sessions.find(connection.session_id)
                    if session is None or not session.is_live(self._clock.now()):
                        connection.end(REVOKED, "unauthenticated")
                        continue
                    missed = {id: head for id, head in heads.items() if not self._hears(connection, id)}
                    for id, head in missed.items():
                        connection.deliver(reset(id, head))
                    await self._join(connection, dict(missed))
        except Unavailable:
            return

    def _later(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
