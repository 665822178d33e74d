"""Both stores at once: those the environment names, and of the others our own."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from entrypoints.embedded.postgres import EmbeddedPostgres
from entrypoints.embedded.server import EmbeddedServer, Lifetime
from entrypoints.embedded.valkey import EmbeddedRedis


class Servers(Lifetime):
    """A PostgreSQL and a Redis to connect to.

    What `DATABASE_URL` and `REDIS_URL` name is neither started nor stopped; `postgres` and `redis` are None
    for it.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        environment: Mapping[str, str] = os.environ,
        postgres_settings: Mapping[str, str] | None = None,
        redis_settings: Mapping[str, str] | None = None,
    ) -> None:
        self._given_database = environment.get("DATABASE_URL", "")
        self._given_redis = environment.get("REDIS_URL", "")
        self.postgres: EmbeddedPostgres | None = None
        self.redis: EmbeddedRedis | None = None
        if not self._given_database:
            self.postgres = EmbeddedPostgres(
                Path(data_dir) / "postgres", settings=postgres_settings, environment=environment
            )
        if not self._given_redis:
            self.redis = EmbeddedRedis(
                Path(data_dir) / "redis", settings=redis_settings, environment=environment
            )

    @property
    def database_url(self) -> str:
        """PostgreSQL's address, secret included."""
        return self._given_database if self.postgres is None else self.postgres.url

    @property
    def redis_url(self) -> str:
        """Redis's address, secret included."""
        return self._given_redis if self.redis is None else self.redis.url

    def start(self) -> None:
        """Starts both side by side, or neither. Raises what `EmbeddedServer.start` raises."""
        with ThreadPoolExecutor(2) as side_by_side:
            starts = [(each, side_by_side.submit(each.start)) for each in self._ours()]
        failures = [failure for _, start in starts if (failure := start.exception()) is not None]
        if failures:
            for each, start in starts:
                if start.exception() is None:
                    each.stop()
            for other in failures[1:]:
                failures[0].add_note(str(other))
            raise failures[0]

    def stop(self) -> None:
        """Stops ours and waits until no process of them is left. Again: does nothing."""
        with ExitStack() as stops:
            for each in self._ours():
                stops.callback(each.stop)

    def _begin(self) -> None:
        if not any(each.started for each in self._ours()):
            self.start()

    def _ours(self) -> list[EmbeddedServer]:
        return [each for each in (self.postgres, self.redis) if each is not None]


def start_servers(
    data_dir: Path,
    *,
    environment: Mapping[str, str] = os.environ,
    postgres_settings: Mapping[str, str] | None = None,
    redis_settings: Mapping[str, str] | None = None,
) -> Servers:
    """Servers, started; their data is below `data_dir`. Whoever calls this calls `stop`."""
    servers = Servers(
        data_dir,
        environment=environment,
        postgres_settings=postgres_settings,
        redis_settings=redis_settings,
    )
    servers.start()
    return servers
