"""A Redis Cluster on this machine, of the servers that the launcher finds, and ways to hurt it."""

import asyncio
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import hiredis

from adapters.redis.address import Address
from adapters.redis.line import Word, dial, encoded
from adapters.redis.slots import SLOTS, slot_of
from entrypoints.embedded.valkey import EmbeddedRedis

PASSWORD = "of-all-of-them"


class ClusterNode(EmbeddedRedis):
    """One server of a cluster. All have the same password."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(
            data_dir,
            settings={
                "cluster-enabled": "yes",
                "cluster-announce-ip": "127.0.0.1",
                "cluster-port": str(_free_port()),
                "cluster-node-timeout": "1000",
                "cluster-require-full-coverage": "no",
                "cluster-replica-validity-factor": "0",
                "repl-diskless-sync-delay": "0",
                "masterauth": PASSWORD,
            },
        )
        self._password = PASSWORD

    @property
    def address(self) -> Address:
        return Address(host="127.0.0.1", port=self.port, password=PASSWORD)

    async def ask(self, *words: Word) -> Any:
        """One command to this very server. Raises what it answers when that is an error."""
        line = await dial(self.address)
        answers = await line.ask(encoded(*words), 1)
        line.abort()
        if answers is None:
            raise ConnectionError(self.port)
        if isinstance(answers[0], hiredis.ReplyError):
            raise answers[0]
        return answers[0]

    async def owner_of(self, slot: int) -> int:
        """The port of the master that has a slot, as this server sees it."""
        ranges = await self.ask("CLUSTER", "SLOTS")
        return int(next(master[1] for first, last, master, *_ in ranges if first <= slot <= last))

    async def id(self) -> str:
        return str((await self.ask("CLUSTER", "MYID")).decode())


class Cluster:
    """``masters`` share the slots in equal ranges; ``replicas`` follow them one each, as many as there are."""

    def __init__(self, masters: list[ClusterNode], replicas: list[ClusterNode]) -> None:
        self.masters = masters
        self.replicas = replicas
        self._slots_each = -(-SLOTS // len(masters))

    @property
    def url(self) -> str:
        """The first two as seeds."""
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.masters[:2])
        return f"redis://:{PASSWORD}@{hosts}?cluster=1"

    def first_owner(self, name: str) -> int:
        """The number of the master that had the name's slot in the beginning."""
        return slot_of(name) // self._slots_each

    async def everywhere(self, *words: Word) -> None:
        await asyncio.gather(*(node.ask(*words) for node in self.masters))

    async def move(self, slot: int, source: ClusterNode, target: ClusterNode) -> None:
        """Give a slot to another master with its keys, as redis-cli does it; until all masters agree."""
        there, here = await target.id(), await source.id()
        await target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", here)
        await source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", there)
        while keys := await source.ask("CLUSTER", "GETKEYSINSLOT", slot, 100):
            await source.ask(
                *("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "AUTH", PASSWORD, "KEYS", *keys)
            )
        for node in (target, source, *self.masters):
            await node.ask("CLUSTER", "SETSLOT", slot, "NODE", there)
        async with asyncio.timeout(20):
            for node in self.masters:
                while await node.owner_of(slot) != target.port:
                    await asyncio.sleep(0.01)

    async def join(self) -> None:
        """Make one cluster of the servers, and wait until all of them say so."""
        for number, node in enumerate(self.masters):
            first = number * self._slots_each
            last = min(first + self._slots_each, SLOTS) - 1
            await node.ask("CLUSTER", "ADDSLOTSRANGE", first, last)
            await node.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        everybody = [*self.masters, *self.replicas]
        for node in everybody[1:]:
            bus = (await everybody[0].ask("CONFIG", "GET", "cluster-port"))[1]
            await node.ask("CLUSTER", "MEET", "127.0.0.1", everybody[0].port, bus)
        await _all_say(everybody, f"cluster_known_nodes:{len(everybody)}", f"cluster_slots_ok:{SLOTS}")
        for master, replica in zip(self.masters, self.replicas, strict=False):
            await replica.ask("CLUSTER", "REPLICATE", await master.id())
        async with asyncio.timeout(20):
            for replica in self.replicas:
                while b"master_link_status:up" not in await replica.ask("INFO", "replication"):
                    await asyncio.sleep(0.05)
        await _all_say(everybody, "cluster_state:ok")


async def _all_say(nodes: Sequence[ClusterNode], *facts: str) -> None:
    async with asyncio.timeout(20):
        for node in nodes:
            while not set(facts) <= set((await node.ask("CLUSTER", "INFO")).decode().split()):
                await asyncio.sleep(0.05)


@asynccontextmanager
async def redis_cluster(masters: int = 3, replicas: int = 0) -> AsyncIterator[Cluster]:
    """A cluster, whole; its servers end with it."""
    directory = Path(tempfile.mkdtemp(prefix="sentinal-cluster-"))
    await asyncio.to_thread(directory.chmod, 0o711)
    nodes = [ClusterNode(directory / str(number)) for number in range(masters + replicas)]
    try:
        await asyncio.gather(*(asyncio.to_thread(node.start) for node in nodes))
        cluster = Cluster(nodes[:masters], nodes[masters:])
        await cluster.join()
        yield cluster
    finally:
        await asyncio.gather(*(asyncio.to_thread(node.stop) for node in nodes))
        shutil.rmtree(directory, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
