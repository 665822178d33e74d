"""One connection to Redis: questions go out in order, answers come back in the same order, until it breaks.

Written on the protocol itself because every delivery passes here: some 2 µs of CPU to publish and hear a
message, where a general client takes tens. A line never mends itself; whoever holds it dials again and so
knows that something may have been missed.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, cast

import hiredis

from adapters.redis.address import Address

CHECK_EVERY_SECONDS = 0.5
PING_AFTER_SECONDS = 1.0
DEAD_AFTER_SECONDS = 2.0
HANG_UP_WITHIN_SECONDS = 1.0

Hear = Callable[[list[Any]], None]
Answers = list[Any]
Word = str | bytes | int | float

# hiredis declares a tuple of one word; it takes any number.
_pack: Callable[[tuple[Word, ...]], bytes] = hiredis.pack_command  # type: ignore[assignment]


def encoded(*words: Word) -> bytes:
    """One command as it travels."""
    return _pack(words)


class Refused(OSError):
    """Redis answered and did not let us in: wrong password, or none where one is needed."""


class _Question:
    __slots__ = ("answers", "future", "left")

    def __init__(self, left: int, future: asyncio.Future[Answers | None]) -> None:
        self.left = left
        self.future = future
        self.answers: Answers = []


class Line(asyncio.Protocol):
    """``lost`` is done when the line is over; it is, at the latest, a few seconds after Redis fell silent.

    ``hear`` is called with each ``[b"message", channel, payload]``. On a line that hears, an error as an
    answer ends the line, since one error may then stand for many answers; elsewhere errors are answers too.
    """

    MESSAGE = b"message"

    def __init__(self, hear: Hear | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[None] = self._loop.create_future()
        self._hear = hear
        self._ends_on_errors = hear is not None
        self._reader = hiredis.Reader()
        self._transport: asyncio.Transport | None = None
        self._questions: deque[_Question] = deque()
        self._outgoing: list[bytes] = []
        self._heard_at = self._loop.time()
        self._pinged_at: float | None = None
        self._is_paused = False
        self._is_aborted = False
        self._check: asyncio.TimerHandle | None = None

    @property
    def is_lost(self) -> bool:
        """Whether it is over, or will be as soon as the loop gets round to it."""
        return self._is_aborted or self.lost.done()

    def ask(self, commands: bytes, answers: int) -> asyncio.Future[Answers | None]:
        """Send encoded commands, at the end of this turn of the loop and together with others of it.

        The future yields as many answers as announced, error answers as values, or None when the line broke.
        """
        future: asyncio.Future[Answers | None] = self._loop.create_future()
        if self.is_lost or self._transport is None:
            future.set_result(None)
            return future
        self._questions.append(_Question(answers, future))
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(commands)
        return future

    def pause(self) -> None:
        """Stop reading; Redis will keep what it can and then hang up."""
        if self._transport is not None and not self._is_paused and not self.is_lost:
            self._is_paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._transport is not None and self._is_paused and not self.is_lost:
            self._is_paused = False
            self._heard_at = self._loop.time()
            self._transport.resume_reading()

    def abort(self) -> None:
        """Hang up at once; ``lost`` follows."""
        self._is_aborted = True
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods and not the type.
        self._transport = cast(asyncio.Transport, transport)
        self._check = self._loop.call_later(CHECK_EVERY_SECONDS, self._check_pulse)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._check is not None:
            self._check.cancel()
        self._outgoing.clear()
        if not self.lost.done():
            self.lost.set_result(None)
        for question in self._questions:
            if not question.future.done():
                question.future.set_result(None)
        self._questions.clear()

    def data_received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        self._pinged_at = None
        hear, next_answer, message = self._hear, self._reader.gets, self.MESSAGE
        try:
            self._reader.feed(data)
            while (answer := next_answer()) is not False:
                if hear is not None and type(answer) is list and answer[0] == message:
                    hear(answer)
                else:
                    self._answer(answer)
        except hiredis.ProtocolError:
            self.abort()

    def _answer(self, answer: Any) -> None:
        if not self._questions or (self._ends_on_errors and isinstance(answer, hiredis.ReplyError)):
            self.abort()
            return
        question = self._questions[0]
        question.answers.append(answer)
        question.left -= 1
        if question.left <= 0:
            self._questions.popleft()
            if not question.future.done():
                question.future.set_result(question.answers)

    def _flush(self) -> None:
        if self._outgoing and self._transport is not None and not self.is_lost:
            # Between a break and the news of it uvloop raises where asyncio drops.
            with suppress(RuntimeError):
                self._transport.write(b"".join(self._outgoing))
        self._outgoing.clear()

    def _check_pulse(self) -> None:
        now = self._loop.time()
        if self._is_paused:
            self._pinged_at = None
        elif self._pinged_at is None:
            if now - self._heard_at >= PING_AFTER_SECONDS:
                self._pinged_at = now
                self.ask(encoded("PING"), 1)
        elif now - self._pinged_at >= DEAD_AFTER_SECONDS:
            self.abort()
            return
        self._check = self._loop.call_later(CHECK_EVERY_SECONDS, self._check_pulse)


L = TypeVar("L", bound=Line)


async def dial(address: Address, hear: Hear | None = None) -> Line:
    """Connect and be let in. Raises ``OSError``; takes as long as the caller lets it."""
    return await connect(address, lambda: Line(hear), with_database=hear is None)


async def connect(address: Address, made: Callable[[], L], *, with_database: bool) -> L:
    """The same for a line of another make."""
    loop = asyncio.get_running_loop()
    name = address.host if address.tls is not None else None
    if address.path is not None:
        _, line = await loop.create_unix_connection(made, address.path)
    else:
        _, line = await loop.create_connection(
            made, address.host, address.port, ssl=address.tls, server_hostname=name
        )
    try:
        await _introduce(line, address, with_database=with_database)
    except BaseException:
        line.abort()
        raise
    return line


async def _introduce(line: Line, address: Address, *, with_database: bool) -> None:
    # Channels are the same in every database, so a line that only hears has no use for one.
    words: list[tuple[str, ...]] = []
    if address.password is not None:
        name = () if address.username is None else (address.username,)
        words.append(("AUTH", *name, address.password))
    if with_database and address.database:
        words.append(("SELECT", str(address.database)))
    words.append(("PING",))
    answers = await line.ask(b"".join(encoded(*each) for each in words), len(words))
    if answers is None:
        raise Refused("Redis hung up during the introduction.")
    if any(isinstance(answer, hiredis.ReplyError) for answer in answers):
        raise Refused("Redis refused the introduction.")


async def hang_up(line: Line | None) -> None:
    """End a line and see that it has ended."""
    if line is not None and not line.lost.done():
        line.abort()
        await asyncio.wait([line.lost], timeout=HANG_UP_WITHIN_SECONDS)
