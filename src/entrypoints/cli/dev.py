"""``sentinal dev``: the whole product from nothing, for one person on one machine.

Starts PostgreSQL and Redis unless addresses are given, migrates, makes keys and two demo people, serves. Whatever
way it ends, what it started ends with it.
"""

import asyncio
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import rich_click as click
import uvloop

from adapters.jwt.keys import SigningKeys
from adapters.postgres.migrations import migrate as apply_migrations
from application.bus.messages import Actor, Secret
from application.identity.register_user import RegisterUser
from domain.shared.errors import IdentifierTaken
from entrypoints.cli import serving
from entrypoints.container import Container
from entrypoints.embedded.servers import start_servers
from entrypoints.logs import configure
from entrypoints.settings import load, read_dotenv

DEMO = (("alice", "Alice", "alice-demo-1"), ("bob", "Bob", "bob-demo-1"))


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", envvar="PORT", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--servers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 16),
    help="How many servers, on consecutive ports, over the same stores.",
)
@click.option(
    "--data",
    default=".data",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where databases and keys are kept between runs.",
)
@click.option("--memory", is_flag=True, help="Keep everything in this process: no PostgreSQL, no Redis.")
def dev(host: str, port: int, servers: int, data: Path, memory: bool) -> None:
    """Set up and serve everything on this machine."""
    environment = dict(os.environ)
    read_dotenv(Path(".env"), environment)
    if memory and servers > 1:
        raise click.UsageError("--memory is one process; it cannot be shared by several servers.")
    data.mkdir(parents=True, exist_ok=True, mode=0o711)
    environment.setdefault("SENTINAL_ENV", "development")
    environment.setdefault("SENTINAL_LOG_FORMAT", "console")
    environment.setdefault("SENTINAL_LOG_LEVEL", "warning")
    environment.setdefault("SENTINAL_SIGNING_KEYS", str(_keys(data)))
    with ExitStack() as stack:
        if memory:
            environment |= {"SENTINAL_STORE": "memory", "SENTINAL_BROKER": "memory"}
        else:
            stores = stack.enter_context(start_servers(data, environment=environment))
            environment |= {"DATABASE_URL": stores.database_url, "REDIS_URL": stores.redis_url}
            asyncio.run(_migrate(environment.get("MIGRATIONS_DATABASE_URL") or stores.database_url))
        settings = load(environment)
        configure(settings.log_format, settings.log_level)
        children = [stack.enter_context(_Child(host, port + n, environment)) for n in range(1, servers)]
        addresses = [f"http://{host}:{port + n}" for n in range(len(children) + 1)]

        async def ready(_: Container) -> None:
            _greet(addresses)

        uvloop.run(serving.run(settings, host, port, ready, first=_demo_people))


class _Child:
    """Another server, on a leash: when this process ends, however it ends, the other one drains and leaves."""

    def __init__(self, host: str, port: int, environment: dict[str, str]) -> None:
        reading, self._holding = os.pipe()
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "entrypoints.cli",
                "serve",
                "--host",
                host,
                "--port",
                str(port),
                "--leash",
                str(reading),
            ],
            env=environment,
            pass_fds=(reading,),
            start_new_session=True,
        )
        os.close(reading)

    def __enter__(self) -> "_Child":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._holding)
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _keys(data: Path) -> Path:
    path = data / "signing-keys.json"
    if not path.exists():
        SigningKeys.generate().save(path)
    return path


async def _migrate(database_url: str) -> None:
    for migration in await apply_migrations(database_url):
        click.echo(f"migrated: {migration.version:04d} {migration.name}", err=True)


async def _demo_people(container: Container) -> None:
    for username, name, password in DEMO:
        command = RegisterUser(
            username=username, display_name=name, password=Secret(password), device_id="demo"
        )
        try:
            await container.bus().execute(command, Actor(address="demo"))
        except IdentifierTaken:
            continue


def _greet(addresses: list[str]) -> None:
    click.echo("\n  Sentinal Chat is serving.\n")
    for address in addresses:
        click.echo(f"    {address}")
    click.echo("\n  Two people to log in as, in two browser windows:\n")
    for username, _, password in DEMO:
        click.echo(f"    {username:<8} {password}")
    click.echo("\n  API reference: /docs   Health: /readyz   Stop: Ctrl-C\n")
