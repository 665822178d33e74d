"""Rate limits as rules. They are asked before the transaction opens, so no lock ever waits for them."""

from collections.abc import Callable
from typing import Any

from application.bus.access import Access, Always, Gatekeepers
from application.bus.messages import Actor
from domain.shared.errors import RateLimited

Key = Callable[[Any, Actor], str]


def _by_user(message: Any, actor: Actor) -> str:
    return str(actor.user_id)


def by_address(message: Any, actor: Actor) -> str:
    """One budget for everything that comes from one address."""
    return actor.address


def by_account_and_address(message: Any, actor: Actor) -> str:
    """One budget per account tried and address it is tried from."""
    return f"{message.identifier.casefold()}|{actor.address}"


def by_account(message: Any, actor: Actor) -> str:
    """One budget per account tried, wherever from."""
    return str(message.identifier.casefold())


class _RateLimit(Always):
    def __init__(self, name: str, by: Key) -> None:
        self.name = name
        self.by = by

    async def before(self, message: Any, actor: Actor, gate: Gatekeepers) -> None:
        rate = gate.rates.get(self.name)
        if rate is None:
            return
        verdict = await gate.limits.take(rate, self.by(message, actor))
        if not verdict.allowed:
            raise RateLimited(retry_after=verdict.retry_after)


def rate_limit(name: str, by: Key = _by_user) -> Access:
    """At most what the setting of that name allows; by default each person has a budget of their own."""
    return Access(_RateLimit(name, by))
