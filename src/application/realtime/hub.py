"""The hub: what arrives from the broker, in order and once, to the sockets of this server.

What is missed shows: as a hole, or as a head that is ahead, and is then read from the outbox. So nothing rests on the
broker keeping its promise.
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

import msgspec

from application.failpoints import fails
from application.identity.authentication import Authentication
from application.ports.events import Broker, Delivery, Interrupted, Outbox
from application.ports.readers import ConversationReader, SessionReader
from application.ports.system import Clock
from application.realtime.channels import Connection, parse, reset
from application.realtime.membership import Membership
from application.realtime.mending import UNWITNESSED, Mender, Witness
from application.realtime.outgoing import Outgoing
from application.realtime.unordered import Unordered
from domain.shared.errors import Unavailable
from domain.shared.ids import ConversationId, SessionId, UserId

HOLE_MAY_CLOSE_BY_ITSELF_SECONDS = 0.05
CHECK_HEADS_EVERY_SECONDS = 2.0
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
        witness: Witness = UNWITNESSED,
    ) -> None:
        self._broker = broker
        self._conversations = conversations
        self._sessions = sessions
        self._authentication = authentication
        self._clock = clock
        self._membership = Membership(outbox, conversations, clock)
        self._streams = self._membership.streams
        self._people = self._membership.people
        self._heard = self._membership.heard
        self._mender = Mender(self._streams, outbox, conversations, witness)
        self._unordered = Unordered(self._streams)
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Open the line to the broker."""
        self._membership.subscription = await self._broker.subscribe()

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
        if self._membership.subscription is not None:
            await self._membership.subscription.close()

    @property
    def connections(self) -> list[Connection]:
        return [connection for devices in self._people.values() for connection in devices]

    async def attach(self, connection: Connection, *, holding: bool = False) -> None:
        """Subscribe a connection to everything its person hears. ``holding``: it hears nothing of conversations before
        ``resume`` or ``settle``, and then all of it.
        """
        try:
            await self._membership.arrive(connection, holding=holding)
        except Unavailable:
            await self.detach(connection)
            raise

    async def detach(self, connection: Connection) -> None:
        """Forget a connection; channels nobody here listens to any more are left."""
        await self._membership.depart(connection)

    def settle(self, connection: Connection) -> None:
        """Hold nothing back any more."""
        self._membership.settle(connection)

    async def resume(
        self, connection: Connection, known: Mapping[ConversationId, int], *, same_epoch: bool
    ) -> tuple[int, int]:
        """Tell a connection what happened since the revisions it knows: each event in its order, or a reset. Returns of
        how many of its person's conversations, and how many events.
        """
        return await self._membership.resume(connection, known, same_epoch=same_epoch)

    async def _listen(self) -> None:
        if self._membership.subscription is None:
            raise Unavailable("The realtime hub has not started.")
        async for item in self._membership.subscription.deliveries():
            if isinstance(item, Interrupted):
                self._later(self._resynchronise())
            else:
                self._hear(item)

    def _hear(self, delivery: Delivery) -> None:
        if fails("hub.drop"):
            return
        kind, id = parse(delivery.channel)
        if kind == "user":
            self._hear_for_user(UserId(id), delivery)
            return
        stream = self._streams.get(ConversationId(id))
        if stream is None:
            return
        if delivery.revision == 0:
            self._unordered.hear(stream, delivery)
            return
        stream.emit(stream.order.offer(delivery.revision, delivery.body))
        if stream.is_deserted:
            self._later(self._membership.leave([stream.conversation_id]))
        if stream.order.has_hole and not stream.repairing:
            stream.repairing = True
            self._later(self._mender.repair(stream, HOLE_MAY_CLOSE_BY_ITSELF_SECONDS))

    def _hear_for_user(self, user_id: UserId, delivery: Delivery) -> None:
        devices = self._people.get(user_id, set())
        if delivery.event_type in NOT_FOR_CLIENTS:
            return
        if delivery.revision:
            self._hear_of_membership(devices, delivery)
            return
        outgoing = Outgoing(delivery.body)
        for connection in list(devices):
            connection.deliver(outgoing)
        if delivery.event_type == "conversation.created":
            entry: dict[str, Any] = msgspec.json.decode(delivery.body)["data"]
            conversation = entry["conversation"]
            # The message the conversation arrived with is heard like any other, once.
            revision = int(conversation["revision"]) - (entry["last_message"] is not None)
            joined = ConversationId(UUID(conversation["id"]))
            for connection in list(devices):
                if not self._membership.hears(connection, joined):
                    self._later(self._join_later(connection, joined, revision))
        elif delivery.event_type == "session.revoked":
            ended = SessionId(UUID(msgspec.json.decode(delivery.body)["data"]["session_id"]))
            self._authentication.end(ended)
            for connection in [each for each in devices if each.session_id == ended]:
                connection.end(REVOKED, "unauthenticated")

    def _hear_of_membership(self, devices: Iterable[Connection], delivery: Delivery) -> None:
        """A conversation's event on a person's own channel: for those of their devices that do not hear it there."""
        id = ConversationId(UUID(msgspec.json.decode(delivery.body)["conversation_id"]))
        stream = self._streams.get(id)
        if stream is not None and (stream.order.delivered or 0) < delivery.revision:
            return  # it will come out there, in its place
        for connection in list(devices):
            if (
                self._membership.hears(connection, id)
                or self._heard[connection].get(id, 0) >= delivery.revision
            ):
                continue
            if delivery.event_type == "member.added":
                self._later(self._join_later(connection, id, delivery.revision - 1))
            elif not self._membership.is_arriving(connection):
                connection.deliver(Outgoing(delivery.body))

    async def _join_later(self, connection: Connection, id: ConversationId, revision: int) -> None:
        try:
            await self._membership.follow(connection, id, revision)
        except Unavailable:
            connection.end(1012, "unavailable")

    async def _check_heads(self) -> None:
        """The last event of a quiet conversation leaves no hole; only the head tells that it was missed."""
        while True:
            await asyncio.sleep(CHECK_HEADS_EVERY_SECONDS)
            with suppress(Unavailable):
                await self._mender.compare_heads()

    async def _resynchronise(self) -> None:
        """The line was down: read heads, memberships and sessions again, and mend what was missed."""
        try:
            await self._mender.compare_heads()
            for user_id, devices in list(self._people.items()):
                heads = (await self._conversations.heads([user_id])).get(user_id, {})
                for connection in list(devices):
                    session = await self._sessions.find(connection.session_id)
                    if session is None or not session.is_live(self._clock.now()):
                        connection.end(REVOKED, "unauthenticated")
                        continue
                    self._let_go_of_others(connection, heads)
                    missed = {
                        id: head for id, head in heads.items() if not self._membership.hears(connection, id)
                    }
                    for id, head in missed.items():
                        connection.deliver(Outgoing(reset(id, head)))
                    await self._membership.join(connection, dict(missed))
        except Unavailable:
            return

    def _let_go_of_others(self, connection: Connection, heads: Mapping[ConversationId, int]) -> None:
        """What a connection hears and its person no longer takes part in; the event that said so was missed."""
        for id in [id for id, left_at in self._heard[connection].items() if not left_at and id not in heads]:
            if stream := self._streams.get(id):
                revision = stream.order.delivered or 0
                stream.drop(connection)
                self._heard[connection][id] = revision
                connection.deliver(Outgoing(reset(id, revision)))
                self._later(self._membership.leave([id]))

    def _later(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
