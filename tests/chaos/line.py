"""A line between a server and one of its stores, which can be slow, cut, or swallow everything."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Line:
    """Passes bytes on, after ``delay`` seconds; ``swallows``: to nowhere. Counts what it did to them."""

    def __init__(self, port: int) -> None:
        self._far_port = port
        self._ends: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.delay = 0.0
        self.swallows = False
        self.delayed = 0
        self.swallowed = 0

    def cut(self) -> int:
        """Reset every connection; who connects again is served again. Returns how many ends that were."""
        for end in self._ends:
            end.transport.abort()
        return len(self._ends)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, both ways."""
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._far_port)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._ends |= ends
        try:
            await asyncio.gather(self._pass_on(reader, far_writer), self._pass_on(far_reader, writer))
        finally:
            self._ends -= ends
            for end in ends:
                end.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if self.delay:
                    self.delayed += 1
                    await asyncio.sleep(self.delay)
                if self.swallows:
                    self.swallowed += len(data)
                    continue
                writer.write(data)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def line_to(port: int) -> AsyncIterator[Line]:
    """A line that listens on a free port of its own."""
    line = Line(port)
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        line.cut()
        await asyncio.sleep(0.05)
