"""The readers of ``benchmarks.fanout``: any number of sockets in a process of their own, which only counts bytes.

Commands on stdin, one a line, answers on stdout: ``open PORT [TOKEN…]`` connects (and authenticates) a socket for each
token, ``plain PORT N`` without WebSocket; ``expect BYTES`` waits for so many on each socket together; ``send N FRAME``
sends a frame on the first socket and says how many milliseconds later the first N had an event.
"""

import selectors
import socket
import sys
import time
from collections.abc import Iterator

AT_ONCE = 50
LOOKS_EVERY_SECONDS = 0.003


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 60)


def welcomed(port: int, tokens: list[str]) -> list[socket.socket]:
    """Sockets past their welcome."""
    sockets = []
    for token in tokens:
        each = connected(port)
        each.sendall(
            b"GET /v1/realtime HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
            b"Authorization: Bearer %s\r\n\r\n" % token.encode()
        )
        sockets.append(each)
    for each in sockets:
        received = b""
        while b'"server_time"' not in received:
            more = each.recv(4096)
            if not more:
                raise SystemExit(f"no welcome: {received!r}")
            received += more
    return sockets


class Readers:
    """All sockets on one epoll."""

    def __init__(self) -> None:
        self.sockets: list[socket.socket] = []
        self._selector = selectors.EpollSelector()
        self._buffer = bytearray(1 << 18)
        self._told = False
        self._early = 0
        self._selector.register(sys.stdin, selectors.EVENT_READ, -1)

    def add(self, sockets: list[socket.socket]) -> None:
        for each in sockets:
            each.setblocking(False)
            self._selector.register(each, selectors.EVENT_READ, len(self.sockets))
            self.sockets.append(each)

    def open(self, port: int, tokens: list[str]) -> None:
        """Connect some at a time, and answer the pings of the earlier ones in between."""
        for start in range(0, len(tokens), AT_ONCE):
            self.add(welcomed(port, tokens[start : start + AT_ONCE]))
            for _ in self._received(0):
                pass

    def expect(self, count: int) -> None:
        """Read until so many bytes have come in all. Looks at times only: readers are elsewhere, and waking them is
        none of the writer's work.
        """
        count -= self._early
        self._early = 0
        while count > 0:
            time.sleep(LOOKS_EVERY_SECONDS)
            for _, size in self._received():
                count -= size

    def idle(self) -> None:
        """Answer pings until there is a command; what it expects may come before it."""
        while not self._told:
            for _, size in self._received():
                self._early += size
        self._told = False

    def send(self, count: int, frame: bytes) -> float:
        """Milliseconds from sending until the first ``count`` sockets have had an event."""
        waiting = set(range(count))
        begun = time.perf_counter()
        self.sockets[0].sendall(b"\x81\xfe" + len(frame).to_bytes(2, "big") + bytes(4) + frame)
        while waiting:
            for index, size in self._received():
                if index in waiting and b'"message.created"' in self._buffer[:size]:
                    waiting.discard(index)
        return (time.perf_counter() - begun) * 1000

    def _received(self, timeout: float | None = None) -> Iterator[tuple[int, int]]:
        """Which sockets have got how many bytes; pings are answered and do not count."""
        for key, _ in self._selector.select(timeout):
            if key.data < 0:
                self._told = True
                continue
            each = self.sockets[key.data]
            size = each.recv_into(self._buffer)
            if not size:
                raise SystemExit("a socket was closed")
            if (ping := self._buffer.find(b"\x89\x04", 0, size)) >= 0:
                each.sendall(b"\x8a\x84" + bytes(4) + self._buffer[ping + 2 : ping + 6])
                size -= 6
            yield key.data, size


def main() -> None:
    readers = Readers()
    while True:
        readers.idle()
        line = sys.stdin.readline()
        if not line:
            return
        command, _, rest = line.strip().partition(" ")
        answer = ""
        if command == "open":
            port, *tokens = rest.split()
            readers.open(int(port), tokens)
        elif command == "plain":
            port, count = rest.split()
            readers.add([connected(int(port)) for _ in range(int(count))])
        elif command == "expect":
            readers.expect(int(rest))
        elif command == "send":
            count, frame = rest.split(" ", 1)
            answer = str(readers.send(int(count), frame.encode()))
        print(answer, flush=True)


if __name__ == "__main__":
    main()
