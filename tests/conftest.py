"""Starts one PostgreSQL and one Redis for the whole run, when a test needs them; workers get their own databases."""

import asyncio
import os
import shutil
import tempfile
from pathlib import Path

import asyncpg
import pytest

from adapters.postgres.migrations import migrate
from entrypoints.embedded.servers import Servers, start_servers

TEMPLATE = "sentinal_template"
_state: dict[str, object] = {}


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or config.option.collectonly or _unit_only(config):
        return
    directory = Path(tempfile.mkdtemp(prefix="sentinal-tests-"))
    directory.chmod(0o711)
    given = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
    servers = start_servers(
        directory,
        environment=given,
        postgres_settings={"max_connections": "300"},
        redis_settings={"databases": "64"},
    )
    _state.update(servers=servers, directory=directory)
    asyncio.run(_make_template(servers.database_url))
    os.environ["SENTINAL_TEST_DATABASE_URL"] = servers.database_url
    os.environ["SENTINAL_TEST_REDIS_URL"] = servers.redis_url


def pytest_unconfigure(config: pytest.Config) -> None:
    servers = _state.pop("servers", None)
    if isinstance(servers, Servers):
        servers.stop()
    directory = _state.pop("directory", None)
    if isinstance(directory, Path):
        shutil.rmtree(directory, ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests of many tries have counted, so that everybody sees that they tried."""
    reports = (report for each in ("passed", "failed") for report in terminalreporter.stats.get(each, ()))
    lines = [
        f"{report.nodeid.rpartition('::')[2]}: {value}"
        for report in reports
        for name, value in report.user_properties
        if name == "counted" and report.when == "call"
    ]
    if lines:
        terminalreporter.section("counted")
        for line in sorted(lines):
            terminalreporter.write_line(line)


def _unit_only(config: pytest.Config) -> bool:
    paths = [str(arg).split("::")[0] for arg in config.args]
    return bool(paths) and all("tests/unit" in path or "tests/sabotage" in path for path in paths)


async def _make_template(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"CREATE DATABASE {TEMPLATE}")
    finally:
        await connection.close()
    await migrate(sibling(url, TEMPLATE))


def sibling(url: str, name: str) -> str:
    """The address of another database on the same server."""
    return url.rsplit("/", 1)[0] + "/" + name
