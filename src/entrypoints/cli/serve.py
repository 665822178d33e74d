"""``sentinal serve``: one stateless server process, settings from the environment."""

import rich_click as click
import structlog
import uvloop

from entrypoints.cli import serving
from entrypoints.container import Container
from entrypoints.logs import configure
from entrypoints.settings import load


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port.")
@click.option("--leash", type=int, hidden=True)
def serve(host: str, port: int, leash: int | None) -> None:
    """Run one server. Needs DATABASE_URL, REDIS_URL and SENTINAL_SIGNING_KEYS."""
    settings = load()
    configure(settings.log_format, settings.log_level)

    async def ready(container: Container) -> None:
        structlog.get_logger("server").info("serving", host=host, port=port)

    uvloop.run(serving.run(settings, host, port, ready, leash=leash))
