"""One run: everybody connects, messages are sent at a rate or so many at a time, and what is heard is waited for."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from adapters.system.clock import SystemClock, SystemIds
from entrypoints.bench.company import Company, Group, Person
from entrypoints.bench.ledger import Ledger
from entrypoints.bench.listening import COME_BACK_AFTER_SECONDS, ConnectionLost, Line, NoAnswer, open_lines
from entrypoints.bench.requests import Requests, ServerUnreachable

CONNECTED_WITHIN_SECONDS = 30.0
WORDS = "Some words to say, about as many as people say at a time."
UNDER_WAY_AT_MOST = 4096
"""At a given rate; more are not begun, and counted as ``not_begun``."""

Told = Callable[[int, float], None]
"""How many were acknowledged, and how many seconds are left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do: a ``rate`` a second, or ``in_flight`` at a time where that is None."""

    rate: float | None
    in_flight: int
    seconds: float
    sockets: int
    over_http: bool
    patience: float


class Run:
    """What is being done, and afterwards what came of it: the ledger, and the seconds that sending took."""

    def __init__(self, requests: Requests, company: Company, plan: Plan) -> None:
        self.ledger = Ledger()
        self.seconds = 0.0
        self._requests = requests
        self._company = company
        self._plan = plan
        self._clock = SystemClock()
        self._ids = SystemIds()
        self._n = 0
        self._lines: dict[str, list[Line]] = {}

    async def carry_out(self, told: Told) -> None:
        """Raises ``ServerUnreachable`` where not everybody can connect."""
        lines = []
        for n in range(self._plan.sockets):
            person = self._company.people[n % len(self._company.people)]
            line = Line(self._requests.url, person, f"{person.id}/{n}", self.ledger)
            self.ledger.listens(line.name, self._company.revisions_of(person))
            self._lines.setdefault(person.id, []).append(line)
            lines.append(line)
        try:
            async with open_lines(lines, CONNECTED_WITHIN_SECONDS):
                begun = time.perf_counter()
                saying = asyncio.create_task(self._say_so(begun + self._plan.seconds, told))
                try:
                    await (self._at_a_rate(begun) if self._plan.rate else self._so_many_at_a_time(begun))
                finally:
                    saying.cancel()
                self.seconds = time.perf_counter() - begun
                await self._hear_the_rest()
        except TimeoutError:
            closed = ", ".join(f"{code} × {count}" for code, count in self.ledger.closed.items())
            raise ServerUnreachable(
                f"Not every socket could be opened within {CONNECTED_WITHIN_SECONDS:g} s ({closed or 'no answer'})."
            ) from None

    async def _so_many_at_a_time(self, begun: float) -> None:
        async def again() -> None:
            while time.perf_counter() < begun + self._plan.seconds:
                await self._send(time.perf_counter())

        await asyncio.gather(*(again() for _ in range(self._plan.in_flight)))

    async def _at_a_rate(self, begun: float) -> None:
        """Each has its moment, whether the ones before are answered or not; it is timed from that moment on."""
        assert self._plan.rate is not None  # noqa: S101 - for the type; who calls has looked
        under_way: set[asyncio.Task[None]] = set()
        for n in range(int(self._plan.rate * self._plan.seconds)):
            moment = begun + n / self._plan.rate
            await asyncio.sleep(max(0.0, moment - time.perf_counter()))
            if len(under_way) >= UNDER_WAY_AT_MOST:
                self.ledger.errors["not_begun"] += 1
                continue
            task = asyncio.create_task(self._send(moment))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)

    async def _send(self, at: float) -> None:
        self._n += 1
        group = self._company.groups[self._n % len(self._company.groups)]
        turn = self._n // len(self._company.groups)
        sender = group.members[turn % len(group.members)]
        client_id = str(self._ids.new(self._clock.now()))
        self.ledger.sent(client_id, at)
        say: Callable[[Group, Person, str, int], Awaitable[tuple[int, str]]] = self._by_request
        if not self._plan.over_http and sender.id in self._lines:
            say = self._by_frame
        revision, error = await say(group, sender, client_id, turn)
        if error:
            self.ledger.errors[error] += 1
            return
        self.ledger.was_acknowledged(client_id, group.id, revision, time.perf_counter())

    async def _by_frame(self, group: Group, sender: Person, client_id: str, turn: int) -> tuple[int, str]:
        theirs = self._lines[sender.id]
        frame = {
            "type": "message.send",
            "conversation_id": group.id,
            "client_message_id": client_id,
            "content": WORDS,
        }
        try:
            answer = await theirs[turn % len(theirs)].ask(frame)
        except ConnectionLost:
            return 0, "connection_lost"
        except NoAnswer:
            return 0, "no_answer"
        if answer["type"] == "error":
            return 0, str(answer["problem"]["code"])
        return int(answer["result"]["revision"]), ""

    async def _by_request(self, group: Group, sender: Person, client_id: str, turn: int) -> tuple[int, str]:
        body = {"client_message_id": client_id, "content": WORDS}
        try:
            answer = await self._requests.post(f"/v1/conversations/{group.id}/messages", body, sender.token)
        except ServerUnreachable:
            await asyncio.sleep(COME_BACK_AFTER_SECONDS)
            return 0, "connection_lost"
        except TimeoutError:
            return 0, "no_answer"
        return (0, answer.code) if answer.status >= 400 else (int(answer.body["revision"]), "")

    async def _hear_the_rest(self) -> None:
        ends = time.perf_counter() + self._plan.patience
        while not self.ledger.is_complete() and time.perf_counter() < ends:
            await asyncio.sleep(0.05)
        # What comes twice comes late: give it a moment.
        await asyncio.sleep(min(0.5, self._plan.patience))

    async def _say_so(self, ends: float, told: Told) -> None:
        while True:
            told(self.ledger.acknowledged, max(0.0, ends - time.perf_counter()))
            await asyncio.sleep(0.2)
