"""Durable sends a second through the bus (P1, P4), beside pgbench with the seed's four statements a message.

Run: ``python -m benchmarks.sends [--seconds 5] [--rounds 3] [--conversations 100] [--in-flight 256]``. Starts its own
PostgreSQL with fsync, synchronous_commit and full_page_writes on; the two sides take turns, medians are compared.
"""

import argparse
import asyncio
import statistics
import time
import uuid

import asyncpg
import uvloop

from application.bus.messages import Actor
from application.messaging.send_message import SendMessage
from application.testing.builders import a_group, a_participant, a_user, an_entry, an_owner, settings_for
from benchmarks import reference
from benchmarks.report import table
from benchmarks.support import Figure, Stage, stage
from domain.shared.ids import ClientMessageId, ConversationId, UserId
from entrypoints.container import Container
from entrypoints.lifespan import running
from entrypoints.settings import load

NAMES = ("P1", "P4")
GOALS = {"P1": 3.0, "P4": 6.0}
MEMBERS = 10


async def populate(container: Container, conversations: int) -> list[tuple[ConversationId, list[UserId]]]:
    """Groups of ten."""
    places = []
    async with container.store().units.open() as uow:
        people = [
            a_user(
                id=UserId(uuid.uuid4()), username=f"b{uuid.uuid4().hex[:12]}", email=None, phone_number=None
            )
            for _ in range(MEMBERS)
        ]
        for user in people:
            uow.users.add(user, settings_for(user))
        for _ in range(conversations):
            group = a_group(people[0].id, members=MEMBERS, id=ConversationId(uuid.uuid4()))
            uow.conversations.add(group)
            uow.participants.add(an_owner(group, people[0].id))
            for user in people[1:]:
                uow.participants.add(a_participant(group, user.id))
            places.append((group.id, [user.id for user in people]))
        await uow.commit([an_entry()], [])
    return places


async def send_for(
    container: Container, places: list[tuple[ConversationId, list[UserId]]], seconds: float, in_flight: int
) -> tuple[float, list[float]]:
    """Messages a second with so many in flight, and how long each took, in milliseconds."""
    bus, sent, took = container.bus(), 0, []
    ends = time.perf_counter() + seconds

    async def sender(n: int) -> None:
        nonlocal sent
        count = n
        while time.perf_counter() < ends:
            place, people = places[count % len(places)]
            actor = Actor(user_id=people[count % len(people)], address="bench")
            count += 7
            begun = time.perf_counter()
            command = SendMessage(
                conversation_id=place,
                client_message_id=ClientMessageId(uuid.uuid4()),
                content="some words to say",
            )
            await bus.execute(command, actor)
            took.append((time.perf_counter() - begun) * 1000)
            sent += 1

    begun = time.perf_counter()
    await asyncio.gather(*map(sender, range(in_flight)))
    return sent / (time.perf_counter() - begun), took


async def measure(made: Stage, options: argparse.Namespace) -> list[tuple[float, float, list[float]]]:
    """Both sides, in turn: a round is their rate, ours, and how long ours took."""
    settings = load(
        {
            "SENTINAL_SIGNING_KEYS": made.keys.to_json(),
            "SENTINAL_LIMITS": "off",
            "DATABASE_URL": made.database_url,
            "REDIS_URL": made.redis_url,
        }
    )
    url = await reference.prepare(made.database_url, options.conversations)
    rounds = []
    async with running(settings) as container:
        places = await populate(container, options.conversations)
        await _vacuum(made.database_url)
        await send_for(container, places, 1, options.in_flight)
        for _ in range(options.rounds):
            theirs, _ = await asyncio.to_thread(
                reference.measured, made, url, int(options.seconds), options.conversations
            )
            rate, took = await send_for(container, places, options.seconds, options.in_flight)
            rounds.append((theirs, rate, took))
    return rounds


async def _vacuum(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


def figure(name: str, options: argparse.Namespace) -> Figure:
    """On stores of its own."""
    with stage(server=False) as made:
        rounds = uvloop.run(measure(made, options))
    ratios = [ours / theirs for theirs, ours, _ in rounds]
    took = [each for _, _, times in rounds for each in times]
    where = "one conversation" if options.conversations == 1 else f"{options.conversations} conversations"
    return Figure(
        name=name,
        what=f"sends through the bus, {where}, beside pgbench",
        value=statistics.median(ratios),
        unit="×",
        goal=GOALS.get(name),
        notes=[
            f"{statistics.median(ours for _, ours, _ in rounds):.0f}/s beside pgbench "
            f"{statistics.median(theirs for theirs, _, _ in rounds):.0f}/s; p50 {statistics.median(took):.1f} ms, "
            f"{options.in_flight} in flight"
        ],
        rounds=ratios,
    )


def figures(quick: bool = False, only: set[str] | None = None) -> list[Figure]:
    conversations = {"P1": 100, "P4": 1}
    made = []
    for name in sorted(only or NAMES):
        rounds, seconds = (2, 2.0) if quick else (3, 5.0)
        options = argparse.Namespace(
            rounds=rounds, seconds=seconds, conversations=conversations[name], in_flight=256
        )
        made.append(figure(name, options))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--conversations", type=int, default=100)
    parser.add_argument("--in-flight", type=int, default=256)
    options = parser.parse_args()
    print(table([figure("P4" if options.conversations == 1 else "P1", options)]))


if __name__ == "__main__":
    main()
