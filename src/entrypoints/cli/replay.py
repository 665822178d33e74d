"""``sentinal replay``: rebuild an empty database from the command log, and prove that it equals the first."""

import asyncio
import os
import sys

import msgspec
import rich_click as click

from adapters.postgres.comparison import differences
from adapters.postgres.migrations import migrate as apply_migrations
from application.bus.replay import RecordedPasswords
from application.bus.replay import replay as carry_out
from application.catalogue import COMMANDS
from entrypoints.container import Container
from entrypoints.plugins import memory_broker, postgres_store
from entrypoints.settings import SettingRefused, Settings, load


@click.command()
@click.option("--into", "target", required=True, help="Address of an empty database.")
@click.option("--from", "source", help="Address of the database to read; DATABASE_URL by default.")
def replay(target: str, source: str | None) -> None:
    """Replay the command log into an empty database and compare every table, row by row.

    Needs the signing keys of the original: hashes of message bodies are made with them. Passwords, refresh
    tokens, the addresses people logged in from and who is online are not in the log, and not compared.
    """
    environment = dict(os.environ)
    source = source or environment.get("DATABASE_URL")
    if not source:
        raise SettingRefused("DATABASE_URL is missing: the address of the database to replay.")
    settings = load(environment | {"DATABASE_URL": source, "SENTINAL_BROKER": "memory"})
    done, found = asyncio.run(_replay(settings, target))
    click.echo(f"replayed {done} commands")
    for difference in found:
        click.echo(f"differs: {difference}")
    if found:
        sys.exit(1)
    click.echo("every table is equal")


async def _replay(settings: Settings, target: str) -> tuple[int, list[str]]:
    await apply_migrations(target)
    into = msgspec.structs.replace(settings, database_url=target)
    async with (
        postgres_store(settings) as original,
        postgres_store(into) as store,
        memory_broker(into) as realtime,
    ):
        container = Container()
        container.settings.override(into)
        container.store.override(store)
        container.realtime.override(realtime)
        container.epoch.override("replay")
        container.passwords.override(RecordedPasswords())
        commands = {command.__name__: command for command in COMMANDS}
        done = await carry_out(original.command_log.accepted(), container.bus(), commands)
    return done, await differences(settings.database_url, target)
