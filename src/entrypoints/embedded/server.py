"""What every embedded server promises: who may start it, when it is ready, and that it goes when we go."""

import asyncio
import os
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from entrypoints.embedded.errors import ServerDidNotStart
from entrypoints.embedded.leash import Leash
from entrypoints.embedded.places import Home, settle

_LISTEN_ATTEMPTS = 5
_POLL = 0.01


class Lifetime(ABC):
    """Something started and stopped: by `with`, and by `async with` without holding up the loop."""

    @abstractmethod
    def stop(self) -> None:
        """Stops everything that was started and waits until it is gone. Again: does nothing."""

    @abstractmethod
    def _begin(self) -> None:
        """Starts what is not started yet."""

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        beginning = asyncio.ensure_future(asyncio.to_thread(self._begin))
        try:
            await asyncio.shield(beginning)
        except asyncio.CancelledError:
            # The thread cannot be interrupted; what it starts must not be left running.
            await asyncio.wait([beginning])
            if beginning.exception() is None:
                await asyncio.to_thread(self.stop)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)


class EmbeddedServer(Lifetime):
    """One server on a free port of 127.0.0.1, over a data directory only this process uses meanwhile.

    Stopped by `stop` and by the end of this process, `kill -9` included. It runs in a session of its own, so
    Ctrl-C in the terminal does not reach it. Not for use from two threads at once.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        settings: Mapping[str, str] | None = None,
        environment: Mapping[str, str] = os.environ,
        ready_within: float = 60.0,
    ) -> None:
        self._data_dir = Path(data_dir)
        self._settings = dict(settings or {})
        self._environment = environment
        self._ready_within = ready_within
        self._running: _Running | None = None

    def start(self) -> str:
        """Starts the server on a free port and returns its address, secret included, once it answers.

        Raises `ServersMissing`, `DataInUse` (also when it is started already), `DataUnusable`,
        `ServerDidNotStart` after `ready_within` seconds.
        """
        return self._start(None)

    def restart(self) -> str:
        """Stops what is left of the server and starts it on the same port, so that clients find it again."""
        running = self._expect_running()
        self.stop()
        return self._start(running.port)

    def stop(self) -> None:
        """Stops the server cleanly, by force after a while, and waits until no process is left."""
        running, self._running = self._running, None
        if running is not None:
            try:
                running.leash.release()
            finally:
                os.close(running.lock)

    @property
    def url(self) -> str:
        """The address to connect to, secret included."""
        return self._url(self._expect_running().port)

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1."""
        return self._expect_running().port

    @property
    def pid(self) -> int:
        """The server's own process, for those who want to hurt it."""
        return self._expect_running().leash.pid

    @property
    def watchdog_pid(self) -> int:
        """The process that stops the server when this one ends."""
        return self._expect_running().leash.watchdog_pid

    @property
    def directory(self) -> Path:
        """Where the files really are: as root perhaps not in the directory asked for."""
        return self._expect_running().home.directory

    @property
    def started(self) -> bool:
        """Whether it was started and not stopped since; it may have crashed meanwhile."""
        return self._running is not None

    @property
    def alive(self) -> bool:
        """Whether the server was started and has not ended by itself."""
        return self._running is not None and self._running.leash.exit_status() is None

    @abstractmethod
    def _prepare(self, home: Home) -> None:
        """Makes the home fit to start on: binaries, data, secret."""

    @abstractmethod
    def _launch(self, home: Home, port: int) -> Leash: ...

    @abstractmethod
    def _answers(self, port: int, deadline: float) -> bool:
        """One attempt to use the server, bounded by `deadline` (monotonic seconds). False: try again."""

    @abstractmethod
    def _url(self, port: int) -> str: ...

    def _begin(self) -> None:
        if not self.started:
            self.start()

    def _expect_running(self) -> "_Running":
        if self._running is None:
            raise RuntimeError(f"{type(self).__name__} is not started")
        return self._running

    def _start(self, port: int | None) -> str:
        deadline = time.monotonic() + self._ready_within
        home = settle(self._data_dir)
        with ExitStack() as undo:
            lock = home.lock()
            undo.callback(os.close, lock)
            self._prepare(home)
            for attempt in range(_LISTEN_ATTEMPTS):
                chosen = _free_port() if port is None else port
                leash = self._launch(home, chosen)
                undo.callback(leash.release)
                if self._became_ready(leash, chosen, deadline):
                    break
                # Somebody took the port between our looking and the server's listening.
                if "address already in use" not in leash.said().lower() or attempt + 1 == _LISTEN_ATTEMPTS:
                    raise ServerDidNotStart(leash.complaint("The server ended while it was starting."))
            undo.pop_all()
        self._running = _Running(home, lock, leash, chosen)
        return self.url

    def _became_ready(self, leash: Leash, port: int, deadline: float) -> bool:
        """True when it answers, False when it ended."""
        while leash.exit_status() is None:
            # An answer counts only from a server still alive: another's may come from the port it failed to
            # get.
            if self._answers(port, deadline) and leash.exit_status() is None:
                return True
            if time.monotonic() > deadline:
                raise ServerDidNotStart(
                    leash.complaint(
                        f"The server was not ready within {self._ready_within:g} s; start it again."
                    )
                )
            time.sleep(_POLL)
        return False


class _Running:
    __slots__ = ("home", "leash", "lock", "port")

    def __init__(self, home: Home, lock: int, leash: Leash, port: int) -> None:
        self.home, self.lock, self.leash, self.port = home, lock, leash, port


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
