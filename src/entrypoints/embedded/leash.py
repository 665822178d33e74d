"""Our end of the watchdog: a program started through it runs no longer than this process."""

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from entrypoints.embedded.errors import ServerDidNotStart, ServerDidNotStop
from entrypoints.embedded.places import Home

WATCHDOG = Path(__file__).with_name("watchdog.py")

Stages = tuple[tuple[str, float], ...]
"""Signal names without SIG, and the seconds each may take, gentlest first."""

# A server takes nothing from the environment of whoever started it: PGDATA, PGOPTIONS, LD_PRELOAD, a locale.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
_LONGEST_LOG = 8 * 1024 * 1024
_MARGIN = 20.0


class Leash:
    """One program under its own watchdog.

    It is stopped by `release`, and by the end of this process whatever ends it. Its output is appended to the
    file `log` of its home.
    """

    def __init__(self, program: Sequence[str | Path], *, home: Home, log: str, stages: Stages) -> None:
        """Starts the program. Raises `ServerDidNotStart` when not even the watchdog came up."""
        self._name = Path(program[0]).name
        self._log = home.directory / log
        self._patience = sum(seconds for _, seconds in stages) + _MARGIN
        account = home.account
        output = home.open(log, os.O_WRONLY | os.O_APPEND)
        ours, theirs = socket.socketpair()
        try:
            if os.fstat(output).st_size > _LONGEST_LOG:
                os.ftruncate(output, 0)
            self._log_start = os.fstat(output).st_size
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-I",
                    "-S",
                    str(WATCHDOG),
                    str(os.getpid()),
                    str(-1 if account is None else account.uid),
                    str(-1 if account is None else account.gid),
                    ",".join(f"{name}:{seconds}" for name, seconds in stages),
                    *map(str, program),
                ],
                stdin=theirs.fileno(),
                stdout=output,
                stderr=output,
                cwd="/",
                env=_ENVIRONMENT,
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
            os.close(output)
        self._line = ours
        self.pid = self._heard_pid()

    @property
    def watchdog_pid(self) -> int:
        """The watchdog's own process id."""
        return self._process.pid

    def exit_status(self) -> int | None:
        """The program's exit status, None while it, or anything it left behind, still runs."""
        return self._process.poll()

    def wait(self, seconds: float) -> int:
        """Waits for the program to end by itself and returns its exit status. Raises `ServerDidNotStart`."""
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.release()
            raise ServerDidNotStart(
                self.complaint(f"{self._name} was not done after {seconds:g} s.")
            ) from None
        self._line.close()
        return status

    def release(self) -> None:
        """Stops the program and returns when neither it nor its watchdog is left. Again: does nothing.

        Raises `ServerDidNotStop` when even SIGKILL did not work, as on a disk that does not answer.
        """
        self._line.close()
        try:
            self._process.wait(self._patience)
        except subprocess.TimeoutExpired:
            raise ServerDidNotStop(
                f"{self._name} (pid {self.pid}) has not ended after {self._patience:g} s. "
                f"See {self._log}; end it by hand before starting again."
            ) from None

    def said(self) -> str:
        """What the program has written since it was started, the last 4,000 bytes of it."""
        try:
            with self._log.open("rb") as log:
                size = log.seek(0, os.SEEK_END)
                log.seek(max(self._log_start, size - 4_000))
                return log.read().decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def complaint(self, what: str) -> str:
        """`what`, followed by where the log is and how it ends: an error's message."""
        return f"{what} The end of {self._log}:\n{self.said() or '(nothing)'}"

    def _heard_pid(self) -> int:
        self._line.settimeout(_MARGIN)
        try:
            word = self._line.recv(32)
        except OSError:
            word = b""
        if not word.strip().isdigit():
            self._line.close()
            self._process.wait()
            raise ServerDidNotStart(self.complaint(f"The watchdog of {self._name} did not start it."))
        return int(word)
