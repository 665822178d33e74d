"""Where a server's files live and who owns them: as root, an account that must be able to get there."""

import fcntl
import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from entrypoints.embedded.errors import DataInUse, DataUnusable
from entrypoints.embedded.locate import Binaries

REACHABLE_ROOT = Path("/var/lib/sentinal-chat")
"""Where root puts what the unprivileged account could not reach elsewhere."""

POINTER = "MOVED.txt"
DATA = "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whom a server runs as."""

    uid: int
    gid: int

    def can_enter(self, directory: Path) -> bool:
        """Whether the mode bits of the directory and of all its parents let the account through."""
        return all(self._may_search(each) for each in (directory, *directory.parents))

    def _may_search(self, directory: Path) -> bool:
        try:
            about = directory.stat()
        except FileNotFoundError:
            return True  # made later, by us, with a mode that lets the account through
        except OSError:
            return False
        if about.st_uid == self.uid:
            return bool(about.st_mode & stat.S_IXUSR)
        if about.st_gid == self.gid:
            return bool(about.st_mode & stat.S_IXGRP)
        return bool(about.st_mode & stat.S_IXOTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """One server's directory. `account` is None when the server simply runs as we do."""

    directory: Path
    account: Account | None

    @property
    def data(self) -> Path:
        """The directory that belongs to the server's account, mode 0700."""
        return self.directory / DATA

    def make_directory(self, name: str) -> Path:
        """A new directory of that name, owned by the account, mode 0700. Raises `FileExistsError`.

        It has that name only once it is the account's: whoever is killed in between leaves nothing in the way.
        """
        path, draft = self.directory / name, self.directory / f"{name}.new"
        if os.path.lexists(path):
            raise FileExistsError(path)
        with suppress(FileNotFoundError):
            draft.rmdir()
        draft.mkdir(mode=0o700)
        self._give(os.open(draft, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW))
        return draft.rename(path)

    def open(self, name: str, flags: int = os.O_RDWR) -> int:
        """A descriptor of the file, made if missing: mode 0600, owned by the account, no link followed."""
        path = self.directory / name
        flags |= os.O_NOFOLLOW | os.O_CLOEXEC
        with suppress(FileExistsError):
            self._give(os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600))
        return os.open(path, flags)

    def write(self, name: str, text: str) -> Path:
        """The file with exactly this content, replaced in one step."""
        draft = f"{name}.new"
        with suppress(FileNotFoundError):
            (self.directory / draft).unlink()  # perhaps not the account's yet, when somebody was killed
        with os.fdopen(self.open(draft, os.O_RDWR | os.O_TRUNC), "w", encoding="utf-8") as file:
            file.write(text)
        return (self.directory / draft).replace(self.directory / name)

    def lock(self) -> int:
        """A descriptor that holds the directory until it is closed, or its process ends, however it ends.

        Raises `DataInUse` when another has it.
        """
        lock = self.open("lock")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(lock, 32, 0).decode("ascii", "replace").strip()
            os.close(lock)
            who = "this very process" if holder == str(os.getpid()) else f"process {holder or 'unknown'}"
            raise DataInUse(
                f"{self.directory} is in use: {who} runs a server on it. "
                "Stop that one first, or choose another data directory."
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        return lock

    def _give(self, descriptor: int) -> None:
        try:
            if self.account is not None:
                os.fchown(descriptor, self.account.uid, self.account.gid)
        finally:
            os.close(descriptor)


def settle(requested: Path) -> Home:
    """The home of a server whose files were asked to be in `requested`; made if missing.

    That is `requested` itself, unless we are root and the account cannot reach it, as under a `/root` of mode
    0700: then it is a directory below `/var/lib/sentinal-chat`, and `requested` holds a file that says so.
    Modes and owners of what was there before are never changed. Data that already has an owner other than
    root keeps it.

    Raises `DataUnusable` when a directory cannot be made or its data belongs to somebody else.
    """
    root = os.geteuid() == 0
    try:
        # Links are resolved first: the account has to get through the directories that are really there.
        requested = _made(requested.resolve(), mode=0o711 if root else 0o700)
        if not root:
            return _checked(Home(directory=requested, account=None))
        directory = _pointed_to(requested) or requested
        account = _owner(directory / DATA) or _nobody()
        if not account.can_enter(directory):
            directory = _made(REACHABLE_ROOT / _digest(str(requested)), mode=0o711)
            account = _owner(directory / DATA) or account
            (requested / POINTER).write_text(
                f"{directory}\n\nThe servers run as an unprivileged account, which cannot reach this one.\n"
                "Their data is in the one named above. Remove both to start afresh.\n",
                encoding="utf-8",
            )
        return _checked(Home(directory=directory, account=account))
    except OSError as error:
        raise DataUnusable(
            f"No data can be kept in {requested}: {error.strerror} ({error.filename}). "
            "Make it writable, or choose another data directory."
        ) from error


def reachable(binaries: Binaries, account: Account | None) -> Path:
    """The program at a path the account can reach: where it is, or a copy below `/var/lib/sentinal-chat`."""
    program = binaries.program
    if account is None or not binaries.trees:
        return program
    if account.can_enter(program.parent) and account.can_enter(program.resolve().parent):
        return program
    about = program.stat()
    copy = REACHABLE_ROOT / "servers" / _digest(f"{program} {about.st_size} {about.st_mtime_ns}")
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(dir=_made(copy.parent, mode=0o711)))
        for tree in binaries.trees:
            target = draft / tree.relative_to(binaries.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            if tree.is_dir():
                shutil.copytree(tree, target, ignore=shutil.ignore_patterns("include", "doc"))
            else:
                shutil.copy2(tree, target)
        for each in (draft, *draft.rglob("*")):
            mode = each.stat().st_mode
            each.chmod(stat.S_IMODE(mode) | (0o555 if mode & stat.S_IXUSR else 0o444))
        try:
            draft.rename(copy)
        except OSError:
            shutil.rmtree(draft)  # another process was faster, with the same files
            if not copy.exists():
                raise
    return copy / program.relative_to(binaries.root)


def _made(directory: Path, *, mode: int) -> Path:
    for each in reversed([each for each in (directory, *directory.parents) if not each.exists()]):
        with suppress(FileExistsError):
            each.mkdir()
            each.chmod(mode)  # the umask may have taken away what the account needs
    return directory


def _checked(home: Home) -> Home:
    try:
        owner = home.data.lstat().st_uid
    except FileNotFoundError:
        return home
    needed = os.geteuid() if home.account is None else home.account.uid
    if owner != needed:
        raise DataUnusable(
            f"{home.data} belongs to uid {owner}; a server started by you runs as uid {needed}. "
            f"Run as uid {owner} again, give it away with chown -R, or choose another data directory."
        )
    return home


def _owner(directory: Path) -> Account | None:
    """Who owns the data already there; None for none and for root, as whom no server runs."""
    try:
        about = directory.lstat()
    except FileNotFoundError:
        return None
    return Account(uid=about.st_uid, gid=about.st_gid) if about.st_uid != 0 else None


def _nobody() -> Account:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Account(uid=65534, gid=65534)
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def _pointed_to(requested: Path) -> Path | None:
    try:
        target = Path((requested / POINTER).read_text(encoding="utf-8").partition("\n")[0])
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    return target if target.parent == REACHABLE_ROOT and target.is_dir() else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
