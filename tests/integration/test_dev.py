"""``sentinal dev`` as a newcomer meets it: it serves, it leaves nothing behind however it ends, it remembers."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest


@pytest.fixture
def data() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="sentinal-dev-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


def _two_ports() -> int:
    """A port that is free, and so is the next."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            with contextlib.suppress(OSError, OverflowError):
                two.bind(("127.0.0.1", port + 1))
                return port


def _processes(data: Path) -> list[int]:
    """Every process that names the directory, or was started for it, by its environment or command."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            text = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            if str(data).encode() in text:
                found.append(int(entry.name))
    return found


@asynccontextmanager
async def _dev(data: Path, port: int, *more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "entrypoints.cli",
        "dev",
        "--data",
        str(data),
        "--port",
        str(port),
        *more,
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            await process.wait()


async def _ready(port: int) -> None:
    async with httpx.AsyncClient() as client, asyncio.timeout(60):
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200:
                    return
            await asyncio.sleep(0.05)


async def _gone(data: Path) -> None:
    async with asyncio.timeout(30):
        while _processes(data):
            await asyncio.sleep(0.05)


async def _log_in(port: int, name: str, password: str) -> int:
    body = {"identifier": name, "password": password, "device_id": "d"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        return (await client.post("/v1/auth/login", json=body)).status_code


@pytest.mark.timeout(180)
async def test_two_servers_leave_nothing_after_kill_9_and_find_their_data_again(data: Path) -> None:
    port = _two_ports()
    async with _dev(data, port, "--servers", "2") as first:
        await _ready(port)
        await _ready(port + 1)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port + 1}") as client:
            body = {
                "username": "cem",
                "password": "correct horse",
                "display_name": "Cem",
                "device_id": "d",
            }
            assert (await client.post("/v1/auth/register", json=body)).status_code == 201
        assert len(_processes(data)) > 3
        first.kill()
        await first.wait()
        await _gone(data)
    async with _dev(data, port) as second:
        await _ready(port)
        assert await _log_in(port, "cem", "correct horse") == 200
        assert await _log_in(port, "alice", "alice-demo-1") == 200
        second.send_signal(signal.SIGINT)
        await second.wait()
        await _gone(data)


async def test_memory_serves_without_any_store(data: Path) -> None:
    port = _two_ports()
    async with _dev(data, port, "--memory") as process:
        await _ready(port)
        assert await _log_in(port, "bob", "bob-demo-1") == 200
        assert not (data / "postgres").exists()
        process.send_signal(signal.SIGTERM)
        await process.wait()
    await _gone(data)
