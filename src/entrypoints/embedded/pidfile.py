"""What a `postmaster.pid` found at start means: an orphan of ours to stop, or a meaningless number."""

import os
import select
import signal
from contextlib import suppress
from pathlib import Path

from entrypoints.embedded.errors import DataInUse, ServerDidNotStop

PID_FILE = "postmaster.pid"

_NAMES = ("postgres", "postmaster")

_NO_PROCESS = 2**31 - 1
"""A pid that no kernel gives out."""


def clear(cluster: Path, *, patience: float) -> None:
    """Returns when no PostgreSQL runs on `cluster` and its pid file will not keep the next one from starting.

    A server that does run there lost the process that started it: it gets SIGINT, PostgreSQL's fast and clean
    shutdown, and `patience` seconds. Any other process that has the number by chance is left alone.

    Raises `ServerDidNotStop`, and `DataInUse` where a live process cannot be told from a server (no `/proc`).
    """
    pid = _recorded(cluster)
    if pid is None or not _exists(pid):
        return  # PostgreSQL sees for itself that nobody is there, and checks for orphaned backends
    if not Path("/proc/self/cmdline").exists():
        raise DataInUse(
            f"{cluster / PID_FILE} names process {pid}, which is alive. If it is PostgreSQL, stop it; "
            "if it is anything else, remove that file."
        )
    if not serves(pid, cluster):
        _disown(cluster)
        return
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        # Again, because only now the number cannot pass to another process before it is signalled.
        if serves(pid, cluster):
            _stop(handle, pid, patience)
    finally:
        os.close(handle)


def serves(pid: int, cluster: Path) -> bool:
    """Whether the process is a PostgreSQL server started on `cluster` by the cluster's owner."""
    process = Path("/proc") / str(pid)
    try:
        if process.stat().st_uid != cluster.stat().st_uid:
            return False
        words = [os.fsdecode(word) for word in (process / "cmdline").read_bytes().split(b"\0")]
    except OSError:
        return False
    with suppress(OSError):  # not readable without ptrace rights, which a root in a container may lack
        program = (process / "exe").readlink().name
        if program.removesuffix(" (deleted)") not in _NAMES:
            return False
    if Path(words[0]).name not in _NAMES or "-D" not in words[:-1]:
        return False
    return os.path.realpath(words[words.index("-D") + 1]) == os.path.realpath(cluster)


def _recorded(cluster: Path) -> int | None:
    path = cluster / PID_FILE
    try:
        first = path.read_bytes().partition(b"\n")[0].strip()
    except FileNotFoundError:
        return None
    if not first.isdigit() or int(first) == 0:
        # Left by a crash of the machine while it was written. PostgreSQL would refuse it for ever.
        path.unlink()
        return None
    return int(first)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def _stop(handle: int, pid: int, patience: float) -> None:
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(handle, signal.SIGINT)
        signal.pidfd_send_signal(handle, signal.SIGCONT)
    ending = select.poll()  # not select, which refuses descriptors from 1024 on
    ending.register(handle, select.POLLIN)
    if not ending.poll(patience * 1000):
        raise ServerDidNotStop(
            f"A PostgreSQL server left behind (pid {pid}) has not stopped after {patience:g} s. "
            "Wait for it, or end it by hand, and start again."
        )


def _disown(cluster: Path) -> None:
    """Puts a number nobody has in the pid file's first line.

    Removing the file would also remove the key of the shared memory by which PostgreSQL recognises backends
    that outlived their server; with them still writing, a second server would ruin the data.
    """
    descriptor = os.open(cluster / PID_FILE, os.O_RDWR | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "r+b") as file:
        rest = file.read().partition(b"\n")[2]
        file.seek(0)
        file.write(b"%d\n" % _NO_PROCESS + rest)
        file.truncate()
