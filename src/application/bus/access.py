"""Who may do what, declared on the command: ``access = participant & may_post & rate_limit("messages")``.

A rule speaks twice: ``before`` the transaction opens (rate limits: no lock waits for them) and ``inside`` it,
where what it finds is locked and stays true until the commit. A command without access does not register.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from application.ports.limits import Limits, Rate
from application.ports.readers import ConversationReader, Credentials, MessageReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Gatekeepers:
    """What rules may ask besides the unit of work."""

    limits: Limits
    rates: Mapping[str, Rate]
    conversations: ConversationReader
    messages: MessageReader
    credentials: Credentials


class Rule(Protocol):
    """One condition. It returns when it is met, and raises a refusal when not. ``words``: itself, for people."""

    @property
    def words(self) -> str: ...

    async def before(self, message: Any, actor: Any, gate: Gatekeepers) -> None: ...

    async def inside(self, message: Any, scope: Any) -> None: ...

    async def of_query(self, message: Any, scope: Any, gate: Gatekeepers) -> None: ...


class Always:
    """A rule that has nothing to say; others override the moment they care for."""

    words = ""

    async def before(self, message: Any, actor: Any, gate: Gatekeepers) -> None:
        return None

    async def inside(self, message: Any, scope: Any) -> None:
        return None

    async def of_query(self, message: Any, scope: Any, gate: Gatekeepers) -> None:
        return None


class Access:
    """Rules joined by ``and``; asked in the order in which they are written."""

    def __init__(self, *rules: Rule) -> None:
        self.rules = rules
        # Most rules speak at one moment only, and every command asks them all.
        self._before = [rule for rule in rules if type(rule).before is not Always.before]
        self._inside = [rule for rule in rules if type(rule).inside is not Always.inside]

    def __and__(self, other: "Access") -> "Access":
        return Access(*self.rules, *other.rules)

    async def before(self, message: Any, actor: Any, gate: Gatekeepers) -> None:
        """Ask what can be asked without a transaction."""
        for rule in self._before:
            await rule.before(message, actor, gate)

    async def inside(self, message: Any, scope: Any) -> None:
        """Ask what must be true in the transaction that acts."""
        for rule in self._inside:
            await rule.inside(message, scope)

    async def of_query(self, message: Any, scope: Any, gate: Gatekeepers) -> None:
        """Ask what must be true to see something."""
        for rule in self.rules:
            await rule.of_query(message, scope, gate)
