"""Faults of clients: one that does not read, and a hundred that are reset at once."""

import asyncio
import contextlib
import json
import socket
import time
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.chaos.faults import Victims
from tests.chaos.history import Founded
from tests.chaos.people import Door, Person
from tests.chaos.work import Company

CROWD = 100
SOCKETS_A_PERSON = 10
LONG = "x" * 4000
FLOOD = 900
SLOW_CONSUMER = 4008
CLOSED_WITHIN_SECONDS = 30


async def slow_reader(victims: Victims) -> int:
    """Somebody does not read what is said to them; they are closed, and nobody else notices."""
    door = victims.company.door
    sender, idler = [await door.register(f"slow{n}x{time.time_ns()}") for n in range(2)]
    conversation = await _direct(door, sender, idler)
    line = await _welcomed(door.urls[door.any_server()], idler, slow=True)
    line.transport.pause_reading()
    for start in range(0, FLOOD, 30):
        await asyncio.gather(*(door.send(sender, conversation, LONG) for _ in range(start, start + 30)))
    line.transport.resume_reading()
    with contextlib.suppress(ConnectionClosed):
        async with asyncio.timeout(CLOSED_WITHIN_SECONDS):
            while True:
                await line.recv()
    return int(line.close_code == SLOW_CONSUMER)


async def crowd_reset(victims: Victims) -> int:
    """A hundred connections are reset at one moment, and all come back at once."""
    company = victims.company
    people = [
        await company.door.register(f"crowd{n}x{time.time_ns()}") for n in range(CROWD // SOCKETS_A_PERSON)
    ]
    chairs = [
        (who, company.door.urls[n % len(company.door.urls)])
        for who in people
        for n in range(SOCKETS_A_PERSON)
    ]
    lines = await asyncio.gather(*(_welcomed(url, who) for who, url in chairs))
    for line in lines:
        linger = line.transport.get_extra_info("socket")
        # On, for no time: closing is a reset.
        linger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        line.transport.abort()
    await asyncio.gather(*(line.wait_closed() for line in lines))
    again = await asyncio.gather(*(_welcomed(url, who) for who, url in chairs))
    for line in again:
        await line.close()
    return len(again)


async def _welcomed(url: str, who: Person, *, slow: bool = False) -> ClientConnection:
    """A connection past its welcome, however often it takes."""
    while True:
        with contextlib.suppress(OSError, WebSocketException, TimeoutError):
            address = urlsplit(url)
            wire = socket.socket()
            if slow:
                wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            wire.setblocking(False)
            await asyncio.get_running_loop().sock_connect(wire, (address.hostname or "", address.port or 0))
            line = await connect(
                url.replace("http", "ws", 1) + "/v1/realtime",
                sock=wire,
                compression=None,
                ping_interval=None,
                open_timeout=5,
                proxy=None,
            )
            await line.send(json.dumps({"type": "authenticate", "access_token": who.token}))
            async with asyncio.timeout(5):
                if json.loads(await line.recv())["type"] == "welcome":
                    await line.send(json.dumps({"type": "ping"}))
                    return line
        await asyncio.sleep(0.1)


async def _direct(door: Door, one: Person, other: Person) -> str:
    path, body = "/v1/conversations/direct", {"user_id": other.id}
    status, made = await door.do(one, "direct.open", "POST", path, body=body, key=True)
    if status not in (200, 201):
        raise RuntimeError(f"a conversation could not be opened: {status} {made}")
    door.history.add(Founded(conversation=made["id"], members=[one.id, other.id]))
    return str(made["id"])


def everybody_is_back(company: Company) -> bool:
    """Whether every device is connected."""
    return all(receiver.online for receiver in company.receivers.values())
