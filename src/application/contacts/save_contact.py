"""Saving somebody, under a name of one's own or not, and forgetting them again."""

from datetime import datetime
from typing import Any, ClassVar

import msgspec

from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.bus.messages import Actor, Command, Scope
from application.contacts.views import ContactView
from application.identity.people import People
from application.identity.views import UserView
from domain.contacts.contact import Contact
from domain.shared.errors import Invalid, Unauthenticated, UserNotFound
from domain.shared.ids import UserId


class SaveContact(Command[ContactView], frozen=True, kw_only=True):
    """Saving twice is saving once; the nickname is that of the last time, and absent means none."""

    access = authenticated & rate_limit("commands")
    personal: ClassVar[dict[str, Any]] = {"nickname": None}

    user_id: UserId
    nickname: str | None = None


async def prepare(command: SaveContact, actor: Actor, now: datetime, *, people: People) -> UserView:
    """The person as I see them. Raises ``UserNotFound``."""
    if actor.user_id is None:
        raise Unauthenticated
    found = await people.seen_by(actor.user_id, [command.user_id])
    if command.user_id not in found:
        raise UserNotFound
    return found[command.user_id]


async def save(command: SaveContact, scope: Scope, *, prepared: UserView) -> ContactView:
    contact = await contact_with(command.user_id, scope)
    contact.save_as(command.nickname)
    scope.uow.contacts.save(contact)
    user = msgspec.structs.replace(prepared, is_contact=True, is_blocked=contact.is_blocked)
    return ContactView.of(contact, user)


class RemoveContact(Command[None], frozen=True, kw_only=True):
    """A block stays. Somebody who was not saved is fine."""

    access = authenticated & rate_limit("commands")

    user_id: UserId


async def remove(command: RemoveContact, scope: Scope) -> None:
    contact = await contact_with(command.user_id, scope)
    contact.forget()
    scope.uow.contacts.save(contact)


async def contact_with(other: UserId, scope: Scope) -> Contact:
    """What I say of ``other``, locked; nothing yet, when there is no row. Raises ``Invalid``, ``UserNotFound``."""
    if other == scope.user_id:
        raise Invalid("Nobody is their own contact.", pointer="/user_id")
    if await scope.uow.users.find(other) is None:
        raise UserNotFound
    found = await scope.uow.contacts.lock(scope.user_id, other)
    return found or Contact(user_id=scope.user_id, contact_user_id=other, saved=False, created_at=scope.now)
