"""Wiping what an erased person said, a portion at a time: a command of the server's own.

The account remembers that it is to be done, so it goes on after any interruption, on any server.
"""

import asyncio

from application.access.identity import server_only
from application.bus.bus import Bus
from application.bus.messages import Actor, Command, Scope
from application.messaging.delete_message import wipe
from application.ports.readers import Redactions
from domain.shared.errors import Unavailable
from domain.shared.ids import UserId

PORTION = 200
LOOK_EVERY_SECONDS = 1.0
SERVER = Actor(is_server=True)


class RedactMessages(Command[bool], frozen=True, kw_only=True):
    """Wipes a portion of one conversation; true while there may be more."""

    access = server_only

    user_id: UserId


async def handle(command: RedactMessages, scope: Scope) -> bool:
    said = await scope.uow.messages.undeleted_by(command.user_id, PORTION)
    if not said:
        user = await scope.uow.users.find(command.user_id)
        if user is not None and user.redaction_pending:
            user.redaction_pending = False
            scope.uow.users.save(user)
        return False
    conversation = await scope.uow.conversations.lock(said[0].conversation_id)
    if conversation is None:
        return False
    # Read again under the lock: somebody else may have deleted one meanwhile.
    current = await scope.uow.messages.find_many([message.id for message in said])
    for message in current.values():
        if message.deleted_at is not None:
            continue
        wipe(message, conversation, scope, by=None)
    scope.uow.conversations.save(conversation)
    return True


class Redactor:
    """Looks for erased people whose messages are still there. Several servers may do so at once."""

    def __init__(self, bus: Bus, redactions: Redactions) -> None:
        self._bus = bus
        self._redactions = redactions

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                for user_id in await self._redactions.pending():
                    while await self._bus.execute(RedactMessages(user_id=user_id), SERVER):
                        pass
            except Unavailable:
                pass
            await asyncio.sleep(LOOK_EVERY_SECONDS)
