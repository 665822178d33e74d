"""``sentinal openapi``, ``asyncapi`` and ``keys``: things a server publishes, and the keys it signs with."""

import json
from pathlib import Path

import rich_click as click
from litestar import Litestar, Router
from litestar.di import Provide

from adapters.jwt.keys import SigningKeys
from entrypoints.http import contacts, conversations, identity, messages, people
from entrypoints.http.openapi import openapi
from entrypoints.ws.asyncapi import asyncapi


def openapi_of_this_version() -> dict[str, object]:
    """The OpenAPI document, without a running server."""
    routes = [*identity.ROUTES, *people.ROUTES, *contacts.ROUTES, *conversations.ROUTES, *messages.ROUTES]
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
def rotate_keys(file: Path) -> None:
    """Sign with a new key from now on; tokens signed with the previous one live out their time."""
    SigningKeys.load(str(file)).rotate().save(file)
    click.echo(f"rotated {file}; restart the servers one by one")
