"""A device as the documents tell its author to write it: it comes back, with its revisions, wherever it is sent."""

import asyncio
import json
import uuid
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.support.server import Person

GONE = (502, 503, 504)
REVISIONED = frozenset({"message.created"})
AGAIN_AFTER_SECONDS = 0.05


@dataclass(slots=True)
class Story:
    """One conversation as this device has it: ``told`` are the messages in the order in which they came."""

    revision: int = 0
    told: list[tuple[int, str, str | None]] = field(default_factory=list)


@dataclass(slots=True)
class Device:
    """``run`` keeps it connected until it is cancelled; ``faults`` are what a client must never see."""

    person: Person
    url: str
    stories: dict[str, Story]
    counts: Counter[str]
    faults: list[str] = field(default_factory=list)
    acknowledged: dict[str, int] = field(default_factory=dict)
    socket: ClientConnection | None = None
    _answers: dict[str, asyncio.Future[dict[str, Any] | None]] = field(default_factory=dict)

    async def run(self) -> None:
        address = self.url.replace("http", "ws", 1) + "/v1/realtime"
        while True:
            pause = AGAIN_AFTER_SECONDS
            with suppress(OSError, WebSocketException, TimeoutError):
                async with connect(address, compression=None) as socket:
                    await self._welcomed(socket)
                    await asyncio.gather(*(self._catch_up(id) for id in self.stories))
                    self.socket = socket
                    pause = await self._listen(socket)
            self._hang_up()
            self.counts["reconnects"] += 1
            await asyncio.sleep(pause)

    async def say(self, conversation: str, text: str, *, over_socket: bool) -> None:
        """Send until it is acknowledged, the same message each time."""
        client_id = str(uuid.uuid4())
        while True:
            if over_socket and self.socket is not None:
                answer = await self._ask(self.socket, conversation, client_id, text)
            else:
                answer = await self._post(conversation, client_id, text)
            if answer is not None:
                self.acknowledged[answer["id"]] = answer["seq_id"]
                self.counts["sent over sockets" if over_socket else "sent over http"] += 1
                return
            self.counts["sent again"] += 1
            await asyncio.sleep(AGAIN_AFTER_SECONDS)

    async def _welcomed(self, socket: ClientConnection) -> None:
        async with asyncio.timeout(30):
            await socket.send(json.dumps({"type": "authenticate", "access_token": self.person.token}))
            frame = json.loads(await socket.recv())
        if frame["type"] != "welcome":
            self.faults.append(f"no welcome: {frame}")
        self.counts["welcomes"] += 1

    async def _listen(self, socket: ClientConnection) -> float:
        """Hear until the server says to come back, and after how many seconds."""
        pause = AGAIN_AFTER_SECONDS
        heard: dict[str, int] = {}
        with suppress(WebSocketException):
            async for text in socket:
                frame: dict[str, Any] = json.loads(text)
                if (answer := self._answers.pop(frame.get("ref", ""), None)) is not None:
                    answer.set_result(frame)
                elif frame["type"] == "reconnect":
                    self.counts["told to reconnect"] += 1
                    pause = frame["after_ms"] / 1000
                elif frame["type"] == "reset":
                    self.counts["resets"] += 1
                    heard.pop(frame["conversation_id"], None)
                    await self._catch_up(frame["conversation_id"])
                elif frame["type"] in REVISIONED:
                    self._hear(frame, heard)
        return pause

    def _hear(self, event: dict[str, Any], heard: dict[str, int]) -> None:
        id, revision = event["conversation_id"], event["revision"]
        if id in heard and revision != heard[id] + 1:
            self.faults.append(f"{revision} after {heard[id]} on one connection")
        heard[id] = revision
        story = self.stories[id]
        if revision <= story.revision:
            self.counts["heard what was caught up with"] += 1
            return
        if revision != story.revision + 1:
            self.faults.append(f"{revision} while at {story.revision}")
        story.revision = revision
        story.told.append((event["data"]["seq_id"], event["data"]["id"], event["data"]["content"]))
        self.counts["heard"] += 1

    async def _catch_up(self, id: str) -> None:
        """Page by page, everything since the revision that this device has."""
        story, has_more = self.stories[id], True
        while has_more:
            path = f"/v1/conversations/{id}/changes?since_revision={story.revision}&since_me=0&limit=20"
            response = await self._respond("GET", path)
            if response is None:
                await asyncio.sleep(AGAIN_AFTER_SECONDS)
                continue
            page = response.json()
            for message in page["messages"]:
                story.told.append((message["seq_id"], message["id"], message["content"]))
                self.counts["caught up with"] += 1
            story.revision, has_more = page["revision"], page["has_more"]

    async def _post(self, conversation: str, client_id: str, text: str) -> dict[str, Any] | None:
        body = {"client_message_id": client_id, "content": text}
        response = await self._respond("POST", f"/v1/conversations/{conversation}/messages", body)
        return None if response is None else response.json()

    async def _respond(self, method: str, path: str, body: Any = None) -> httpx.Response | None:
        """An answer of a server; None when there was none to be had just now."""
        try:
            response = await self.person.http.request(method, path, json=body)
        except httpx.TransportError:
            return None
        if response.status_code in GONE:
            return None
        if response.status_code >= 400:
            self.faults.append(f"{method} {path}: {response.text}")
        return response

    async def _ask(
        self, socket: ClientConnection, conversation: str, client_id: str, text: str
    ) -> dict[str, Any] | None:
        ref = uuid.uuid4().hex
        answer = self._answers[ref] = asyncio.get_running_loop().create_future()
        frame = {"type": "message.send", "ref": ref, "conversation_id": conversation}
        try:
            await socket.send(json.dumps({**frame, "client_message_id": client_id, "content": text}))
            said = await answer
        except WebSocketException:
            return None
        finally:
            self._answers.pop(ref, None)
        if said is None:
            return None
        if said["type"] != "ack":
            self.faults.append(f"not acknowledged: {said}")
        result: dict[str, Any] = said["result"]
        return result

    def _hang_up(self) -> None:
        """Whoever waits for an answer on a lost line asks again on another."""
        self.socket = None
        for answer in self._answers.values():
            if not answer.done():
                answer.set_result(None)
        self._answers.clear()
