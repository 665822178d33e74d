"""What ``sentinal bench`` does: gather people, put load on, say what was found, and end with a code that says it too."""

import asyncio
import sys

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


def carry_out(
    url: str,
    tokens: list[str],
    people: int,
    conversations: int,
    members: int,
    plan: Plan,
    *,
    keep: bool,
    as_json: bool,
) -> None:
    """Prints what was found. Exits with 1 when it is not sound, with 3 when there was no way of finding out."""
    try:
        run = uvloop.run(_carry_out(url, tokens, people, conversations, members, plan, keep))
    except (ServerUnreachable, LimitMet, TimeoutError) as error:
        click.echo(f"sentinal: {str(error) or 'the server does not answer'}", err=True)
        sys.exit(UNREACHABLE)
    click.echo(msgspec.json.encode(findings(run)).decode() if as_json else told(run))
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
