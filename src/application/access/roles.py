"""Rules about roles in a group, asked after ``participant``: the conversation is locked and membership known."""

from typing import Any

from msgspec import UNSET

from application.bus.access import Access, Always
from application.bus.messages import Scope
from domain.conversation.permissions import Action, allows, who_may
from domain.shared.errors import InsufficientRole, NotAGroup


class _Group(Always):
    words = "a group"

    async def inside(self, message: Any, scope: Scope) -> None:
        if (await scope.uow.conversations.get(message.conversation_id)).is_direct:
            raise NotAGroup


class _May(Always):
    def __init__(self, action: Action, *, given: str | None, unless_oneself: bool, direct_too: bool) -> None:
        self.action = action
        self.given = given
        self.unless_oneself = unless_oneself
        self.direct_too = direct_too
        self.words = self._words()

    async def inside(self, message: Any, scope: Scope) -> None:
        conversation = await scope.uow.conversations.get(message.conversation_id)
        if conversation.is_direct and self.direct_too:
            return
        if conversation.is_direct:
            raise NotAGroup
        if self.given is not None and getattr(message, self.given) is UNSET:
            return
        if self.unless_oneself and message.user_id == scope.user_id:
            return
        me = await scope.uow.participants.get(message.conversation_id, scope.user_id)
        if not allows(me.role, self.action):
            raise InsufficientRole

    def _words(self) -> str:
        words = who_may(self.action)
        if self.given is not None:
            words = f"with `{self.given}`: {words}"
        if self.unless_oneself:
            words += ", or oneself"
        return f"in a group: {words}" if self.direct_too else words


in_group = Access(_Group())
"""Not a direct conversation, which has no roles and no changes of members."""


def may(
    action: Action, *, given: str | None = None, unless_oneself: bool = False, direct_too: bool = False
) -> Access:
    """In a group, whoever has the role that the action takes. ``given``: only where the command has that field;
    ``unless_oneself``: anybody, to themselves; ``direct_too``: in a direct conversation either side.
    """
    return Access(_May(action, given=given, unless_oneself=unless_oneself, direct_too=direct_too))
