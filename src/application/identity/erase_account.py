"""Erasing an account: everything it says of its person is forgotten, at once; what they said, if they ask for it,
within moments, by ``redact_messages``.

Rows that others refer to stay, with an id and nothing else. docs/personal-data.md lists every column. Nobody is a
member of a group whose account is erased: who is added to one before the account is locked leaves that one too.
"""

from datetime import datetime

from application.access.identity import authenticated
from application.access.limits import password_checks
from application.bus.messages import Actor, Command, Scope, Secret
from application.conversation.leaving import depart
from application.errors import Collision
from application.identity.proof import Proof, prove_me, require
from application.ports.readers import Credentials
from application.ports.security import Passwords
from domain.conversation.events import Departure
from domain.identity.settings import Settings


class EraseAccount(Command[None], frozen=True, kw_only=True):
    """Leaves every group first. Nothing undoes it."""

    access = authenticated & password_checks

    password: Secret
    redact_messages: bool


async def prepare(
    command: EraseAccount, actor: Actor, now: datetime, *, credentials: Credentials, passwords: Passwords
) -> Proof:
    return await prove_me(actor, command.password, credentials, passwords)


async def handle(command: EraseAccount, scope: Scope, *, prepared: Proof) -> None:
    me = scope.user_id
    require(prepared, await scope.uow.users.find(me))
    # Conversations before people: the order in which everybody locks.
    groups = await scope.uow.participants.groups_of(me)
    for group_id in groups:
        group = await scope.uow.conversations.lock(group_id)
        mine = await scope.uow.participants.find(group_id, me)
        if group is not None and group.closed_at is None and mine is not None and not mine.has_left:
            await depart(mine, group, Departure.ERASED, scope, by=me)
    for session in await scope.uow.sessions.lock_all(me):
        session.revoke("erased", scope.now)
        session.forget_device()
        scope.uow.sessions.save(session)
    for contact in await scope.uow.contacts.of(me):
        contact.forget()
        contact.unblock()
        contact.events.clear()
        scope.uow.contacts.save(contact)
    user = require(prepared, await scope.uow.users.lock(me))
    # From here on whoever adds somebody waits for this account. Who was quicker must be seen, and left, in its turn.
    if set(await scope.uow.participants.groups_of(me)) - set(groups):
        raise Collision("added to a group while leaving the others")
    user.erase(scope.now, redact_messages=command.redact_messages)
    user.profile_changed()
    scope.uow.users.save(user)
    scope.uow.users.save_settings(Settings(user_id=me, updated_at=scope.now))
    scope.uow.forget_person(me)
