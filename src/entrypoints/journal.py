"""What operators read of what was done: security events as log lines, and counters of every command.

Ids, addresses and codes, never contents: what somebody typed as an identifier may be their password.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import structlog
from prometheus_client import Counter

from application.bus.messages import Actor
from application.identity.change_password import ChangePassword
from application.identity.log_in import LogIn
from domain.identity.events import SessionEnded
from domain.shared.errors import InvalidCredentials, RateLimited, Refusal, WrongPassword
from domain.shared.events import Event

log = structlog.get_logger("security")

COMMANDS = Counter("sentinal_commands_total", "Commands, by how they ended.", ["command", "outcome"])


@cache
def _counter(command: str, outcome: str) -> Any:
    return COMMANDS.labels(command, outcome)


class Journal:
    """The bus's witness."""

    def committed(self, command: Any, actor: Actor, events: Sequence[Event]) -> None:
        _counter(type(command).__name__, "committed").inc()
        if isinstance(command, ChangePassword):
            log.warning("password_changed", **_who(actor))
        for event in events:
            if isinstance(event, SessionEnded):
                reused = event.reason == "refresh_token_reused"
                log.warning(
                    "refresh_token_reused" if reused else "session_revoked",
                    **_who(actor) | {"user_id": str(event.user_ids[0])},
                    revoked=str(event.session_id),
                    reason=event.reason,
                )

    def refused(self, command: Any, actor: Actor, refusal: Refusal) -> None:
        _counter(type(command).__name__, refusal.code).inc()
        if isinstance(refusal, InvalidCredentials):
            log.warning("login_failed", **_who(actor))
        elif isinstance(refusal, WrongPassword):
            log.warning("password_check_failed", command=type(command).__name__, **_who(actor))
        elif isinstance(refusal, RateLimited) and isinstance(command, LogIn):
            log.warning("login_rate_limited", **_who(actor))


def _who(actor: Actor) -> dict[str, str]:
    known = {"user_id": actor.user_id, "session_id": actor.session_id, "address": actor.address}
    return {name: str(value) for name, value in known.items() if value}
