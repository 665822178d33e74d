"""What there is beside messages, as a unit of work finds it: for the answers of commands."""

from collections.abc import Sequence

from application.bus.messages import Scope
from application.messaging.views import MessageView
from application.ports.readers import Surroundings
from domain.messaging.message import Message


async def surroundings(messages: Sequence[Message], scope: Scope) -> Surroundings:
    """What whoever acts can see beside some messages."""
    ids = [message.id for message in messages]
    origins = {m.forwarded_from_msg_id for m in messages if m.forwarded_from_msg_id is not None}
    targets = {m.reply_to_msg_id for m in messages if m.reply_to_msg_id is not None}
    seen = await scope.uow.messages.seen_by(scope.user_id, sorted(origins | targets), scope.now)
    return Surroundings(
        replied_to=await scope.uow.messages.find_many(sorted(targets & seen)),
        attachments=await scope.uow.attachments.carried_by(ids),
        reactions=await scope.uow.reactions.tallies(ids, scope.user_id),
        origins=frozenset(origins & seen),
    )


async def shown(message: Message, scope: Scope) -> MessageView:
    """A message as whoever acts sees it now."""
    return MessageView.as_seen(message, await surroundings([message], scope))
