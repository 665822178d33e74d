"""Making a member an administrator or a member again, and silencing somebody for a while."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from application.access.conversations import participant
from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.access.roles import may
from application.bus.messages import Actor, Command, Scope
from application.conversation.leaving import say
from application.conversation.members import as_member, member_below
from application.conversation.views import Member
from application.identity.people import People
from application.identity.views import UserView
from domain.conversation.events import MemberUpdated
from domain.conversation.participant import Role
from domain.conversation.permissions import Action
from domain.shared.errors import Invalid, MemberNotFound, Unauthenticated
from domain.shared.ids import ConversationId, UserId

Moment = Annotated[datetime, Meta(tz=True)]


class ChangeMember(Command[Member], frozen=True, kw_only=True):
    """Of a member of a lower rank. ``silenced_until`` null lets them speak again; a field left out stays."""

    access = (
        authenticated
        & rate_limit("commands")
        & participant
        & may(Action.SILENCE_MEMBER)
        & may(Action.CHANGE_ROLE, given="role")
    )

    conversation_id: ConversationId
    user_id: UserId
    role: Literal["ADMIN", "MEMBER"] | UnsetType = UNSET
    silenced_until: Moment | UnsetType | None = UNSET


async def prepare(
    command: ChangeMember, actor: Actor, now: datetime, *, people: People
) -> dict[UserId, UserView]:
    """The person as I see them, if there is one. Raises ``Invalid`` for a time that no clock will show."""
    _in_utc(command.silenced_until)
    if actor.user_id is None:
        raise Unauthenticated
    return await people.seen_by(actor.user_id, [command.user_id])


async def handle(command: ChangeMember, scope: Scope, *, prepared: dict[UserId, UserView]) -> Member:
    group = await scope.uow.conversations.get(command.conversation_id)
    theirs = await member_below(group.id, command.user_id, Action.SILENCE_MEMBER, scope)
    if theirs.user_id not in prepared:
        raise MemberNotFound
    role = theirs.role if command.role is UNSET else Role(command.role)
    until = theirs.silenced_until
    if command.silenced_until is not UNSET:
        until = _in_utc(command.silenced_until)
        # A time that has passed silences nobody.
        until = until if until is not None and until > scope.now else None
    if (role, until) != (theirs.role, theirs.silenced_until):
        if role is not theirs.role:
            said = {"event": "role_changed", "user_id": str(theirs.user_id), "role": role.value}
            await say(group, scope.user_id, said, scope)
        theirs.role, theirs.silenced_until = role, until
        theirs.revision = group.next_revision()
        group.record(
            MemberUpdated(
                conversation_id=group.id,
                revision=theirs.revision,
                user_id=theirs.user_id,
                role=role,
                silenced_until=until,
                by=scope.user_id,
            )
        )
        scope.uow.participants.save(theirs)
        scope.uow.conversations.save(group)
    return as_member(theirs, prepared[theirs.user_id])


def _in_utc(given: datetime | UnsetType | None) -> datetime | None:
    if given is UNSET or given is None:
        return None
    try:
        return given.astimezone(UTC)
    except OverflowError:
        raise Invalid("Must be a time of the years 1 to 9999 in UTC.", pointer="/silenced_until") from None
