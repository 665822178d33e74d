"""The process between us and a server: it runs the server, and stops it when we are gone, however we went.

Run as a file, by path, with the standard library only:

    watchdog.py OWNER UID GID STAGES PROGRAM [ARGUMENT…]

Standard input is one end of a socket pair whose other end only OWNER holds. The watchdog writes the server's
pid on it and then waits for the end of file, which comes when OWNER closes its end or dies, by `kill -9` as
well. STAGES is `SIGNAL:SECONDS,…`: what is sent and how long each may take, gentlest first.

The server is the watchdog's own child and is reaped here, so its pid cannot have passed to anybody else when
it is signalled; and between starting a server and watching it there is no moment at which nobody would stop
it. The exit status is the server's, 128 + n for one that signal n ended.
"""

import ctypes
import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_LINGER = 5.0
"""Seconds the server's own children get to notice that it is gone."""

_HEARD = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_LINUX = sys.platform == "linux"


class Server:
    """A program run as a child, and its orphans, which become children too (Linux)."""

    def __init__(self, program: list[str], *, uid: int, gid: int, last_wish: int) -> None:
        self.code: int | None = None
        self._bell, ringer = os.pipe()
        for end in (self._bell, ringer):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(ringer, warn_on_full_buffer=False)
        # Handlers rather than SIG_IGN: an ignored signal stays ignored through exec, in the server too.
        for each in _HEARD:
            signal.signal(each, lambda *_: None)
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        watchdog = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            _become(program, uid, gid, last_wish, watchdog)

    def wait(self, seconds: float | None, *others: int) -> bool:
        """Whether to stop: the server ended, a signal asked for it, or one of `others` became readable."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while True:
            self._reap()
            if self.code is not None:
                return True
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return False
            ready, _, _ = select.select([self._bell, *others], [], [], left)
            asked = set(self._heard()) - {signal.SIGCHLD}
            if asked and others:
                return True
            if set(ready) & set(others):
                return True

    def stop(self, stages: list[tuple[int, float]]) -> None:
        """Sends each signal in turn until one has worked. SIGCONT follows, for a server that was frozen."""
        for number, seconds in stages:
            os.kill(self.pid, number)
            os.kill(self.pid, signal.SIGCONT)
            if self.wait(seconds):
                return

    def outlast_orphans(self) -> None:
        """Returns when what the server left behind has ended, by force after a while."""
        for force in (False, True):
            if force:
                for orphan in _children():
                    with suppress(ProcessLookupError):
                        os.kill(orphan, signal.SIGKILL)
            deadline = time.monotonic() + _LINGER
            while self._reap() and time.monotonic() < deadline:
                select.select([self._bell], [], [], 0.2)
                self._heard()

    def _reap(self) -> bool:
        """Collects children that ended; whether any is left."""
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return True
                if pid == self.pid:
                    self.code = os.waitstatus_to_exitcode(status)
        return False

    def _heard(self) -> bytes:
        try:
            return os.read(self._bell, 512)
        except BlockingIOError:
            return b""


def _become(program: list[str], uid: int, gid: int, last_wish: int, watchdog: int) -> None:
    """In the child: drops privileges and turns into the server. Never returns."""
    try:
        for each in (*_HEARD, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(each, signal.SIG_DFL)
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.umask(0o077)
        if uid >= 0:
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
        # Should the watchdog itself be killed, the kernel asks the server to stop. After setuid, which
        # would clear it.
        _prctl(_PR_SET_PDEATHSIG, last_wish)
        if os.getppid() == watchdog:
            os.execv(program[0], program)  # noqa: S606 - no shell is what is wanted
    except OSError as error:
        os.write(2, f"cannot run {program[0]} as uid {uid}: {error}\n".encode())
    finally:
        os._exit(127)


def _prctl(option: int, value: int) -> None:
    if _LINUX:
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _children() -> list[int]:
    """Own children, found by their parent's pid in `/proc/<pid>/stat` (the second field after the name)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.append(int(stat.parent.name))
    return found


def _owner_handle(owner: int) -> list[int]:
    """Becomes readable when the owner ends, even if a fork of it still holds its end of the pair."""
    if not _LINUX:
        return []
    try:
        handle = os.pidfd_open(owner)
    except OSError:
        return []
    # Read after opening: a pid that is still our parent's cannot have been somebody else's when it was
    # opened.
    return [handle] if os.getppid() == owner else []


def main(arguments: list[str]) -> int:
    """Runs the server until it ends or is to be stopped; returns the exit status."""
    owner, uid, gid = (int(each) for each in arguments[:3])
    stages = [
        (signal.Signals[f"SIG{name}"].value, float(seconds))
        for name, seconds in (stage.split(":") for stage in arguments[3].split(","))
    ]
    watched = [0, *_owner_handle(owner)]
    server = Server(arguments[4:], uid=uid, gid=gid, last_wish=stages[0][0])
    with suppress(OSError):
        os.write(0, b"%d\n" % server.pid)
    server.wait(None, *watched)
    if server.code is None:
        server.stop(stages)
    server.outlast_orphans()
    if server.code is None:
        return 1
    return server.code if server.code >= 0 else 128 - server.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
