"""A load maker in a process of its own: a job as JSON on standard input, what came of it as JSON on standard output.

Jobs: ``frames`` and ``requests`` (sends, so many in flight per client), ``resume`` (all come back at once), ``pings``
(how long the server takes to notice one), ``log_ins``.
"""

import asyncio
import json
import random
import resource
import sys
import time
import uuid
from collections import deque
from typing import Any

import uvloop

from benchmarks.wire import Requests, Wire, host_of, open_wire

ACK, EVENT, PONG, WELCOME, RESUMED, RESET = (
    f'{{"type":"{type}"'.encode()
    for type in ("ack", "message.created", "pong", "welcome", "resumed", "reset")
)
TOLD_WITHIN = 30.0
COME_BACK_AFTER = (1006, 1011, 1012)
BODY = '"client_message_id":"{id}","content":"some words to say"}}'
WORDS = '{{"type":"message.send","conversation_id":"{place}",' + BODY
REQUEST = (
    "POST /v1/conversations/{place}/messages HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
    "Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
)


class Sender:
    """Keeps ``in_flight`` sends on their way until time is up, to its places in turn."""

    def __init__(self, job: dict[str, Any], client: dict[str, Any]) -> None:
        self.places = client["places"]
        self.ends = time.perf_counter() + job["seconds"]
        self.once = job.get("once", False)
        self.begun: deque[float] = deque()
        self.took: list[float] = []
        self.events = self.errors = self.n = 0
        self.done = asyncio.get_running_loop().create_future()

    def next(self) -> None:
        """Send one, or be done once the last is answered."""
        if time.perf_counter() < self.ends or (self.once and not self.n):
            self.n += 1
            self.begun.append(time.perf_counter())
            self.write(self.places[self.n % len(self.places)])
        elif not self.begun and not self.done.done():
            self.done.set_result(None)

    def write(self, place: str) -> None:
        raise NotImplementedError

    def answered(self, well: bool) -> None:
        self.took.append(time.perf_counter() - self.begun.popleft())
        self.errors += not well
        self.next()


class FrameSender(Sender):
    """Over a WebSocket, hearing what is said in its conversations meanwhile."""

    wire: Wire

    def heard(self, body: bytes) -> None:
        if body.startswith(EVENT):
            self.events += 1
        elif body.startswith(WELCOME):
            self.welcomed.set_result(None)
        elif body.startswith((ACK, b'{"type":"error"')):
            self.answered(body.startswith(ACK))

    async def open(self, url: str, token: str) -> None:
        self.welcomed = asyncio.get_running_loop().create_future()
        self.wire = await open_wire(url, token, self.heard)
        await self.welcomed

    def write(self, place: str) -> None:
        self.wire.send(WORDS.format(place=place, id=uuid.uuid4()).encode())


class RequestSender(Sender):
    """Over one HTTP connection, one request after the other."""

    async def open(self, url: str, token: str) -> None:
        host, port = host_of(url)
        made = await asyncio.get_running_loop().create_connection(
            lambda: Requests(lambda status: self.answered(status == 201)), host, port
        )
        self.transport = made[0]
        self.heads = [
            REQUEST.format(place=place, host=host, token=token, size=len(BODY.format(id=uuid.uuid4())) + 1)
            for place in self.places
        ]

    def write(self, place: str) -> None:
        body = "{" + BODY.format(id=uuid.uuid4())
        self.transport.write((self.heads[self.n % len(self.places)] + body).encode())


async def sends(job: dict[str, Any], kind: type[Any]) -> dict[str, Any]:
    senders = [kind(job, client) for client in job["clients"]]
    for sender, client in zip(senders, job["clients"], strict=True):
        await sender.open(job["url"], client["token"])
    begun, mine = time.perf_counter(), _cpu()
    for sender in senders:
        sender.ends = begun + job["seconds"]
        for _ in range(job["in_flight"]):
            sender.next()
    await asyncio.gather(*(sender.done for sender in senders))
    took = [each for sender in senders for each in sender.took]
    return {
        "sent": len(took),
        "seconds": time.perf_counter() - begun,
        "events": sum(sender.events for sender in senders),
        "errors": sum(sender.errors for sender in senders),
        "took": took,
        "cpu": _cpu() - mine,
    }


async def resume(job: dict[str, Any]) -> dict[str, Any]:
    """Everybody connects at once and resumes; how long until each had been told all, and what that was."""
    begun = time.perf_counter()

    async def attempt(client: dict[str, Any], counts: list[int]) -> int | None:
        """The close code where the server could not let this one in; None when everything has been told."""
        loop = asyncio.get_running_loop()
        welcomed, done = loop.create_future(), loop.create_future()

        def heard(body: bytes) -> None:
            if body.startswith(WELCOME):
                welcomed.set_result(json.loads(body)["epoch"])
            elif body.startswith(RESUMED):
                done.set_result(None)
            elif body.startswith(b'{"type":"error"'):
                print(body.decode(), file=sys.stderr)
                wire.transport.close()
            else:
                counts[body.startswith(RESET)] += 1

        wire = await open_wire(job["url"], client["token"], heard)
        wires.append(wire)
        either = asyncio.FIRST_COMPLETED
        await asyncio.wait([welcomed, wire.closed], return_when=either, timeout=TOLD_WITHIN)
        if welcomed.done():
            frame = {"type": "resume", "epoch": welcomed.result(), "revisions": client["revisions"]}
            wire.send(json.dumps(frame).encode())
            await asyncio.wait([done, wire.closed], return_when=either, timeout=TOLD_WITHIN)
        if not done.done() and not wire.closed.done():
            raise TimeoutError("resumed, not answered" if welcomed.done() else "not welcomed")
        return None if done.done() else wire.closed.result()

    async def one(client: dict[str, Any]) -> tuple[float, int, int]:
        counts = [0, 0]
        while (code := await attempt(client, counts)) is not None:
            if code not in COME_BACK_AFTER:
                raise ConnectionError(f"closed with {code}")
            again.append(code)
            # As clients are told to: after a moment, not all at the same one.
            await asyncio.sleep(random.uniform(0.1, 1.0))
        return time.perf_counter() - begun, counts[0], counts[1]

    wires: list[Wire] = []
    again: list[int] = []
    told = await asyncio.gather(*map(one, job["clients"]))
    for wire in wires:
        wire.transport.close()
    took, events, resets = zip(*told, strict=True)
    return {"took": took, "events": sum(events), "resets": sum(resets), "again": len(again), "cpu": _cpu()}


async def pings(job: dict[str, Any]) -> dict[str, Any]:
    """One ping after the other; how long each took to be answered."""
    waiting: asyncio.Queue[bytes] = asyncio.Queue()
    wire = await open_wire(job["url"], job["clients"][0]["token"], waiting.put_nowait)
    await waiting.get()
    took: list[float] = []
    ends = time.perf_counter() + job["seconds"]
    while time.perf_counter() < ends:
        begun = time.perf_counter()
        wire.send(b'{"type":"ping"}')
        while not (await waiting.get()).startswith(PONG):
            pass
        took.append(time.perf_counter() - begun)
        await asyncio.sleep(0.005)
    wire.transport.close()
    return {"took": took, "cpu": _cpu()}


async def log_ins(job: dict[str, Any]) -> dict[str, Any]:
    """Everybody posts at once; how long each took."""
    host, port = host_of(job["url"])

    async def one(client: dict[str, Any]) -> tuple[float, int]:
        answer = asyncio.get_running_loop().create_future()
        made = await asyncio.get_running_loop().create_connection(
            lambda: Requests(answer.set_result), host, port
        )
        body = json.dumps(client["body"])
        head = f"POST {job['path']} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        begun = time.perf_counter()
        made[0].write(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        return await answer, time.perf_counter() - begun

    told = await asyncio.gather(*map(one, job["clients"]))
    return {"statuses": [status for status, _ in told], "took": [took for _, took in told], "cpu": _cpu()}


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


JOBS: dict[str, Any] = {
    "frames": lambda job: sends(job, FrameSender),
    "requests": lambda job: sends(job, RequestSender),
    "resume": resume,
    "pings": pings,
    "log_ins": log_ins,
}


async def carry_out(job: dict[str, Any]) -> dict[str, Any]:
    """The job; whatever goes wrong in a callback ends the process, so that nobody waits for it."""
    loop, doing = asyncio.get_running_loop(), asyncio.current_task()

    def failed(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        loop.default_exception_handler(context)
        if doing is not None:
            doing.cancel()

    loop.set_exception_handler(failed)
    told: dict[str, Any] = await JOBS[job["kind"]](job)
    return told


if __name__ == "__main__":
    json.dump(uvloop.run(carry_out(json.load(sys.stdin))), sys.stdout)
