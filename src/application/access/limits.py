"""Rate limits as rules. They are asked before the transaction opens, so no lock ever waits for them.

What each limit says is noted on the actor, for the edge to tell the client.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from application.bus.access import Access, Always, Gatekeepers
from application.bus.messages import Actor, Quota, Scope
from domain.identity.user import identifier_kind
from domain.shared.errors import RateLimited
from domain.shared.ids import ConversationId

CROWD_ABOVE = 1000
CROWDS_KNOWN = 10_000

Key = Callable[[Any, Actor, Gatekeepers], Awaitable[str | None]]
"""Whose budget a message is charged to; None for nobody's."""

Permits = Callable[[Any], int]
"""How many permits a message takes."""


async def by_user(message: Any, actor: Actor, gate: Gatekeepers) -> str | None:
    """One budget for each person."""
    return str(actor.user_id)


async def by_address(message: Any, actor: Actor, gate: Gatekeepers) -> str | None:
    """One budget for everything that comes from one address."""
    return actor.address


async def _if_password(message: Any, actor: Actor, gate: Gatekeepers) -> str | None:
    return actor.address if _gives_password(message) else None


async def _by_account(message: Any, actor: Actor, gate: Gatekeepers) -> str | None:
    """One budget per account, by whichever of its identifiers it is named; unknown ones have their own."""
    if not _gives_password(message):
        return None
    if actor.user_id is not None:
        return str(actor.user_id)
    kind = identifier_kind(message.identifier)
    account = None if kind is None else await gate.credentials.by_identifier(*kind)
    return str(message.identifier.casefold() if account is None else account.user_id)


async def _by_account_and_address(message: Any, actor: Actor, gate: Gatekeepers) -> str | None:
    account = await _by_account(message, actor, gate)
    return None if account is None else f"{account}|{actor.address}"


def _gives_password(message: Any) -> bool:
    return getattr(message, "password", None) is not None or (
        getattr(message, "current_password", None) is not None
    )


class _RateLimit(Always):
    def __init__(self, name: str, by: Key, permits: Permits) -> None:
        self.name = name
        self.by = by
        self.permits = permits
        self.words = f"limit `{name}`"

    async def before(self, message: Any, actor: Actor, gate: Gatekeepers) -> None:
        rate = gate.rates.get(self.name)
        key = None if rate is None else await self.by(message, actor, gate)
        if rate is None or key is None:
            return
        verdict = await gate.limits.take(rate, key, self.permits(message))
        actor.quotas.append(Quota(rate=rate, verdict=verdict))
        if not verdict.allowed:
            raise RateLimited(retry_after=verdict.retry_after)


def _one(message: Any) -> int:
    return 1


def rate_limit(name: str, by: Key = by_user, permits: Permits = _one) -> Access:
    """At most what the setting of that name allows; by default each person has a budget of their own, and a message
    takes one permit.
    """
    return Access(_RateLimit(name, by, permits))


password_checks = (
    rate_limit("login_address", _if_password)
    & rate_limit("login", _by_account_and_address)
    & rate_limit("login_account", _by_account)
)
"""The limits of guessing: shared by everything that compares a password, charged only when one is given."""


class _CrowdLimit(Always):
    """Of large groups only. Which ones are large is learnt where a group is locked anyway, so a server lets the first
    message of each through.
    """

    words = f"limit `crowd` in groups of more than {CROWD_ABOVE}"

    def __init__(self) -> None:
        self._large: OrderedDict[ConversationId, None] = OrderedDict()

    async def before(self, message: Any, actor: Actor, gate: Gatekeepers) -> None:
        rate = gate.rates.get("crowd")
        if rate is not None and message.conversation_id in self._large:
            verdict = await gate.limits.take(rate, str(message.conversation_id))
            if not verdict.allowed:
                raise RateLimited(retry_after=verdict.retry_after)

    async def inside(self, message: Any, scope: Scope) -> None:
        conversation = await scope.uow.conversations.get(message.conversation_id)
        self._large.pop(conversation.id, None)
        if conversation.member_count > CROWD_ABOVE:
            self._large[conversation.id] = None
            if len(self._large) > CROWDS_KNOWN:
                self._large.popitem(last=False)


crowd_limit = Access(_CrowdLimit())
"""At most so many messages a second of all members together, where every one of them is heard by thousands."""
