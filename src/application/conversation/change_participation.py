"""My own place in a conversation: muting, pinning and archiving it, and clearing what was said so far.

Archiving is undone by the next message that is not muted. That is derived when somebody looks, so sending costs the same
whatever the number of members. Pins are counted while the person's account is locked: no two requests take the last one.
"""

from datetime import UTC, datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from application.access.conversations import took_part
from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.bus.messages import Command, Scope
from application.conversation.views import Participation
from domain.conversation.events import ParticipationChanged
from domain.conversation.participant import Participant
from domain.shared.errors import Invalid, NotAParticipant, TooManyPins
from domain.shared.ids import ConversationId

PINS_AT_MOST = 20
EARLIEST_YEAR = 1970
_NO_TIME = f"Must be a time between {EARLIEST_YEAR} and 9999."


class ChangeParticipation(Command[Participation], frozen=True, kw_only=True):
    """What is left out stays; ``muted_until`` null ends muting. Whoever left may archive, and nothing else."""

    access = authenticated & rate_limit("commands") & took_part

    conversation_id: ConversationId
    muted_until: Annotated[datetime, Meta(tz=True)] | UnsetType | None = UNSET
    pinned: bool | UnsetType = UNSET
    archived: bool | UnsetType = UNSET


async def change(command: ChangeParticipation, scope: Scope) -> Participation:
    conversation = await scope.uow.conversations.get(command.conversation_id)
    me = await scope.uow.participants.get(command.conversation_id, scope.user_id)
    if me.has_left and (command.muted_until is not UNSET or command.pinned is not UNSET):
        raise NotAParticipant
    until = command.muted_until
    muted_until = _in_utc(until) if isinstance(until, datetime) else until
    head, changed = conversation.last_sequence, False
    if isinstance(command.archived, bool):
        changed |= me.archive(command.archived, head)
    if not isinstance(muted_until, UnsetType):
        changed |= me.mute(muted_until, head)
    if isinstance(command.pinned, bool):
        if command.pinned and me.pinned_at is None:
            await _require_room_for_a_pin(scope)
        changed |= me.pin(command.pinned, scope.now)
    return await _told(me, scope, changed=changed)


class ClearConversation(Command[None], frozen=True, kw_only=True):
    """Everything said so far is gone for me, on all my devices; others keep it."""

    access = authenticated & rate_limit("commands") & took_part

    conversation_id: ConversationId


async def clear(command: ClearConversation, scope: Scope) -> None:
    conversation = await scope.uow.conversations.get(command.conversation_id)
    me = await scope.uow.participants.get(command.conversation_id, scope.user_id)
    await _told(me, scope, changed=me.clear(conversation.last_sequence))


async def _require_room_for_a_pin(scope: Scope) -> None:
    await scope.uow.users.lock(scope.user_id)
    if await scope.uow.participants.pinned(scope.user_id) >= PINS_AT_MOST:
        raise TooManyPins(pointer="/pinned")


async def _told(me: Participant, scope: Scope, *, changed: bool) -> Participation:
    """My place as it is now; my devices hear of it if it is new."""
    me.my_revision += changed
    unread = await scope.uow.messages.unread(me, scope.now)
    if changed:
        me.record(ParticipationChanged(user_ids=(me.user_id,), participant=me, unread_count=unread))
        scope.uow.participants.save(me)
    return Participation.of(me, unread)


def _in_utc(until: datetime) -> datetime:
    """To the millisecond, as it is shown. Raises ``Invalid`` for times that nobody means, or no calendar has."""
    try:
        moment = until.astimezone(UTC)
    except OverflowError:
        raise Invalid(_NO_TIME, pointer="/muted_until") from None
    if moment.year < EARLIEST_YEAR:
        raise Invalid(_NO_TIME, pointer="/muted_until")
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
