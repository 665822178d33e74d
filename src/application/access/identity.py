"""Rules about who is asking."""

from typing import Any

from application.bus.access import Access, Always, Gatekeepers
from application.bus.messages import Actor
from domain.shared.errors import Unauthenticated


class _LoggedIn(Always):
    words = "logged in"

    async def before(self, message: Any, actor: Actor, gate: Gatekeepers) -> None:
        if actor.user_id is None:
            raise Unauthenticated

    async def of_query(self, message: Any, scope: Any, gate: Gatekeepers) -> None:
        if scope.actor.user_id is None:
            raise Unauthenticated


class _ServerOnly(Always):
    words = "the server itself"

    async def before(self, message: Any, actor: Actor, gate: Gatekeepers) -> None:
        if not actor.is_server:
            raise Unauthenticated


anyone = Access()
"""No condition: the way in for people who are not logged in yet."""

authenticated = Access(_LoggedIn())
"""Somebody with a live session; what they may touch is theirs by construction."""

server_only = Access(_ServerOnly())
"""What no client can ask for: work that the product gives itself."""
