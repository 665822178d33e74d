"""Wiping what messages said whose time is over, a portion at a time: a command of the server's own.

Nobody has seen them since they expired, so nobody is told, and no revision is taken.
"""

import asyncio

from application.access.identity import server_only
from application.bus.bus import Bus
from application.bus.messages import Actor, Command, Scope
from application.ports.readers import Expirations
from application.ports.system import Clock
from domain.shared.errors import Unavailable
from domain.shared.ids import ConversationId, MessageId

PORTION = 200
LOOK_EVERY_SECONDS = 1.0
SERVER = Actor(is_server=True)


class WipeExpired(Command[None], frozen=True, kw_only=True):
    """Wipes those messages of one conversation; those that are wiped already, or may still be seen, are passed over."""

    access = server_only

    conversation_id: ConversationId
    message_ids: list[MessageId]


async def handle(command: WipeExpired, scope: Scope) -> None:
    if await scope.uow.conversations.lock(command.conversation_id) is None:
        return
    messages = await scope.uow.messages.find_many(command.message_ids)
    for message in messages.values():
        is_here = message.conversation_id == command.conversation_id
        if is_here and message.deleted_at is None and message.has_expired(scope.now):
            scope.uow.messages.wipe(message.wiped(message.revision, scope.now))


class Sweeper:
    """Looks for what has expired. Several servers may do so at once."""

    def __init__(self, bus: Bus, expirations: Expirations, clock: Clock) -> None:
        self._bus = bus
        self._expirations = expirations
        self._clock = clock

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                while await self.sweep():
                    pass
            except Unavailable:
                pass
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def sweep(self) -> bool:
        """Wipe a portion; false when there was none."""
        over = await self._expirations.pending(self._clock.now(), PORTION)
        if over:
            place, ids = over[0].conversation_id, [message.id for message in over]
            await self._bus.execute(WipeExpired(conversation_id=place, message_ids=ids), SERVER)
        return bool(over)
