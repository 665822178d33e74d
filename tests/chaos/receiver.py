"""A device that listens: it reconnects to whichever server, resumes, and fetches what it is told to fetch."""

import asyncio
import contextlib
import itertools
import json
import time
import uuid
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.chaos.history import Call, Connected, Heard
from tests.chaos.people import UNKNOWN, Door, Person, kept
from tests.chaos.screen import Place

WELCOME_SECONDS = 6.0
ACK_SECONDS = 6.0
STAYS_SECONDS = (6.0, 25.0)
"""Then a device moves on by itself, so that no server is ever left without any."""
PAGE = 100

_connections = itertools.count(1)


class Receiver:
    """One device of one person. ``places`` is its screen; ``lost`` counts the connections that broke under it."""

    def __init__(self, door: Door, who: Person) -> None:
        self.door = door
        self.who = who
        self.places: dict[str, Place] = {}
        self.lost = 0
        self.online = False
        self.connection: ClientConnection | None = None
        self._server = 0
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._epoch = ""

    async def run(self) -> None:
        """Stay connected until cancelled."""
        while True:
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                await self._live()
            self.lost += self.online
            self.online = False
            for answer in self._answers.values():
                answer.cancel()
            self._answers.clear()
            await asyncio.sleep(self.door.rng.uniform(0.05, 0.4))

    async def send(self, conversation: str, content: str) -> dict[str, Any] | None:
        """Say something in a frame; what is not acknowledged here is repeated over HTTP with the same client id."""
        client_id, op = str(uuid.uuid4()), self.door.next_op()
        fields = {"conversation_id": conversation, "client_message_id": client_id, "content": content}
        at = time.time()
        server, answer = self._server, await self._ask({"type": "message.send", **fields})
        status = UNKNOWN if answer is None else 200
        code = ""
        if answer is not None and answer["type"] == "error":
            status, code = answer["problem"]["status"], answer["problem"]["code"]
        call = Call(
            op=op,
            user=self.who.id,
            server=server,
            kind="message.send",
            conversation=conversation,
            at=at,
            until=time.time(),
            status=status,
            code=code,
            said={"client_message_id": client_id},
            result=kept(answer["result"]) if answer is not None and status == 200 else None,
        )
        self.door.history.add(call)
        if status not in (UNKNOWN, 503):
            return call.result  # type: ignore[no-any-return]
        path = f"/v1/conversations/{conversation}/messages"
        body = {"client_message_id": client_id, "content": content}
        done, message = await self.door.do(
            self.who,
            "message.send",
            "POST",
            path,
            body=body,
            conversation=conversation,
            said={"client_message_id": client_id},
            keep=kept,
        )
        return kept(message) if done in (200, 201) else None

    async def _ask(self, frame: dict[str, Any]) -> dict[str, Any] | None:
        connection, ref = self.connection, uuid.uuid4().hex
        if connection is None or not self.online:
            return None
        answer = self._answers[ref] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(ACK_SECONDS):
                await connection.send(json.dumps({**frame, "ref": ref}))
                return await answer
        except (TimeoutError, OSError, WebSocketException):
            return None
        except asyncio.CancelledError:
            if answer.cancelled() and not _is_cancelled():
                return None
            raise
        finally:
            self._answers.pop(ref, None)

    async def _live(self) -> None:
        self._server = self.door.any_server()
        address = self.door.urls[self._server].replace("http", "ws", 1) + "/v1/realtime"
        async with connect(
            address,
            compression=None,
            close_timeout=0.5,
            open_timeout=WELCOME_SECONDS,
            max_size=None,
            proxy=None,
        ) as line:
            await line.send(json.dumps({"type": "authenticate", "access_token": self.who.token}))
            async with asyncio.timeout(WELCOME_SECONDS):
                welcome = json.loads(await line.recv())
            if welcome["type"] != "welcome":
                return
            self._epoch = welcome["epoch"]
            knows = {id: place.revision for id, place in self.places.items()}
            number = next(_connections)
            self.door.history.add(
                Connected(
                    at=time.time(), user=self.who.id, connection=number, server=self._server, knows=knows
                )
            )
            await line.send(
                json.dumps({"type": "resume", "epoch": self._epoch, "revisions": knows, "ref": "resume"})
            )
            self.connection, self.online = line, True
            try:
                async with asyncio.timeout(self.door.rng.uniform(*STAYS_SECONDS)):
                    await self._find_new_places()
                    await self._listen(line, number)
            except TimeoutError:
                self.online = False

    async def _listen(self, line: ClientConnection, number: int) -> None:
        async for text in line:
            frame = json.loads(text)
            if frame["type"] == "error" and frame.get("ref") == "resume":
                return
            if frame.get("ref") in self._answers:
                answer = self._answers[frame["ref"]]
                if not answer.done():
                    answer.set_result(frame)
            elif "conversation_id" in frame:
                self.door.history.add(Heard(at=time.time(), user=self.who.id, connection=number, frame=frame))
                await self._hear(frame)

    async def _hear(self, frame: dict[str, Any]) -> None:
        id, kind = frame["conversation_id"], frame["type"]
        place = self.places.get(id)
        mine = kind == "member.added" and self.who.id in frame["data"]["user_ids"]
        if kind == "reset" or mine or (kind == "conversation.created" and place is None):
            await self.fetch(id)
        elif kind == "member.removed" and frame["data"]["user_id"] == self.who.id:
            if place is not None and frame["revision"] > place.revision:
                del self.places[id]
        elif place is not None:
            place.hear(frame)

    async def _find_new_places(self) -> None:
        status, listed = await self._get("conversation.list", "/v1/conversations?limit=100")
        if status == 200:
            for entry in listed["items"]:
                if entry["conversation"]["id"] not in self.places:
                    await self.fetch(entry["conversation"]["id"])

    async def fetch(self, id: str) -> None:
        """Ask what changed since what is known, page by page; let go of what is no longer ours."""
        status, info = await self._get("conversation.get", f"/v1/conversations/{id}")
        if status in (403, 404) or (status == 200 and info["me"]["left_at"] is not None):
            self.places.pop(id, None)
            return
        known = self.places.get(id) or Place()
        place = Place(known.revision, dict(known.messages), set(known.members))
        ask_members, more = not place.members, True
        while more:
            query = f"since_revision={place.revision}&since_me=0&limit={PAGE}"
            status, page = await self._get("conversation.changes", f"/v1/conversations/{id}/changes?{query}")
            if status != 200:
                raise ConnectionError("what changed cannot be fetched; known as before, it is resumed")
            for message in page["messages"]:
                place.put(message)
            place.revision = max(place.revision, page["revision"])
            ask_members, more = ask_members or page["members_changed"], page["has_more"]
        if ask_members:
            status, members = await self._get("member.list", f"/v1/conversations/{id}/members?limit=100")
            if status != 200:
                # Removed meanwhile: what is about to be heard says so.
                return
            place.members = {member["user"]["id"] for member in members["items"]}
        self.places[id] = place

    async def _get(self, kind: str, path: str) -> tuple[int, Any]:
        return await self.door.do(self.who, kind, "GET", path)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
