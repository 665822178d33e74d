"""Answers that are made quickly and sent slowly: what makes them is done before anybody waits for the client.

A client may read as slowly as it likes. What it reads lies in a temporary file by then, and no connection to the
database, nor its snapshot, is held for it.
"""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import IO

IN_MEMORY_BYTES = 1 << 20
CHUNK_BYTES = 64 * 1024


async def spooled(pieces: AsyncGenerator[bytes, None]) -> tuple[int, AsyncIterator[bytes]]:
    """How many bytes ``pieces`` come to, and these bytes. On disk beyond a megabyte; the file has no name."""
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - closed by who reads it
    try:
        async with aclosing(pieces):
            waiting = bytearray()
            async for piece in pieces:
                waiting += piece
                if len(waiting) >= CHUNK_BYTES:
                    await asyncio.to_thread(file.write, bytes(waiting))
                    waiting.clear()
        await asyncio.to_thread(file.write, bytes(waiting))
        size = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return size, _read(file)


async def _read(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk
