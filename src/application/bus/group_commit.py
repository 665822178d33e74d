"""Group commit: commands that arrive while a transaction is in flight share the next one.

Nobody waits for a timer: what arrives at an idle server is done at once and alone, and the busier the database, the
larger the groups. In a group, first everything that only reads is asked for all commands together (repeats, access);
then each conversation's commands are handled one after the other, in the order of their arrival, and different
conversations side by side. So whatever the order in which transactions would have run alone, the group has the same.

One that is refused harms no other, since handlers refuse before they write. If the commit fails because somebody else
was faster, or a handler fails otherwise, nothing of the group is stored, and each is done again by itself.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeGuard

from application.bus.account import account
from application.bus.job import Done, Job
from application.bus.messages import Outcome, Scope
from application.ports.unit_of_work import UnitOfWork, UnitsOfWork
from domain.shared.errors import Refusal, Unavailable
from domain.shared.ids import ConversationId

FLUSHERS = 2
GROUP_AT_MOST = 500
SHARE_OF_ONE_PLACE = 100
WAITING_AT_MOST = 5000
WAITING_IN_ONE_PLACE = 4000
ALONE_AT_ONCE = 8
# Whoever was answered just now may have more to say: it goes with the next group, not with the one after.
TURNS_TO_ANSWER = 2


class Lane:
    """Those who wait for one flusher, by conversation, in the order of arrival. Conversations take turns."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[ConversationId, deque[Job]] = OrderedDict()
        self.size = 0
        self.flushing: asyncio.Task[None] | None = None

    def put(self, job: Job) -> None:
        self._waiting.setdefault(job.place, deque()).append(job)
        self.size += 1

    def has_room(self, place: ConversationId) -> bool:
        """Whether one more may wait. No conversation, however busy, takes all the room there is."""
        here = len(self._waiting.get(place, ()))
        return self.size < WAITING_AT_MOST and here < WAITING_IN_ONE_PLACE

    def take(self) -> list[Job]:
        """The next group: of each conversation at most a share while others wait, and no repeat of another in it."""
        group: list[Job] = []
        once: set[object] = set()
        share = GROUP_AT_MOST if len(self._waiting) == 1 else SHARE_OF_ONE_PLACE
        for place in list(self._waiting):
            queue = self._waiting[place]
            for _ in range(min(share, len(queue), GROUP_AT_MOST - len(group))):
                if queue[0].once is not None and queue[0].once in once:
                    break
                job = queue.popleft()
                once.add(job.once)
                group.append(job)
            if queue:
                self._waiting.move_to_end(place)
            else:
                del self._waiting[place]
            if len(group) >= GROUP_AT_MOST:
                break
        self.size -= len(group)
        return [job for job in group if job.outcome is not None and not job.outcome.done()]


Settled = tuple[Job, Outcome[Any] | Refusal]


class GroupCommit:
    """``submit`` returns once the command is committed, or raises what refuses it.

    ``enter`` is what only reads: a repeat's outcome, or None once access is granted. ``carry_out`` runs the handler.
    ``commit`` makes several durable and sends them on their way. ``alone`` does all of it for one command by itself.
    """

    def __init__(
        self,
        units: UnitsOfWork,
        *,
        enter: Callable[[Job, Scope], Awaitable[Outcome[Any] | None]],
        carry_out: Callable[[Job, Scope], Awaitable[Done]],
        commit: Callable[[UnitOfWork, list[Done]], Awaitable[None]],
        alone: Callable[[Job], Awaitable[Outcome[Any]]],
        flushers: int = FLUSHERS,
    ) -> None:
        self._units = units
        self._enter = enter
        self._carry_out = carry_out
        self._commit = commit
        self._alone = alone
        self._lanes = [Lane() for _ in range(flushers)]

    async def submit(self, job: Job) -> Outcome[Any]:
        """Wait for a turn, and for what comes of it. Raises ``Unavailable`` when too many wait already."""
        lane = self._lanes[hash(job.place) % len(self._lanes)]
        if not lane.has_room(job.place):
            raise Unavailable("Too much is being sent right now; try again shortly.")
        job.outcome = asyncio.get_running_loop().create_future()
        lane.put(job)
        if lane.flushing is None or lane.flushing.done():
            lane.flushing = asyncio.create_task(self._flush(lane))
        return await job.outcome

    async def _flush(self, lane: Lane) -> None:
        while lane.size:
            group = lane.take()
            try:
                if len(group) == 1:
                    await self._by_itself(group[0])
                elif group:
                    await self._together(group)
            finally:
                # Whatever ends this early, nobody waits for ever.
                for job in group:
                    _settle(job, Unavailable())
            for _ in range(TURNS_TO_ANSWER):
                await asyncio.sleep(0)

    async def _together(self, group: list[Job]) -> None:
        try:
            async with self._units.open() as uow:
                settled, done = await self._handle(group, uow)
                if done:
                    await self._commit(uow, done)
        except Unavailable as unknown:
            # Perhaps it is committed: whoever asked finds out by asking again.
            for job in group:
                _settle(job, unknown)
            return
        except Exception:
            await self._one_by_one(group)
            return
        for job, answer in settled:
            _settle(job, answer)
        for each in done:
            _settle(each.job, Outcome(result=each.result))

    async def _handle(self, group: list[Job], uow: UnitOfWork) -> tuple[list[Settled], list[Done]]:
        scopes = {job.id: Scope(actor=job.actor, now=job.now, id=job.id, uow=uow) for job in group}
        # All locks first and at once, which takes them in the order that everybody keeps.
        await _all(uow.conversations.lock(place) for place in sorted({job.place for job in group}))
        entered = await asyncio.gather(
            *(self._enter(job, scopes[job.id]) for job in group), return_exceptions=True
        )
        settled: list[Settled] = []
        places: dict[ConversationId, list[Job]] = {}
        for job, answer in zip(group, entered, strict=True):
            if answer is None:
                places.setdefault(job.place, []).append(job)
            elif isinstance(answer, Outcome) or _is_refusal(answer):
                settled.append((job, answer))
            else:
                raise answer
        done: list[Done] = []
        await _all(self._in_turn(jobs, scopes, settled, done) for jobs in places.values())
        return settled, done

    async def _in_turn(
        self, jobs: list[Job], scopes: dict[Any, Scope], settled: list[Settled], done: list[Done]
    ) -> None:
        """One conversation's commands, in the order of their arrival."""
        for job in jobs:
            with account() as mine:
                try:
                    done.append(await self._carry_out(job, scopes[job.id]))
                except Refusal as refusal:
                    if mine.writes or not _is_refusal(refusal):
                        raise
                    settled.append((job, refusal))

    async def _one_by_one(self, group: list[Job]) -> None:
        turn = asyncio.Semaphore(ALONE_AT_ONCE)

        async def by_itself(job: Job) -> None:
            async with turn:
                await self._by_itself(job)

        await asyncio.gather(*map(by_itself, group))

    async def _by_itself(self, job: Job) -> None:
        try:
            _settle(job, await self._alone(job))
        except Exception as error:
            _settle(job, error)


async def _all(work: Iterable[Awaitable[Any]]) -> None:
    """Everything at once; the first failure is raised when all of it has ended."""
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


def _is_refusal(answer: object) -> TypeGuard[Refusal]:
    """A refusal of this one command, and not an outage that concerns everybody."""
    return isinstance(answer, Refusal) and not isinstance(answer, Unavailable)


def _settle(job: Job, answer: Outcome[Any] | Exception) -> None:
    if job.outcome is None or job.outcome.done():
        return
    if isinstance(answer, Outcome):
        job.outcome.set_result(answer)
    else:
        job.outcome.set_exception(answer)
