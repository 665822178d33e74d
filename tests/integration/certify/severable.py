"""A line that a test can cut or freeze: connections to a server by way of this process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Severable:
    """Passes bytes between whoever connects here and a server elsewhere, until ``cut``; none while frozen."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._ends: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self.port = 0
        self.connections = 0

    async def cut(self) -> None:
        """Hang up on everybody; who connects again is served again."""
        for end in self._ends:
            end.transport.abort()

    def freeze(self) -> None:
        """Accept and say nothing, as a server does that hangs."""
        self._flows.clear()

    def thaw(self) -> None:
        """Go on where it stopped."""
        self._flows.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, both ways."""
        self.connections += 1
        far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        ends = {writer, far_writer}
        self._ends |= ends
        await asyncio.gather(self._pass_on(reader, far_writer), self._pass_on(far_reader, writer))
        self._ends -= ends

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def severable(host: str, port: int) -> AsyncIterator[Severable]:
    """A ``Severable`` that listens on a free port."""
    line = Severable(host, port)
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        line.thaw()
        await line.cut()
        await asyncio.sleep(0.01)
