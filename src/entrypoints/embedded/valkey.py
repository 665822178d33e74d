"""Redis of our own: Valkey or Redis on loopback with a password, keeping nothing on disk."""

import os
import secrets
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from entrypoints.embedded.errors import EmbeddedServerError
from entrypoints.embedded.leash import Leash, Stages
from entrypoints.embedded.locate import find_redis
from entrypoints.embedded.places import Home, reachable
from entrypoints.embedded.server import EmbeddedServer

_LOG = "redis.log"
_CONFIGURATION = "redis.conf"
_STOP: Stages = (("TERM", 8.0), ("KILL", 5.0))


class EmbeddedRedis(EmbeddedServer):
    """A Redis server that forgets everything when it stops: what the product keeps in it may be lost.

    The password is random, new with every object and the same through `restart`. `settings` are directives of
    `redis.conf` with their arguments as written there, as in `{"databases": "64"}`.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        settings: Mapping[str, str] | None = None,
        environment: Mapping[str, str] = os.environ,
        ready_within: float = 60.0,
    ) -> None:
        super().__init__(data_dir, settings=settings, environment=environment, ready_within=ready_within)
        self._program = Path()
        self._password = secrets.token_urlsafe(24)

    def _url(self, port: int) -> str:
        return f"redis://:{self._password}@127.0.0.1:{port}/0"

    def _prepare(self, home: Home) -> None:
        self._program = reachable(find_redis(self._environment), home.account)
        if not home.data.exists():
            home.make_directory(home.data.name)

    def _launch(self, home: Home, port: int) -> Leash:
        # In a file, because arguments can be read by everybody on the machine.
        directives = {
            "bind": "127.0.0.1",
            "port": str(port),
            "requirepass": self._password,
            "dir": _quoted(str(home.data)),
            "save": '""',
            "appendonly": "no",
            "daemonize": "no",
            "logfile": '""',
        } | self._settings
        for name, value in directives.items():
            if "\n" in name + value:
                raise EmbeddedServerError(
                    f"The Redis setting {name!r} has a line break. Write it on one line."
                )
        text = "".join(f"{name} {value}\n" for name, value in directives.items())
        configuration = home.write(_CONFIGURATION, text)
        return Leash([self._program, configuration], home=home, log=_LOG, stages=_STOP)

    def _answers(self, port: int, deadline: float) -> bool:
        try:
            patience = max(deadline - time.monotonic(), 0.01)
            with socket.create_connection(("127.0.0.1", port), timeout=patience) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\nQUIT\r\n".encode())
                answer = b""
                while chunk := connection.recv(512):
                    answer += chunk
        except OSError:
            return False
        return b"+PONG" in answer


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
