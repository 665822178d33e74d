"""The balancer that ships, in front of servers of a test: nginx with ``deploy/nginx.conf`` and other addresses."""

import asyncio
import os
import re
import shutil
import signal
import socket
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

NGINX = shutil.which(
    "nginx", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
)
SHIPPED = Path(__file__).parents[2] / "deploy" / "nginx.conf"
UPSTREAM = re.compile(r"^( +server) server-\d+:8000( [^;]*;)\n", flags=re.M)
LISTEN = re.compile(r"^( +listen) 8080;", flags=re.M)
AROUND = """
{user}
daemon off;
worker_processes 2;
pid {directory}/pid;
error_log {directory}/errors warn;
events {{ worker_connections 512; }}
http {{
    log_format served '$status $upstream_addr $uri';
    access_log {directory}/served served;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    include {directory}/shipped.conf;
}}
"""


class Balancer:
    """nginx on a free port. ``point`` makes it send what comes from now on to these ports, as a reload does."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._port = _free_port()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def write(self, ports: Sequence[int]) -> None:
        """The shipped file, with these ports where it names the servers of the Compose file."""
        shipped = SHIPPED.read_text()
        lines = UPSTREAM.findall(shipped)
        assert lines, "the shipped file names no servers"
        servers = "".join(f"{lines[0][0]} 127.0.0.1:{port}{lines[0][1]}\n" for port in ports)
        first = UPSTREAM.search(shipped)
        assert first is not None
        here = UPSTREAM.sub("", shipped[: first.start()] + servers + shipped[first.start() :])
        here, replaced = LISTEN.subn(rf"\1 127.0.0.1:{self._port};", here)
        assert replaced == 1
        (self._directory / "shipped.conf").write_text(here)

    async def start(self, ports: Sequence[int]) -> None:
        """Serve, once it answers."""
        assert NGINX is not None
        self.write(ports)
        # As root its workers would be an account that cannot reach the directory.
        user = "user root;" if os.geteuid() == 0 else ""
        around = self._directory / "nginx.conf"
        await asyncio.to_thread(around.write_text, AROUND.format(directory=self._directory, user=user))
        self._process = await asyncio.create_subprocess_exec(
            *(NGINX, "-p", str(self._directory), "-c", str(around), "-e", str(self._directory / "errors"))
        )
        async with httpx.AsyncClient() as http, asyncio.timeout(20):
            while True:
                try:
                    if (await http.get(f"{self.url}/livez")).status_code == 200:
                        return
                except httpx.TransportError:
                    assert self._process.returncode is None, (self._directory / "errors").read_text()
                await asyncio.sleep(0.02)

    def point(self, ports: Sequence[int]) -> None:
        """Write other servers and reload. Connections that are open stay where they are."""
        assert self._process is not None
        self.write(ports)
        self._process.send_signal(signal.SIGHUP)

    def served(self) -> Counter[tuple[int, bool]]:
        """How many answers came from each port, those of ended sockets apart."""
        found: Counter[tuple[int, bool]] = Counter()
        for line in (self._directory / "served").read_text().splitlines():
            status, upstreams, path = line.replace(", ", ",").split(" ", 2)
            port = upstreams.rpartition(":")[2]
            if port.isdigit():
                found[int(port), path == "/v1/realtime" and status == "101"] += 1
        return found

    async def stop(self) -> None:
        """End it and wait for it."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()


@asynccontextmanager
async def balanced(directory: Path, ports: Sequence[int]) -> AsyncIterator[Balancer]:
    """A balancer in front of servers that are there already."""
    balancer = Balancer(directory)
    try:
        await balancer.start(ports)
        yield balancer
    finally:
        await balancer.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
