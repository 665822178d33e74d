"""``sentinal openapi``, ``asyncapi`` and ``keys``: things a server publishes, and the keys it signs with."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import rich_click as click
from litestar import Litestar, Router
from litestar.di import Provide

from adapters.jwt.keys import RETIRED_KEYS_VERIFY, SIGNS_AFTER, TOKENS_LIVE, SigningKeys
from adapters.system.clock import SystemClock
from entrypoints.http import (
    contacts,
    conversations,
    identity,
    members,
    messages,
    participation,
    people,
    presence,
    receipts,
    sync,
)
from entrypoints.http.openapi import openapi
from entrypoints.ws.asyncapi import asyncapi


def openapi_of_this_version() -> dict[str, object]:
    """The OpenAPI document, without a running server."""
    routes = [
        *identity.ROUTES,
        *people.ROUTES,
        *contacts.ROUTES,
        *conversations.ROUTES,
        *participation.ROUTES,
        *receipts.ROUTES,
        *sync.ROUTES,
        *members.ROUTES,
        *messages.ROUTES,
        *presence.ROUTES,
    ]
    app = Litestar(
        route_handlers=[Router("/v1", route_handlers=routes)],
        dependencies={"desk": Provide(_nobody, sync_to_thread=False)},
        openapi_config=None,
    )
    return openapi(app.routes)


def _nobody() -> None:
    """Stands where a running server has its desk: nothing is asked of it here."""


@click.command("openapi")
def openapi_command() -> None:
    """Print the OpenAPI 3.1 document."""
    click.echo(json.dumps(openapi_of_this_version(), indent=2))


@click.command("asyncapi")
def asyncapi_command() -> None:
    """Print the AsyncAPI 3 document of the realtime protocol."""
    click.echo(json.dumps(asyncapi(), indent=2))


@click.group()
def keys() -> None:
    """Signing keys: a JWK set in a file that only its owner may read."""


@keys.command("new")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def new_keys(file: Path) -> None:
    """Make a key set. Refuses to overwrite one."""
    if file.exists():
        raise click.ClickException(f"{file} exists; `sentinal keys rotate` adds a key to it.")
    SigningKeys.generate().save(file)
    click.echo(f"wrote {file}")


@keys.command("rotate")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--signs-in",
    default=int(SIGNS_AFTER.total_seconds()),
    show_default=True,
    type=click.IntRange(0, 86_400),
    help="Seconds until the new key signs; by then every server should have read the file.",
)
def rotate_keys(file: Path, signs_in: int) -> None:
    """Add a key that running servers verify at once and sign with a little later. Nobody is logged out."""
    before, now = SigningKeys.load(str(file)), SystemClock().now()
    after = before.rotate(now, after=timedelta(seconds=signs_in))
    after.save(file)
    previous, (coming, *_) = before.signer(now)[0], after.keys
    begins = datetime.fromtimestamp(coming.signs_from, UTC)
    click.echo(f"rotated {file}")
    click.echo(f"at once               servers read it within 2 seconds; {previous} goes on signing")
    click.echo(f"{_at(begins)}  {coming.kid} signs")
    click.echo(f"{_at(begins + TOKENS_LIVE)}  the last token of {previous} has expired")
    click.echo(f"{_at(begins + RETIRED_KEYS_VERIFY)}  from then on a rotation leaves {previous} out")
    for kid in before.verifiers.keys() - after.verifiers.keys():
        click.echo(f"left out              {kid}, whose tokens have all expired")
    click.echo("Servers that were given the set itself, and not a file, need the new one and a restart.")


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
