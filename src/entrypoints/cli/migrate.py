"""``sentinal migrate``: bring a database's schema up to date, or say where it stands."""

import asyncio
import json
import os
from pathlib import Path

import rich_click as click

from adapters.postgres import migrations
from entrypoints.settings import SettingRefused


@click.group()
def migrate() -> None:
    """Schema migrations: ordered SQL files, forward only."""


def _database() -> str:
    url = os.environ.get("MIGRATIONS_DATABASE_URL") or os.environ.get("DATABASE_URL")
    if not url:
        raise SettingRefused("DATABASE_URL is missing: the address of a PostgreSQL database.")
    return url


@migrate.command()
def up() -> None:
    """Apply what has not been applied. Safe to run from several servers at once."""
    applied = asyncio.run(migrations.migrate(_database()))
    for migration in applied:
        click.echo(f"applied {migration.version:04d} {migration.name}")
    if not applied:
        click.echo("nothing to apply")


@migrate.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def status(as_json: bool) -> None:
    """Which migrations are applied, and when."""
    rows = asyncio.run(migrations.status(_database()))
    if as_json:
        click.echo(
            json.dumps(
                [{"version": r.version, "name": r.name, "applied_at": str(r.applied_at or "")} for r in rows]
            )
        )
        return
    for row in rows:
        click.echo(f"{row.version:04d} {row.name:<28} {row.applied_at or 'pending'}")


@migrate.command()
def verify() -> None:
    """Check that what is applied is what the files say. Fails when it is not."""
    pending = asyncio.run(migrations.verify(_database()))
    click.echo(f"consistent; {len(pending)} pending")


@migrate.command()
@click.argument("name")
def new(name: str) -> None:
    """Begin a migration file with the next number."""
    path: Path = migrations.new(migrations.DEFAULT_DIRECTORY, name)
    click.echo(str(path))
