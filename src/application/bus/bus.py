"""The bus: the only way to a handler, and the only one that commits.

For a command: limits, then (in one transaction) repeat, access, handler, events, log, commit; then the frames
go to the courier, and what they make stale is forgotten. What happens when it runs twice: the same client id or key finds the first answer. What
happens between commit and publish: nothing is lost, the relay sweeps the outbox.
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import msgspec

from application.bus.access import Gatekeepers
from application.bus.log import Key, entry_of, payload_of
from application.bus.messages import Actor, Command, Outcome, Query, QueryScope, Scope
from application.errors import Collision, Unregistered
from application.outbox.codec import encode
from application.outbox.freshness import forget_at_once
from application.ports.caches import Caches
from application.ports.command_log import CommandLog, LogEntry
from application.ports.events import Frame
from application.ports.system import Clock, Ids
from application.ports.unit_of_work import UnitsOfWork
from domain.shared.errors import IdempotencyConflict, RateLimited, Refusal, Unavailable
from domain.shared.events import Event
from domain.shared.ids import CommandId

R = TypeVar("R")

ATTEMPTS = 4
ANSWERS_ARE_KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A handler with the ports it asked for, and how it recognises a repeat, if it does so by itself.

    ``prepare`` is what must be done before a transaction opens, because it is slow on purpose: comparing and
    hashing passwords. The handler gets what comes of it as ``prepared``.
    """

    handle: Callable[..., Awaitable[Any]]
    ports: dict[str, Any]
    repeat: Callable[..., Awaitable[Any]] | None = None
    prepare: Callable[..., Awaitable[Any]] | None = None
    prepare_ports: dict[str, Any] = field(default_factory=dict)


class Courier(Protocol):
    """Whoever takes committed frames to the broker. Never waits, never raises."""

    def dispatch(self, frames: Sequence[Frame]) -> None: ...


class Witness(Protocol):
    """Whoever keeps account of what is done and refused. Never waits, never raises."""

    def committed(self, command: Any, actor: Actor, events: Sequence[Event]) -> None: ...

    def refused(self, command: Any, actor: Actor, refusal: Refusal) -> None: ...


class Bus:
    """Executes commands and answers queries. Refusals are raised as they are; ``Unavailable`` means unknown:
    the command may have taken effect, and repeating it with its id or key finds out.
    """

    def __init__(
        self,
        *,
        handlers: dict[type[Any], Registration],
        units: UnitsOfWork,
        log: CommandLog,
        gate: Gatekeepers,
        clock: Clock,
        ids: Ids,
        courier: Courier,
        caches: Caches,
        witness: Witness,
    ) -> None:
        self._handlers = handlers
        self._units = units
        self._log = log
        self._gate = gate
        self._clock = clock
        self._ids = ids
        self._courier = courier
        self._caches = caches
        self._witness = witness

    async def execute(self, command: Command[R], actor: Actor, *, key: Key | None = None) -> R:
        """Do it and return what comes of it."""
        return (await self.submit(command, actor, key=key)).result

    async def submit(self, command: Command[R], actor: Actor, *, key: Key | None = None) -> Outcome[R]:
        """Do it, or find that it was done; says which."""
        registration = self._registration(command)
        now = self._clock.now()
        id = CommandId(self._ids.new(now))
        stored_key = key.of(actor) if key else None
        try:
            await self._access(command).before(command, actor, self._gate)
            for attempt in range(ATTEMPTS):
                try:
                    return await self._attempt(command, registration, actor, now, id, stored_key)
                except Collision:
                    if attempt == ATTEMPTS - 1:
                        raise
                    if stored_key is not None:
                        # Perhaps with an answer that is past its term and still in the way.
                        await self._log.forget_answers(now - ANSWERS_ARE_KEPT)
            raise AssertionError("unreachable")
        except Collision as collision:
            raise Unavailable from collision
        except (RateLimited, Unavailable) as refusal:
            self._witness.refused(command, actor, refusal)
            raise
        except Refusal as refusal:
            self._witness.refused(command, actor, refusal)
            await self._log.note(entry_of(command, actor, id, now, refused=refusal.code))
            raise

    async def ask(self, query: Query[R], actor: Actor) -> R:
        """Answer a query."""
        registration = self._registration(query)
        scope = QueryScope(actor=actor, now=self._clock.now())
        await self._access(query).before(query, actor, self._gate)
        await self._access(query).of_query(query, scope, self._gate)
        result: R = await registration.handle(query, scope, **registration.ports)
        return result

    async def replay(self, command: Command[Any], actor: Actor, entry: LogEntry) -> None:
        """Do again what the log says was done, with its id and time. Limits are not asked."""
        registration = self._registration(command)
        await self._attempt(command, registration, actor, entry.at, entry.id, None, recorded=entry)

    async def _attempt(
        self,
        command: Command[R],
        registration: Registration,
        actor: Actor,
        now: datetime,
        id: CommandId,
        key: str | None,
        recorded: LogEntry | None = None,
    ) -> Outcome[R]:
        if key is not None and (answer := await self._log.answer(key, now - ANSWERS_ARE_KEPT)):
            return _again(command, answer)
        ports = registration.ports
        if registration.prepare is not None:
            prepared = await registration.prepare(command, actor, now, **registration.prepare_ports)
            ports = {**ports, "prepared": prepared}
        async with self._units.open() as uow:
            scope = Scope(actor=actor, now=now, id=id, uow=uow)
            if registration.repeat and recorded is None:
                earlier = await registration.repeat(command, scope, **registration.ports)
                if earlier is not None:
                    return Outcome(result=earlier, repeated=True)
            await self._access(command).inside(command, scope)
            result: R = await registration.handle(command, scope, **ports)
            events = uow.events()
            frames = encode(events, scope.new_id, now, id)
            entry = recorded or entry_of(
                command,
                actor,
                id,
                now,
                key=key,
                result=result,
                subject_id=scope.subject_id,
                as_done=scope.as_done,
            )
            await uow.commit(entry, frames)
        self._courier.dispatch(frames)
        if recorded is None:
            self._witness.committed(command, actor, events)
        await forget_at_once(self._caches, frames)
        return Outcome(result=result)

    def _registration(self, message: Any) -> Registration:
        try:
            return self._handlers[type(message)]
        except KeyError:
            raise Unregistered(type(message).__name__) from None

    @staticmethod
    def _access(message: Any) -> Any:
        return type(message).access


def _again(command: Command[R], answer: LogEntry) -> Outcome[R]:
    """The kept answer, decoded; raises ``IdempotencyConflict`` when the key was used for something else."""
    if answer.fingerprint != hashlib.sha256(payload_of(command)).digest():
        raise IdempotencyConflict
    result: R = msgspec.json.decode(answer.result or b"null", type=command.result_type())
    return Outcome(result=result, repeated=True)
