"""``sentinal doctor``: every thing the product stands on, what is wrong with it, and what to do."""

import asyncio
import sys

import rich_click as click

from application.errors import StaleAdapter
from domain.shared.errors import Unavailable
from entrypoints.lifespan import opened
from entrypoints.settings import SettingRefused, Settings, load

REFUSED, UNREACHABLE = 4, 3


@click.command()
def doctor() -> None:
    """Check settings, keys, adapters, database, migrations and Redis."""
    try:
        settings = load()
    except SettingRefused as refused:
        click.echo(f"settings   {refused}")
        sys.exit(REFUSED)
    click.echo(f"settings   ok ({settings.environment}, store {settings.store}, broker {settings.broker})")
    ailments = asyncio.run(_examine(settings))
    for ailment in ailments:
        click.echo(f"ailing     {ailment}")
    if ailments:
        sys.exit(UNREACHABLE)
    click.echo("stores     ok")


async def _examine(settings: Settings) -> list[str]:
    try:
        async with opened(settings) as container:
            container.desk()
            parts = [container.store().health, container.realtime().health]
            return [ailment for part in parts for ailment in await part.ailments()]
    except (Unavailable, StaleAdapter) as error:
        return [str(error)]
