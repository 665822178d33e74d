"""The bus: the only way to a handler, and the only one that commits.

For a command: limits, then (in one transaction) repeat, access, handler, events, log, commit; then the frames
go to the courier, and what they make stale is forgotten. What happens when it runs twice: the same client id or key finds the first answer. What
happens between commit and publish: nothing is lost, the relay sweeps the outbox.
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol, TypeVar

import msgspec

from application.bus.access import Gatekeepers
from application.bus.group_commit import GroupCommit
from application.bus.job import Done, Job
from application.bus.log import Key, entry_of, payload_of
from application.bus.messages import Actor, Command, Outcome, Query, QueryScope, Scope
from application.errors import Collision, Unregistered
from application.failpoints import fails
from application.outbox.codec import encode
from application.outbox.freshness import forget_at_once
from application.ports.caches import Caches
from application.ports.command_log import CommandLog, LogEntry
from application.ports.events import Frame
from application.ports.system import Clock, Ids
from application.ports.unit_of_work import UnitOfWork, UnitsOfWork
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
        self._groups = GroupCommit(
            units, enter=self._enter, carry_out=self._carry_out, commit=self._commit, alone=self._alone
        )

    async def execute(self, command: Command[R], actor: Actor, *, key: Key | None = None) -> R:
        """Do it and return what comes of it."""
        return (await self.submit(command, actor, key=key)).result

    async def submit(self, command: Command[R], actor: Actor, *, key: Key | None = None) -> Outcome[R]:
        """Do it, or find that it was done; says which."""
        now = self._clock.now()
        job = Job(
            command=command,
            registration=self._registration(command),
            actor=actor,
            now=now,
            id=CommandId(self._ids.new(now)),
            key=key.of(actor) if key else None,
        )
        try:
            await self._access(command).before(command, actor, self._gate)
            if not type(command).batched:
                return await self._alone(job)
            return await self._answered(job) or await self._groups.submit(job)
        except (RateLimited, Unavailable) as refusal:
            self._witness.refused(command, actor, refusal)
            raise
        except Refusal as refusal:
            self._witness.refused(command, actor, refusal)
            await self._log.note(entry_of(command, actor, job.id, now, refused=refusal.code))
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
        await self._attempt(
            Job(
                command=command,
                registration=registration,
                actor=actor,
                now=entry.at,
                id=entry.id,
                recorded=entry,
            )
        )

    async def _alone(self, job: Job) -> Outcome[Any]:
        """In a transaction of its own; again when another one was in its way. Raises ``Unavailable`` in the end."""
        for attempt in range(ATTEMPTS):
            try:
                return await self._attempt(job)
            except Collision as collision:
                if attempt == ATTEMPTS - 1:
                    raise Unavailable from collision
                if job.key is not None:
                    # Perhaps with an answer that is past its term and still in the way.
                    await self._log.forget_answers(job.now - ANSWERS_ARE_KEPT)
        raise AssertionError("unreachable")

    async def _attempt(self, job: Job) -> Outcome[Any]:
        if (answer := await self._answered(job)) is not None:
            return answer
        registration: Registration = job.registration
        prepared = None
        if registration.prepare is not None:
            prepared = await registration.prepare(
                job.command, job.actor, job.now, **registration.prepare_ports
            )
        async with self._units.open() as uow:
            scope = Scope(actor=job.actor, now=job.now, id=job.id, uow=uow)
            if (earlier := await self._enter(job, scope)) is not None:
                return earlier
            done = await self._carry_out(job, scope, prepared)
            if not fails("bus.before_commit"):
                await uow.commit([done.entry], done.frames)
        await self._send_on([done])
        return Outcome(result=done.result)

    async def _answered(self, job: Job) -> Outcome[Any] | None:
        """The answer that was kept under the job's key, if there is one."""
        if job.key is None:
            return None
        answer = await self._log.answer(job.key, job.now - ANSWERS_ARE_KEPT)
        return None if answer is None else _again(job.command, answer)

    async def _enter(self, job: Job, scope: Scope) -> Outcome[Any] | None:
        """What only reads: the outcome of a repeat, or None once access is granted. Raises what refuses it."""
        registration: Registration = job.registration
        if registration.repeat and job.recorded is None:
            earlier = await registration.repeat(job.command, scope, **registration.ports)
            if earlier is not None:
                return Outcome(result=earlier, repeated=True)
        await self._access(job.command).inside(job.command, scope)
        return None

    async def _carry_out(self, job: Job, scope: Scope, prepared: Any = None) -> Done:
        """Run the handler, and gather what becomes durable with what it did."""
        registration: Registration = job.registration
        ports = (
            registration.ports
            if registration.prepare is None
            else registration.ports | {"prepared": prepared}
        )
        result = await registration.handle(job.command, scope, **ports)
        events = scope.uow.events()
        entry = job.recorded or entry_of(
            job.command,
            job.actor,
            job.id,
            job.now,
            key=job.key,
            result=result,
            subject_id=scope.subject_id,
            as_done=scope.as_done,
        )
        frames = encode(events, scope.new_id, job.now, job.id)
        return Done(job=job, result=result, entry=entry, events=events, frames=frames)

    async def _commit(self, uow: UnitOfWork, done: list[Done]) -> None:
        """Make several durable together."""
        frames = [frame for each in done for frame in each.frames]
        await uow.commit([each.entry for each in done], frames)
        await self._send_on(done)

    async def _send_on(self, done: list[Done]) -> None:
        """After the commit: to the broker, to the witness, and out of the caches."""
        frames = [frame for each in done for frame in each.frames]
        self._courier.dispatch(frames)
        for each in done:
            if each.job.recorded is None:
                self._witness.committed(each.job.command, each.job.actor, each.events)
        await forget_at_once(self._caches, frames)

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
