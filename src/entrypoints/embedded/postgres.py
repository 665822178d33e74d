"""PostgreSQL of our own: made with the locale the product needs, reached by password on loopback only."""

import asyncio
import os
import secrets
import shutil
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg

from entrypoints.embedded import pidfile
from entrypoints.embedded.errors import DataUnusable, ServerDidNotStart
from entrypoints.embedded.leash import Leash, Stages
from entrypoints.embedded.locate import find_postgres
from entrypoints.embedded.places import Home, reachable
from entrypoints.embedded.server import EmbeddedServer

USER = "sentinal"

_PASSWORD = "sentinal.password"  # noqa: S105 - the file's name
_LOG = "postgres.log"
# Fast shutdown, then immediate, in which PostgreSQL kills its own children after five seconds.
_STOP: Stages = (("INT", 15.0), ("QUIT", 10.0), ("KILL", 5.0))
_STOP_INITDB: Stages = (("TERM", 5.0), ("KILL", 5.0))


class EmbeddedPostgres(EmbeddedServer):
    """A PostgreSQL server whose data is kept in `data_dir` from one start to the next.

    The user is a superuser, the password random, in a file of mode 0600 beside the data. Nothing that
    durability rests on is changed; `settings` become `-c name=value`. `database` is made when it is missing.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        database: str = "sentinal",
        settings: Mapping[str, str] | None = None,
        environment: Mapping[str, str] = os.environ,
        ready_within: float = 60.0,
    ) -> None:
        super().__init__(data_dir, settings=settings, environment=environment, ready_within=ready_within)
        self._database = database
        self._program = Path()
        self._password = ""

    def dsn(self, database: str) -> str:
        """The address of another database of the same server."""
        return f"postgresql://{USER}:{self._password}@127.0.0.1:{self.port}/{database}"

    def _url(self, port: int) -> str:
        return f"postgresql://{USER}:{self._password}@127.0.0.1:{port}/{self._database}"

    def _prepare(self, home: Home) -> None:
        binaries = find_postgres(self._environment)
        self._program = reachable(binaries, home.account)
        if home.data.exists():
            _check_version(home.data, binaries.major)
            pidfile.clear(home.data, patience=_STOP[0][1])
        else:
            _initialise(home, self._program, binaries.major, self._ready_within)
        try:
            self._password = (home.data / _PASSWORD).read_text(encoding="ascii")
        except OSError as error:
            raise DataUnusable(
                f"The password of the database in {home.data} is missing ({error.strerror}). "
                f"Put {_PASSWORD} back, or remove {home.directory} to start afresh."
            ) from error

    def _launch(self, home: Home, port: int) -> Leash:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",
            "logging_collector": "off",
            "log_destination": "stderr",
        } | self._settings
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return Leash([self._program, "-D", home.data, *words], home=home, log=_LOG, stages=_STOP)

    def _answers(self, port: int, deadline: float) -> bool:
        # A thread of its own, because the caller's may be running an event loop already.
        with ThreadPoolExecutor(1) as apart:
            return apart.submit(lambda: asyncio.run(self._open(port, deadline))).result()

    async def _open(self, port: int, deadline: float) -> bool:
        """Connects, and makes the database. False: the server is not up yet."""
        patience = max(deadline - time.monotonic(), 0.01)
        try:
            connection = await asyncpg.connect(
                host="127.0.0.1",
                port=port,
                user=USER,
                password=self._password,
                database="postgres",
                ssl=False,
                timeout=patience,
                command_timeout=patience,
            )
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError):
            return False
        except asyncpg.InvalidPasswordError as error:
            raise ServerDidNotStart(
                f"PostgreSQL refuses the password in {_PASSWORD} beside its data. Was it changed by hand? "
                "Put the old one back, or remove the data directory to start afresh."
            ) from error
        try:
            if not await connection.fetchval(
                "SELECT true FROM pg_database WHERE datname = $1", self._database
            ):
                quoted = self._database.replace('"', '""')
                await connection.execute(f'CREATE DATABASE "{quoted}"')
        except (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError):
            return False
        finally:
            await connection.close(timeout=patience)
        return True


def _initialise(home: Home, program: Path, major: int, patience: float) -> None:
    """Makes the cluster beside its place and moves it there complete: no half-made one is ever found."""
    draft = home.directory / "data.new"
    if draft.exists():
        shutil.rmtree(draft)  # an initialisation that was interrupted; nothing was ever stored in it
    home.make_directory(draft.name)
    password = home.write("password", secrets.token_urlsafe(24))
    locale = ["--locale=C.UTF-8", *(["--locale-provider=builtin"] if major >= 17 else [])]
    initdb = Leash(
        [
            program.with_name("initdb"),
            f"--pgdata={draft}",
            f"--username={USER}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            *locale,
        ],
        home=home,
        log=_LOG,
        stages=_STOP_INITDB,
    )
    try:
        if initdb.wait(patience) != 0:
            raise ServerDidNotStart(initdb.complaint(f"initdb could not make a database in {draft}."))
    finally:
        initdb.release()
    password.replace(draft / _PASSWORD)
    draft.replace(home.data)


def _check_version(cluster: Path, major: int) -> None:
    try:
        version = (cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    except OSError:
        raise DataUnusable(
            f"{cluster} holds no PostgreSQL database of ours. Move it away, or choose another data directory."
        ) from None
    if version != str(major):
        raise DataUnusable(
            f"The data in {cluster} was made by PostgreSQL {version} and the server found is {major}. "
            f"Use a server of version {version} (SENTINAL_EMBEDDED=wheels or system chooses), "
            f"choose another data directory, or remove {cluster.parent} to start afresh."
        )
