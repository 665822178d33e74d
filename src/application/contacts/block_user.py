"""Blocking somebody, and lifting a block.

The direct conversation of the two is locked first, as sending does: once a block is acknowledged, no message
of either side is accepted there any more.
"""

from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.bus.messages import Command, Scope
from application.contacts.save_contact import contact_with
from domain.shared.ids import UserId, direct_key


class BlockUser(Command[None], frozen=True, kw_only=True):
    """Blocking twice is blocking once. They are not told."""

    access = authenticated & rate_limit("commands")

    user_id: UserId


async def block(command: BlockUser, scope: Scope) -> None:
    direct = await scope.uow.conversations.find_direct(direct_key(scope.user_id, command.user_id))
    if direct is not None:
        await scope.uow.conversations.lock(direct.id)
    contact = await contact_with(command.user_id, scope)
    contact.block()
    scope.uow.contacts.save(contact)


class UnblockUser(Command[None], frozen=True, kw_only=True):
    """Somebody who was not blocked is fine."""

    access = authenticated & rate_limit("commands")

    user_id: UserId


async def unblock(command: UnblockUser, scope: Scope) -> None:
    contact = await contact_with(command.user_id, scope)
    contact.unblock()
    scope.uow.contacts.save(contact)
