"""``sentinal bench`` against a server that is right, and against one that loses, doubles or reorders events."""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from entrypoints.ws import protocol
from tests.support.server import a_person, serving, settings_for

EVENT = '{"type":"message.created"'
Fault = Callable[[list[Message]], list[Message]]


def _faulty(fault: Fault) -> Callable[[ASGIApp], ASGIApp]:
    """Between the server and its sockets: of each one's events, two at a time go through ``fault``."""

    def around(app: ASGIApp) -> ASGIApp:
        async def between(scope: Scope, receive: Receive, send: Send) -> None:
            held: list[Message] = []

            async def sending(message: Message) -> None:
                if not str(message.get("text", "")).startswith(EVENT):
                    await send(message)
                    return
                held.append(message)
                if len(held) == 2:
                    for each in fault(held):
                        await send(each)
                    held.clear()

            await app(scope, receive, send if scope["type"] == "http" else sending)

        return between

    return around


async def _bench(url: str, *options: str) -> tuple[int, str, str]:
    words = [sys.executable, "-m", "entrypoints.cli", "bench", "--url", url, "--seconds", "0.5"]
    process = await asyncio.create_subprocess_exec(
        *words, *options, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


SMALL = ("--people", "3", "--conversations", "2", "--in-flight", "4")


@pytest.mark.parametrize("way", [("--over", "socket"), ("--over", "http"), ("--rate", "40")])
async def test_a_server_that_is_right_is_found_sound(way: tuple[str, ...]) -> None:
    async with serving(settings_for()) as server:
        code, out, err = await _bench(server.url, *SMALL, *way, "--sockets", "4", "--json")
        assert code == 0, err
        found = json.loads(out)
        assert found["sound"] is True
        assert found["acknowledged"] > 0
        assert found["deliveries"] == 4 * found["acknowledged"]
        assert found["errors"] == found["closed"] == {}
        assert 0 < found["ack_ms"]["p50"] <= found["ack_ms"]["max"]
        assert sum(count for _, count in found["ack_histogram"]) == found["acknowledged"]


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (lambda two: two[:1], ("lost", "gaps")),
        (lambda two: [*two, two[1]], ("doubled",)),
        (lambda two: two[::-1], ("out_of_order",)),
    ],
    ids=["loses", "doubles", "reorders"],
)
async def test_a_server_that_is_wrong_is_found_out(fault: Fault, what: tuple[str, ...]) -> None:
    async with serving(settings_for(), ws="websockets-sansio", around=_faulty(fault)) as server:
        # One speaks in one place: two events of a socket are then of one conversation.
        options = ("--people", "2", "--conversations", "1", "--in-flight", "1", "--over", "http")
        code, out, _ = await _bench(server.url, *options, "--patience", "0.2", "--json")
        found: dict[str, Any] = json.loads(out)
        assert code == 1
        assert found["sound"] is False
        for name in what:
            assert found[name] > 0, found


@pytest.mark.parametrize(("option", "left"), [((), 0), (("--keep",), 3)])
async def test_the_people_of_a_run_are_erased_unless_they_are_kept(
    option: tuple[str, ...], left: int
) -> None:
    async with serving(settings_for()) as server:
        ann = await a_person(server.url)
        assert (await _bench(server.url, *SMALL, *option))[0] == 0
        found = (await ann.get("/v1/users?query=bench_")).json()
        await ann.http.aclose()
        assert len(found["items"]) == left


async def test_people_who_exist_take_part_by_their_tokens(tmp_path: Path) -> None:
    async with serving(settings_for(SENTINAL_LIMITS="registration=2:2/h,messages=999:999/s")) as server:
        two = [await a_person(server.url) for _ in range(2)]
        tokens = tmp_path / "tokens"
        tokens.write_text("\n".join(person.token for person in two))
        code, out, err = await _bench(server.url, "--tokens", str(tokens), "--rate", "20", "--json")
        assert code == 0, err
        assert json.loads(out)["deliveries"] == 2 * json.loads(out)["acknowledged"] > 0
        for person in two:
            assert (await person.get("/v1/users/me")).status_code == 200
            await person.http.aclose()


async def test_who_loses_the_connection_comes_back_and_misses_nothing() -> None:
    async with serving(settings_for()) as server:
        running = asyncio.create_task(_bench(server.url, *SMALL, "--seconds", "2", "--json"))
        hub = server.container.hub()
        while not hub.connections:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)
        for connection in hub.connections:
            connection.end(*protocol.RESTART)
        code, out, err = await running
        assert code == 0, err
        assert json.loads(out)["closed"] == {"1012": 3}


async def test_limits_of_the_server_are_named() -> None:
    async with serving(settings_for(SENTINAL_LIMITS="registration=1:1/h")) as server:
        code, _, err = await _bench(server.url, *SMALL)
        assert code == 3
        assert "SENTINAL_LIMITS" in err
        assert "--tokens" in err
    async with serving(settings_for(SENTINAL_LIMITS="registration=99:99/h,messages=1:1/h")) as server:
        code, out, _ = await _bench(server.url, *SMALL)
        assert code == 0
        assert "refused    rate_limited" in out
        assert "--rate" in out


async def test_a_server_that_is_not_there_is_told_by_exit_code_3() -> None:
    code, _, err = await _bench("http://127.0.0.1:9", *SMALL)
    assert (code, err.startswith("sentinal: http://127.0.0.1:9 cannot be reached")) == (3, True)
    code, _, err = await _bench("nonsense", *SMALL)
    assert code == 3
    assert "no http:// or https:// address" in err
