"""``sentinal outbox`` and ``sentinal relay``: what is still to be sent, and sending it without a server."""

import asyncio
import signal
from typing import Any

import msgspec
import rich_click as click

from adapters.system.clock import SystemClock
from application.outbox.relay import KEPT_FOR
from application.ports.events import Outbox
from domain.shared.values import moment
from entrypoints.lifespan import opened
from entrypoints.logs import configure
from entrypoints.plugins import provider
from entrypoints.settings import load


@click.group()
def outbox() -> None:
    """Events that are committed: what is still to be sent, what could not be, and what may go."""


@outbox.command()
@click.option("--json", "as_json", is_flag=True, help="For a script to read.")
def status(as_json: bool) -> None:
    """How many events wait, since when, and how many were parked because they could not be sent."""
    backlog = asyncio.run(_with_outbox(lambda kept: kept.backlog()))
    oldest = None if backlog.oldest is None else moment(backlog.oldest)
    if as_json:
        said = {"pending": backlog.pending, "oldest": oldest, "parked": backlog.parked}
        click.echo(msgspec.json.encode(said).decode())
        return
    since = f", the oldest since {oldest}" if oldest else ""
    click.echo(f"{backlog.pending} to be sent{since}; {backlog.parked} parked")


@outbox.command()
def retry() -> None:
    """Try again what was parked; the relay of any server does it."""
    click.echo(f"{asyncio.run(_with_outbox(lambda kept: kept.retry()))} to be tried again")


@outbox.command()
def prune() -> None:
    """Let go of what was sent more than 72 hours ago, as servers do every few minutes."""
    before = SystemClock().now() - KEPT_FOR
    click.echo(f"{asyncio.run(_with_outbox(lambda kept: kept.prune(before)))} let go of")


@click.command()
def relay() -> None:
    """Send what dead servers left behind, until stopped. Servers do so too, unless SENTINAL_RELAY is off."""
    settings = load()
    configure(settings.log_format, settings.log_level)
    asyncio.run(_relay(settings))


async def _relay(settings: Any) -> None:
    async with opened(settings) as container:
        work = asyncio.create_task(container.relay().run())
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, work.cancel)
        await asyncio.wait([work])


async def _with_outbox(ask: Any) -> Any:
    settings = load()
    async with provider("store", settings.store)(settings) as store:
        kept: Outbox = store.outbox
        return await ask(kept)
