"""Asking a Redis that hangs: one question finds out, and nobody else waits for it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

import pytest
import uvloop

from adapters.redis.connection import RedisCommands
from domain.shared.errors import Unavailable
from tests.integration.certify.severable import Severable, severable

Commands = Callable[[float], RedisCommands]


@pytest.fixture
async def line(redis: str) -> AsyncIterator[Severable]:
    address = urlsplit(redis)
    async with severable(address.hostname or "127.0.0.1", address.port or 6379) as line:
        yield line


@pytest.fixture
async def through(redis: str, line: Severable) -> AsyncIterator[Commands]:
    """Commands by way of the line, which pause for so many seconds after a time-out."""
    address = urlsplit(redis)
    url = address._replace(netloc=f"{address.netloc.rpartition(':')[0]}:{line.port}").geturl()
    made: list[RedisCommands] = []

    def through(pause: float) -> RedisCommands:
        made.append(RedisCommands(url, within=1, pause=pause))
        return made[-1]

    yield through
    for commands in made:
        await commands.close()


async def _outcomes(commands: RedisCommands, count: int) -> list[bool]:
    """Which of so many questions at once were answered."""
    answers = await asyncio.gather(*(commands.call("PING") for _ in range(count)), return_exceptions=True)
    assert all(answer == b"PONG" or isinstance(answer, Unavailable | str) for answer in answers)
    return [not isinstance(answer, Unavailable) for answer in answers]


def _refuses_without_waiting(commands: RedisCommands) -> bool:
    """Whether a question is refused before the loop turns even once."""
    question = commands.call("PING")
    try:
        question.send(None)
    except Unavailable:
        return True
    finally:
        question.close()
    return False


async def test_after_a_time_out_others_are_refused_at_once(through: Commands, line: Severable) -> None:
    commands = through(3600)
    await commands.call("PING")
    line.freeze()
    assert await _outcomes(commands, 10) == [False] * 10
    asked = line.connections
    assert all(_refuses_without_waiting(commands) for _ in range(1000))
    line.thaw()
    assert _refuses_without_waiting(commands)
    assert line.connections == asked


async def test_after_the_pause_one_question_goes_ahead_and_the_others_do_not_wait_for_it(
    through: Commands, line: Severable
) -> None:
    commands = through(0)
    line.freeze()
    assert await _outcomes(commands, 1) == [False]
    asked = line.connections
    assert await _outcomes(commands, 10) == [False] * 10
    assert line.connections == asked + 1
    line.thaw()
    assert await _outcomes(commands, 10) == [True] + [False] * 9
    assert await _outcomes(commands, 10) == [True] * 10


async def test_a_probe_that_is_given_up_does_not_stand_in_the_way(through: Commands, line: Severable) -> None:
    commands = through(0)
    line.freeze()
    assert await _outcomes(commands, 1) == [False]
    probe = asyncio.create_task(commands.call("PING"))
    await asyncio.sleep(0.01)
    assert _refuses_without_waiting(commands)
    probe.cancel()
    await asyncio.wait([probe])
    line.thaw()
    assert await _outcomes(commands, 1) == [True]


async def test_a_line_that_was_cut_is_no_reason_to_pause(through: Commands, line: Severable) -> None:
    commands = through(3600)
    await commands.call("PING")
    await line.cut()
    while await _outcomes(commands, 1) != [True]:
        await asyncio.sleep(0.01)


def test_an_answer_that_came_in_while_the_loop_was_held_up_is_no_time_out(redis: str) -> None:
    async def held_up() -> tuple[bytes, bytes]:
        commands = RedisCommands(redis, within=0.2, pause=3600)
        await commands.call("PING")
        asking = asyncio.create_task(commands.call("PING"))
        await asyncio.sleep(0.01)
        asking_again = asyncio.create_task(commands.call("ECHO", "again"))
        await asyncio.sleep(0)
        # The loop of a server with more to do than it can.
        time.sleep(0.5)  # noqa: ASYNC251 - that is what is tried
        answers = (await asking, await asking_again)
        await commands.close()
        return answers

    # Servers run on this loop; asyncio's own reads before it looks at its clock.
    assert uvloop.run(held_up()) == (b"PONG", b"again")
