"""Which faults a run goes through, in which order, and how soon after each all should be well again."""

import random

from tests.chaos import faults
from tests.chaos.crowds import crowd_reset, slow_reader
from tests.chaos.faults import Kind

FAULTS = (
    Kind("server: kill -9", 5.0, faults.server_killed),
    Kind("server: SIGTERM", 5.0, faults.server_told_to_leave),
    Kind("server: frozen 5 s", 5.0, faults.server_frozen),
    Kind("Redis: killed, down 3 s", 3.0, faults.redis_killed),
    Kind("Redis: frozen 4 s", 3.0, faults.redis_frozen),
    Kind("Redis: FLUSHALL", 3.0, faults.redis_emptied),
    Kind("Redis: CLIENT KILL TYPE pubsub", 3.0, faults.subscribers_cut_off),
    Kind("Redis: one server's line slow", 3.0, faults.redis_slow),
    Kind("Redis: one server's line reset", 3.0, faults.redis_line_cut),
    Kind("Redis: one server's line swallows all", 3.0, faults.redis_line_swallows),
    Kind("PostgreSQL: one backend killed", 5.0, faults.backend_killed),
    Kind("PostgreSQL: killed and restarted", 5.0, faults.database_killed),
    Kind("PostgreSQL: frozen 8 s", 5.0, faults.database_frozen),
    Kind("PostgreSQL: one server's line slow", 5.0, faults.database_slow),
    Kind("PostgreSQL: one server's line reset", 5.0, faults.database_line_cut),
    Kind("PostgreSQL: one server's line swallows all", 5.0, faults.database_line_swallows),
    Kind("client: does not read", 10.0, slow_reader),
    Kind("client: 100 sockets reset at once", 10.0, crowd_reset),
)
SHORT = tuple(
    fault
    for fault in FAULTS
    if fault.strike in (faults.server_killed, faults.redis_killed, faults.backend_killed)
)


def in_some_order(kinds: tuple[Kind, ...], rng: random.Random) -> list[Kind]:
    """All of them, each once."""
    return rng.sample(kinds, len(kinds))
