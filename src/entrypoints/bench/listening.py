"""One person's socket: it hears, it asks, and when it is closed it comes back and resumes where it was."""

import asyncio
import contextlib
import time
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from entrypoints.bench.company import Person
from entrypoints.bench.ledger import Ledger

SUBPROTOCOL = "sentinal.v1.json"
COME_BACK_AFTER_SECONDS = 0.5
ANSWERED_WITHIN_SECONDS = 30.0
FINAL = (4401, 4403, 4406, 4409)
"""Close codes after which coming back the same way is of no use."""


class ConnectionLost(Exception):
    """The answer to a frame will not come; whether it was carried out is not known."""


class NoAnswer(Exception):
    """The connection is up, and says nothing to what was asked."""


class Line:
    """A socket that is kept open. What it hears goes into the ledger under its ``name``."""

    def __init__(self, url: str, person: Person, name: str, ledger: Ledger, *, listens: bool = True) -> None:
        self.person = person
        self.name = name
        self.is_up = asyncio.Event()
        self._address = url.replace("http", "ws", 1) + "/v1/realtime"
        self._ledger = ledger
        self._listens = listens
        self._connection: ClientConnection | None = None
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._n = 0
        self._was_up = False

    async def run(self) -> None:
        """Until cancelled, or until coming back is of no use."""
        while True:
            try:
                await self._once()
            except (OSError, WebSocketException) as error:
                code = self._why(error)
                self._ledger.closed[code] += 1
                if code.isdigit() and int(code) in FINAL:
                    return
            finally:
                self._hang_up()
            await asyncio.sleep(COME_BACK_AFTER_SECONDS)

    async def ask(self, frame: dict[str, Any]) -> dict[str, Any]:
        """The answer to a frame. Raises ``ConnectionLost``, also while nobody is connected, and ``NoAnswer``."""
        connection = self._connection
        if connection is None:
            await asyncio.sleep(COME_BACK_AFTER_SECONDS)
            raise ConnectionLost
        self._n += 1
        ref = str(self._n)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[ref] = answer
        try:
            await connection.send(msgspec.json.encode({**frame, "ref": ref}).decode())
            async with asyncio.timeout(ANSWERED_WITHIN_SECONDS):
                return await answer
        except TimeoutError as error:
            raise NoAnswer from error
        except ConnectionClosed as error:
            raise ConnectionLost from error
        finally:
            self._answers.pop(ref, None)

    async def _once(self) -> None:
        header = {"Authorization": f"Bearer {self.person.token}"}
        async with connect(
            self._address,
            additional_headers=header,
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
            compression=None,
            max_queue=None,
        ) as connection:
            welcome = msgspec.json.decode(await connection.recv())
            self._connection = connection
            if self._was_up:
                revisions = self._ledger.known(self.name)
                resume = {"type": "resume", "epoch": welcome["epoch"], "revisions": revisions}
                await connection.send(msgspec.json.encode(resume).decode())
            else:
                # Until its first frame a connection is held back.
                await connection.send('{"type":"ping"}')
            async for text in connection:
                self._heard(msgspec.json.decode(text))
            raise ConnectionClosed(connection.protocol.close_rcvd, connection.protocol.close_sent)

    def _heard(self, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "ack" | "error":
                waiting = self._answers.get(str(frame.get("ref")))
                if waiting is not None and not waiting.done():
                    waiting.set_result(frame)
            case "pong" | "resumed":
                self._was_up = True
                self.is_up.set()
            case _ if self._listens:
                self._ledger.heard(self.name, frame, time.perf_counter())

    def _hang_up(self) -> None:
        self._connection = None
        self.is_up.clear()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ConnectionLost())

    @staticmethod
    def _why(error: Exception) -> str:
        if isinstance(error, ConnectionClosed):
            return str(error.rcvd.code) if error.rcvd is not None else "lost"
        if isinstance(error, InvalidStatus):
            return f"http {error.response.status_code}"
        return "unreachable"


@contextlib.asynccontextmanager
async def open_lines(lines: list[Line], within: float) -> Any:
    """Everybody connected; raises ``TimeoutError`` when that takes too long."""
    tasks = [asyncio.create_task(line.run()) for line in lines]
    try:
        async with asyncio.timeout(within):
            await asyncio.gather(*(line.is_up.wait() for line in lines))
        yield lines
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
