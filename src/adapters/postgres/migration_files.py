"""The files of `db/migrations`: which there are, how they are named, and what can be wrong with them.

A file is `NNNN_name.sql`. It runs in one transaction unless its first line is `-- no-transaction`: then it
holds exactly one statement, such as `CREATE INDEX CONCURRENTLY IF NOT EXISTS`.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

DEFAULT_DIRECTORY = Path(__file__).resolve().parents[3] / "db" / "migrations"
NO_TRANSACTION = "-- no-transaction"

MigrationState = Literal["applied", "pending", "edited", "missing", "out of order"]

_FILE_NAME = re.compile(r"(\d{4})_([a-z0-9]+(?:_[a-z0-9]+)*)\.sql", re.ASCII)


class MigrationError(Exception):
    """The schema cannot be brought up to date. The message says what to do about it."""


class BadMigrationFile(MigrationError):
    """A file whose name is not `NNNN_name.sql`, or that is not UTF-8, or a directory that is not there."""


class DuplicateMigration(MigrationError):
    """Two files have the same number."""


class MigrationEdited(MigrationError):
    """A file was changed or renamed after it was applied."""


class MigrationMissing(MigrationError):
    """The database has a migration of which there is no file."""


class MigrationOutOfOrder(MigrationError):
    """A file that was not applied has a lower number than one that was."""


class UnknownTarget(MigrationError):
    """There is no migration of the version asked for."""


class MigrationsLocked(MigrationError):
    """Another runner has been at work on this database for longer than we wait."""


class MigrationFailed(MigrationError):
    """PostgreSQL refused a statement. The file's transaction, if it has one, was rolled back."""


class NotOneStatement(MigrationError):
    """A no-transaction file without, or with more than, one statement."""


class DatabaseUnreachable(MigrationError):
    """No connection could be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file. `sql` has LF line ends, and `checksum` is the SHA-256 of that, in hex."""

    version: int
    name: str
    path: Path
    sql: str
    checksum: str

    @property
    def transactional(self) -> bool:
        """Whether it runs in a transaction."""
        return self.sql.partition("\n")[0].rstrip() != NO_TRANSACTION


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationStatus:
    """Where a migration stands. `applied_at` is None for `pending` and `out of order`, and only for those."""

    version: int
    name: str
    state: MigrationState
    applied_at: datetime | None = None


def discover(directory: Path = DEFAULT_DIRECTORY) -> list[Migration]:
    """The directory's migrations, by version. Raises `BadMigrationFile`, `DuplicateMigration`."""
    if not directory.is_dir():
        raise BadMigrationFile(f"{directory} is no directory. Say where the migrations are.")
    found: dict[int, Migration] = {}
    for path in sorted(directory.iterdir()):
        if path.suffix.lower() != ".sql":
            continue
        named = _FILE_NAME.fullmatch(path.name)
        if named is None or int(named[1]) == 0:
            raise BadMigrationFile(
                f"{path.name} is not named NNNN_lower_case_words.sql, from 0001 on. "
                "Rename it, or move it elsewhere."
            )
        version = int(named[1])
        if version in found:
            raise DuplicateMigration(
                f"{found[version].path.name} and {path.name} have the same number. "
                "Give the one that is applied nowhere yet the next free number."
            )
        try:
            sql = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError as error:
            raise BadMigrationFile(
                f"{path.name} is not UTF-8 (byte {error.start}). Save it as UTF-8."
            ) from error
        checksum = hashlib.sha256(sql.encode()).hexdigest()
        found[version] = Migration(version=version, name=named[2], path=path, sql=sql, checksum=checksum)
    return list(found.values())


def new(directory: Path, name: str) -> Path:
    """Writes an empty migration with the next free number. Raises what `discover` raises."""
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    version = max((each.version for each in discover(directory)), default=0) + 1
    path = directory / f"{version:04d}_{slug}.sql"
    if _FILE_NAME.fullmatch(path.name) is None:
        raise BadMigrationFile(f"{path.name} would be no migration. Choose a name with letters or digits.")
    with path.open("x", encoding="utf-8") as file:
        file.write(f"-- {slug.replace('_', ' ')}\n")
    return path
