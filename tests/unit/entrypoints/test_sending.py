"""The sending side of a socket: one encoding, one write a tick, order, and what happens behind a slow reader."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import msgspec
from websockets.frames import Frame, Opcode

from application.realtime.outgoing import Outgoing
from entrypoints.ws import protocol
from entrypoints.ws.socket import Socket
from entrypoints.ws.subprotocols import JSON, MSGPACK
from entrypoints.ws.wires import Tick


class Slot:
    """A wire that keeps what was written, and is full when told."""

    def __init__(self) -> None:
        self.is_full = False
        self.drained: Callable[[], None] | None = None
        self.unsent = 0
        self.writes: list[list[bytes]] = []
        self.closed: tuple[int, str] | None = None

    def write(self, frame: bytes) -> None:
        self.writes.append([frame])

    def write_all(self, frames: list[bytes]) -> None:
        self.writes.append(frames)

    async def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)

    @property
    def written(self) -> list[int]:
        return [json.loads(each)["n"] for batch in self.writes for each in batch]

    def empty(self) -> None:
        self.is_full = False
        if self.drained is not None:
            self.drained()


def _socket(slot: Slot, tick: Tick | None = None) -> Socket:
    return Socket(slot, JSON.payload, "c", tick or Tick())


def _event(n: int, type: str = "message.created", size: int = 0) -> Outgoing:
    return Outgoing(msgspec.json.encode({"type": type, "n": n, "data": "x" * size}))


async def _a_tick() -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def _begun(slot: Slot) -> Socket:
    socket = _socket(slot)
    socket.begin(b'{"n":0}')
    await _a_tick()
    return socket


async def test_frames_that_fall_in_one_tick_go_out_in_one_write_for_each_socket() -> None:
    tick, slots = Tick(), [Slot(), Slot()]
    sockets = [_socket(slot, tick) for slot in slots]
    for socket in sockets:
        socket.begin(b'{"n":0}')
    await _a_tick()
    for n in range(1, 6):
        for socket in sockets:
            socket.deliver(_event(n))
    assert [slot.writes for slot in slots] == [[[b'{"n":0}']]] * 2
    await _a_tick()
    for slot in slots:
        assert [len(batch) for batch in slot.writes] == [1, 5]
        assert slot.written == list(range(6))


async def test_what_is_delivered_before_the_welcome_comes_after_it() -> None:
    slot = Slot()
    socket = _socket(slot)
    socket.deliver(_event(1))
    socket.deliver(_event(2))
    await _a_tick()
    assert slot.writes == []
    socket.begin(b'{"n":0}')
    await _a_tick()
    assert slot.written == [0, 1, 2]


async def test_answers_and_events_keep_their_order_whatever_the_peer_reads() -> None:
    slot = Slot()
    socket = await _begun(slot)
    for n in range(1, 400):
        slot.is_full = n % 7 > 3
        if not slot.is_full:
            slot.empty()
        if n % 3:
            socket.deliver(_event(n))
        else:
            socket.say(msgspec.json.encode({"type": "ack", "n": n}))
        if not n % 11:
            await _a_tick()
    slot.empty()
    await _a_tick()
    assert slot.written == list(range(400))


async def test_a_burst_is_written_before_it_is_long() -> None:
    slot = Slot()
    socket = await _begun(slot)
    for n in range(1, 5001):
        socket.deliver(_event(n))
    await _a_tick()
    assert not socket.has_ended
    assert slot.written == list(range(5001))
    assert max(len(batch) for batch in slot.writes) <= 64


async def test_behind_a_slow_reader_ephemeral_events_are_dropped_first() -> None:
    slot = Slot()
    socket = await _begun(slot)
    slot.is_full = True
    kinds = ("typing.started", "presence.changed", "receipt.updated", "message.created")
    for n in range(1, 3001):
        socket.deliver(_event(n, kinds[n % 4]))
    assert not socket.has_ended
    slot.empty()
    await _a_tick()
    durable = [n for n in range(1, 3001) if n % 4 == 3]
    assert [n for n in slot.written if n % 4 == 3] == durable
    assert len(slot.written) <= 1 + protocol.QUEUED_FRAMES_AT_MOST


async def test_a_reader_that_is_too_slow_is_cut_off_by_frames_and_by_bytes() -> None:
    for count, size in (
        (protocol.QUEUED_FRAMES_AT_MOST, 0),
        (protocol.QUEUED_BYTES_AT_MOST // 10_100, 10_000),
    ):
        slot = Slot()
        socket = await _begun(slot)
        ends: list[bool] = []
        socket.on_end = lambda ends=ends: ends.append(True)  # type: ignore[misc]
        slot.is_full = True
        for n in range(count):
            socket.deliver(_event(n, size=size))
        await _a_tick()
        assert not socket.has_ended
        for n in range(5):
            socket.deliver(_event(n, size=size))
        await socket.closed()
        assert slot.closed == protocol.SLOW_CONSUMER
        assert slot.written == [0]
        assert ends == [True]


async def test_what_the_transport_holds_counts() -> None:
    slot = Slot()
    socket = await _begun(slot)
    slot.is_full, slot.unsent = True, protocol.QUEUED_BYTES_AT_MOST
    socket.deliver(_event(1))
    await _a_tick()
    socket.deliver(_event(2, "typing.started"))
    assert not socket.has_ended
    socket.deliver(_event(3))
    assert socket.has_ended
    await socket.closed()


async def test_who_has_much_to_say_can_wait_until_there_is_room() -> None:
    slot = Slot()
    socket = await _begun(slot)
    await socket.ready()
    slot.is_full = True
    for n in range(1, 602):
        socket.deliver(_event(n))
    await _a_tick()
    waiting = asyncio.create_task(socket.ready())
    await _a_tick()
    assert not waiting.done()
    slot.empty()
    await waiting
    assert slot.written == list(range(602))
    slot.is_full = True
    for n in range(600):
        socket.deliver(_event(n))
    await _a_tick()
    waiting = asyncio.create_task(socket.ready())
    await _a_tick()
    socket.end(*protocol.RESTART)
    await waiting
    await socket.closed()


async def test_the_end_comes_after_what_is_queued_and_once() -> None:
    slot = Slot()
    socket = await _begun(slot)
    slot.is_full = True
    socket.deliver(_event(1))
    socket.end(*protocol.UNAUTHENTICATED)
    socket.end(*protocol.INTERNAL)
    socket.deliver(_event(2))
    await socket.closed()
    assert slot.written == [0, 1]
    assert slot.closed == protocol.UNAUTHENTICATED


def test_every_form_of_an_event_is_made_once() -> None:
    made: list[bytes] = []

    def make(body: bytes) -> bytes:
        made.append(body)
        return body.upper()

    outgoing = Outgoing(b"x")
    assert [outgoing.form(make) for _ in range(3)] == [b"X"] * 3
    assert made == [b"x"]
    assert outgoing.form(JSON.frame) is outgoing.form(JSON.frame)


def test_finished_frames_are_what_a_websocket_library_would_send() -> None:
    for size in (0, 1, 105, 106, 107, 125, 126, 300, 65_500, 65_535, 65_536, 200_000):
        body = msgspec.json.encode({"data": "x" * size})
        value: Any = msgspec.json.decode(body)
        packed = msgspec.msgpack.encode(value)
        assert JSON.frame(body) == Frame(Opcode.TEXT, body).serialize(mask=False)
        assert MSGPACK.frame(body) == Frame(Opcode.BINARY, packed).serialize(mask=False)
