"""``sentinal bench``: load for a deployment, and a check that it loses, doubles and reorders nothing."""

import asyncio
import sys
from pathlib import Path

import msgspec
import rich_click as click
import uvloop
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from entrypoints.bench.company import LimitMet, dismiss, gather
from entrypoints.bench.findings import findings, told
from entrypoints.bench.load import Plan, Run
from entrypoints.bench.requests import Requests, ServerUnreachable

FAILED, UNREACHABLE = 1, 3


@click.command()
@click.option(
    "--url", default="http://127.0.0.1:8000", show_default=True, help="The server, or the balancer."
)
@click.option(
    "--people", default=10, show_default=True, type=click.IntRange(1, 10_000), help="Made for this run."
)
@click.option(
    "--tokens",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="People who exist instead: a file of access tokens, one a line.",
)
@click.option(
    "--conversations", default=10, show_default=True, type=click.IntRange(1), help="Groups made for this run."
)
@click.option("--members", default=10, show_default=True, type=click.IntRange(1, 256), help="In each group.")
@click.option(
    "--sockets", type=click.IntRange(0), help="Who listens, in turn over the people; one each by default."
)
@click.option("--in-flight", default=32, show_default=True, type=click.IntRange(1), help="Sends at a time.")
@click.option(
    "--rate", type=click.FloatRange(min=0, min_open=True), help="Sends a second, instead of --in-flight."
)
@click.option(
    "--seconds", default=10.0, show_default=True, type=click.FloatRange(min=0, min_open=True, max=600)
)
@click.option(
    "--over", type=click.Choice(["socket", "http"]), default="socket", show_default=True, help="How to send."
)
@click.option(
    "--patience", default=10.0, show_default=True, help="Seconds to wait for what was not heard yet."
)
@click.option("--keep", is_flag=True, help="Do not erase the people and groups made for this run.")
@click.option("--json", "json", is_flag=True, help="Print what was found as JSON.")
def bench(
    url: str,
    people: int,
    tokens: Path | None,
    conversations: int,
    members: int,
    sockets: int | None,
    in_flight: int,
    rate: float | None,
    seconds: float,
    over: str,
    patience: float,
    keep: bool,
    json: bool,
) -> None:
    """Send messages through a running server and check what everybody hears.

    Fails when something acknowledged did not reach each listener once and in order.
    """
    given = [] if tokens is None else tokens.read_text().split()
    count = len(given) or people
    plan = Plan(
        rate=rate,
        in_flight=in_flight,
        seconds=seconds,
        sockets=count if sockets is None else sockets,
        over_http=over == "http",
        patience=patience,
    )
    try:
        run = uvloop.run(_carry_out(url, given, people, conversations, members, plan, keep))
    except (ServerUnreachable, LimitMet, TimeoutError) as error:
        click.echo(f"sentinal: {error or 'the server does not answer'}", err=True)
        sys.exit(UNREACHABLE)
    click.echo(msgspec.json.encode(findings(run)).decode() if json else told(run))
    if not run.ledger.verdict().is_sound:
        sys.exit(FAILED)


async def _carry_out(
    url: str, tokens: list[str], people: int, conversations: int, members: int, plan: Plan, keep: bool
) -> Run:
    requests = Requests(url)
    try:
        company = await gather(
            requests, people=people, tokens=tokens, conversations=conversations, members=members
        )
        run = Run(requests, company, plan)
        try:
            await _with_a_bar(run, plan.seconds)
        finally:
            if not keep:
                await asyncio.shield(dismiss(requests, company))
        return run
    finally:
        await requests.close()


async def _with_a_bar(run: Run, seconds: float) -> None:
    console = Console(stderr=True)
    columns = (
        TextColumn("sending"),
        BarColumn(),
        TextColumn("{task.fields[acked]:,}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("", total=seconds, acked=0)
        await run.carry_out(lambda acked, left: progress.update(task, completed=seconds - left, acked=acked))
