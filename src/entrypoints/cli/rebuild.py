"""``sentinal rebuild``: make a read model again from what it was made of, while servers go on serving."""

import asyncio
import sys
import time
import uuid
from collections.abc import AsyncIterator

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from application.ports.summaries import Summaries
from domain.shared.ids import ConversationId
from entrypoints.plugins import provider
from entrypoints.settings import load

AT_ONCE = 50
A_LINE_EVERY_SECONDS = 5.0
INTERRUPTED = 130


@click.group()
def rebuild() -> None:
    """Make read models again. Safe beside running servers, and as often as one likes."""


@rebuild.command("conversation-list")
@click.option("--after", type=click.UUID, help="Go on after this conversation, as a run that was ended said.")
def conversation_list(after: uuid.UUID | None) -> None:
    """What the list shows of each conversation, from its messages."""
    work = Rebuilding(None if after is None else ConversationId(after))
    try:
        asyncio.run(work.run())
    except (KeyboardInterrupt, Exception) as ending:
        if work.reached is not None:
            click.echo(f"go on with: sentinal rebuild conversation-list --after {work.reached}", err=True)
        if isinstance(ending, KeyboardInterrupt):
            sys.exit(INTERRUPTED)
        raise
    click.echo(f"rebuilt {work.done} conversations; {work.corrected} said something else before")


class Rebuilding:
    """One run: how far it has come, so that another can go on from there."""

    def __init__(self, after: ConversationId | None) -> None:
        self.reached = after
        self.done = 0
        self.corrected = 0

    async def run(self) -> None:
        """All conversations, some at a time, with a bar on a terminal and a line now and then elsewhere."""
        settings = load()
        async with provider("store", settings.store)(settings) as store:
            total = await store.summaries.count(self.reached)
            console = Console(stderr=True)
            if console.is_terminal:
                await self._with_a_bar(store.summaries, total, console)
            else:
                await self._with_lines(store.summaries, total)

    async def _with_a_bar(self, summaries: Summaries, total: int, console: Console) -> None:
        columns = (TextColumn("conversations"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("", total=total)
            async for count in self._parts(summaries):
                progress.advance(task, count)

    async def _with_lines(self, summaries: Summaries, total: int) -> None:
        said = time.monotonic()
        async for _ in self._parts(summaries):
            if time.monotonic() - said >= A_LINE_EVERY_SECONDS:
                said = time.monotonic()
                click.echo(f"{self.done} of {total}", err=True)

    async def _parts(self, summaries: Summaries) -> AsyncIterator[int]:
        while ids := await summaries.after(self.reached, AT_ONCE):
            self.corrected += await summaries.rebuild(ids)
            self.done += len(ids)
            self.reached = ids[-1]
            yield len(ids)
