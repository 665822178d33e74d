"""``sentinal``: its groups of commands, and how failures become exit codes.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 something the product stands on cannot be reached, 4 a setting is
refused.
"""

import sys

import rich_click as click

from adapters.jwt.keys import KeysRefused
from adapters.postgres.migration_files import DatabaseUnreachable, MigrationError
from application.errors import StaleAdapter
from domain.shared.errors import Unavailable
from entrypoints.cli.bench import bench
from entrypoints.cli.dev import dev
from entrypoints.cli.doctor import doctor
from entrypoints.cli.documents import asyncapi_command, keys, openapi_command
from entrypoints.cli.migrate import migrate
from entrypoints.cli.outbox import outbox, relay
from entrypoints.cli.permissions import permissions_command
from entrypoints.cli.rebuild import rebuild
from entrypoints.cli.replay import replay
from entrypoints.cli.serve import serve
from entrypoints.embedded.errors import EmbeddedServerError
from entrypoints.settings import SettingRefused

FAILED, UNREACHABLE, REFUSED = 1, 3, 4


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sentinal-chat")
def cli() -> None:
    """Sentinal Chat: the backend of a real-time messenger."""


for command in (
    dev,
    serve,
    migrate,
    replay,
    rebuild,
    outbox,
    relay,
    keys,
    openapi_command,
    asyncapi_command,
    permissions_command,
    doctor,
    bench,
):
    cli.add_command(command)


def main() -> None:
    """The console script. Every expected failure is one sentence on standard error and an exit code."""
    try:
        cli()
    except (SettingRefused, KeysRefused) as error:
        _fail(str(error), REFUSED)
    except (DatabaseUnreachable, EmbeddedServerError, Unavailable) as error:
        _fail(getattr(error, "detail", str(error)), UNREACHABLE)
    except (MigrationError, StaleAdapter) as error:
        _fail(str(error), FAILED)


def _fail(text: str, code: int) -> None:
    click.echo(f"sentinal: {text}", err=True)
    sys.exit(code)
