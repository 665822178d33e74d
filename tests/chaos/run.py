"""One run: start everything, let people talk, break things one after the other, wait for quiet, put it on record."""

import asyncio
import contextlib
import random
import signal
import tempfile
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.cluster import Cluster, cluster
from tests.chaos.faults import Kind, Victims
from tests.chaos.history import Counted, Fault, History, Remains, Shown
from tests.chaos.observer import Observer
from tests.chaos.people import Door
from tests.chaos.work import Company

CALM_SECONDS = 1.5
WELL_WITHIN_SECONDS = 40.0
QUIET_WITHIN_SECONDS = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What a run does. ``settings`` are more environment for the servers, ``calm`` the seconds before each
    fault and after the last."""

    seed: int
    faults: list[Kind]
    servers: int = 2
    calm: float = CALM_SECONDS
    quiet_within: float = QUIET_WITHIN_SECONDS
    settings: Mapping[str, str]


async def play(script: Script) -> History:
    """Do all of it; afterwards nothing is left but the history."""
    history, rng = History(), random.Random(script.seed)
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sentinal-chaos-")))
        ours = await stack.enter_async_context(cluster(directory, script.servers, script.settings))
        door = Door([server.url for server in ours.servers], history, rng)
        stack.push_async_callback(door.close)
        company = Company(door)
        await company.gather()
        observer = Observer(history, ours.stores.database_url, ours.stores.redis_url)
        listeners = [company.receivers[who.id].run() for who in company.people]
        lasting = _started([observer.look_on(), observer.listen(), *listeners])
        stack.push_async_callback(_end, lasting)
        working = _started([company.act(who) for who in company.people])
        working += _started([company.come_and_go(group) for group in company.groups])
        stack.push_async_callback(_end, working)
        victims = Victims(ours, company, rng)
        for kind in script.faults:
            await asyncio.sleep(script.calm)
            history.add(await _strike(kind, victims, [*lasting, *working]))
        await asyncio.sleep(script.calm)
        await _end(working)
        await _quiet(company, observer, script.quiet_within)
        await _count(company)
        await _show(company)
        history.add(await observer.everything())
        await _end(lasting)
        await door.close()
        await _look_at_remains(ours, history, observer)
    return history


async def _strike(kind: Kind, victims: Victims, tasks: list[asyncio.Task[None]]) -> Fault:
    at = time.time()
    bites = await kind.strike(victims)
    until = time.time()
    recovered = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(WELL_WITHIN_SECONDS):
            await _well(victims)
            recovered = time.time() - until
    for task in tasks:
        if task.done():
            task.result()
    return Fault(at=at, until=time.time(), name=kind.name, bites=bites, recovered=recovered, bound=kind.bound)


async def _well(victims: Victims) -> None:
    """Wait until something can be said on every server, and everybody has heard it."""
    company, group = victims.company, victims.company.groups[0]
    for server in range(len(company.door.urls)):
        said = await company.door.send(group.owner, group.id, "is all well?", server=server)
        if said is None:
            raise RuntimeError("a member was refused")
        listeners = [company.receivers[who.id] for who in group.members if who is not group.wanderer]
        while not all(
            each.online and said["id"] in each.places[group.id].messages
            for each in listeners
            if group.id in each.places
        ):
            await asyncio.sleep(0.02)


async def _quiet(company: Company, observer: Observer, within: float) -> None:
    """Wait until nothing is left to be said, and everybody has heard everything, or the time is over."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            while await observer.pending():
                await asyncio.sleep(0.1)
            revisions = (await observer.everything()).revisions
            while not all(
                place.revision >= revisions[id]
                for receiver in company.receivers.values()
                for id, place in receiver.places.items()
            ):
                await asyncio.sleep(0.1)
    # What should not come any more has time to come all the same.
    await asyncio.sleep(1.0)


async def _count(company: Company) -> None:
    for who in company.people:
        _, listed = await company.door.do(who, "conversation.list", "GET", "/v1/conversations?limit=100")
        for entry in listed["items"]:
            company.door.history.add(
                Counted(user=who.id, conversation=entry["conversation"]["id"], unread=entry["unread_count"])
            )


async def _show(company: Company) -> None:
    for who in company.people:
        for id, place in company.receivers[who.id].places.items():
            shown = Shown(
                user=who.id,
                conversation=id,
                revision=place.revision,
                messages=dict(place.messages),
                members=sorted(place.members),
            )
            company.door.history.add(shown)


async def _look_at_remains(ours: Cluster, history: History, observer: Observer) -> None:
    """Once every client has gone, and again when the servers have: what is still there?"""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(5):
            while any(server.sockets() for server in ours.servers):
                await asyncio.sleep(0.1)
    sockets = [server.sockets() for server in ours.servers]
    transactions = await observer.open_transactions()
    await asyncio.gather(*(server.stop(signal.SIGTERM) for server in ours.servers))
    for server, held in zip(ours.servers, sockets, strict=True):
        history.add(
            Remains(
                server=server.index,
                sockets=held,
                sockets_before=0,
                transactions=transactions,
                complaints=server.complaints(),
            )
        )


def _started(work: list[object]) -> list[asyncio.Task[None]]:
    return [asyncio.create_task(each) for each in work]  # type: ignore[arg-type]


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel; what had failed before is raised."""
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome
