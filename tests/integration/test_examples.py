"""The examples of the documentation, run as a reader would run them."""

import asyncio
import sys
from pathlib import Path

from tests.support.server import server_process

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


async def _run(name: str, *arguments: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(EXAMPLES / name), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await process.communicate()
    return process.returncode, said.decode(), complained.decode()


async def test_a_stolen_refresh_token_logs_thief_and_victim_out(fresh_database: str, redis: str) -> None:
    async with server_process(fresh_database, redis) as (url, _):
        code, said, complained = await _run("token_theft.py", url)
    assert (code, complained) == (0, ""), said
    assert "That proves theft" in said
    assert "closed with 4401" in said
    assert said.endswith("All of it as said.\n")


async def test_the_play_fails_where_it_is_not_so(fresh_database: str, redis: str) -> None:
    async with server_process(fresh_database, redis) as (url, _):
        code, _, complained = await _run("token_theft.py", f"{url}/nothing-here")
    assert code == 1
    assert complained.startswith("NOT SO: ")
    assert (await _run("token_theft.py"))[0] == 2
