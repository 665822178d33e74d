"""People who act over HTTP on whichever server, again and again until it is done, and every attempt on record."""

import asyncio
import itertools
import random
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.chaos.history import Call, History

ATTEMPT_SECONDS = 5.0
GIVES_UP_AFTER_SECONDS = 40.0
FORCED_RETRIES = 0.12
"""Of all sends, those that are cut off or repeated although nothing is wrong."""
UNKNOWN, UNAVAILABLE = 0, 503


@dataclass(slots=True)
class Person:
    """Somebody with a session, and what they have said, by conversation."""

    id: str
    token: str
    said: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


class Door:
    """How everybody reaches the servers. ``felt`` counts, by server, answers that did not come or were 503."""

    def __init__(self, urls: list[str], history: History, rng: random.Random) -> None:
        self.urls = urls
        self.history = history
        self.rng = rng
        self.felt: Counter[int] = Counter()
        self.clients = [self._client(url) for url in urls]
        self._numbers = itertools.count(1)

    @staticmethod
    def _client(url: str) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
        return httpx.AsyncClient(base_url=url, timeout=ATTEMPT_SECONDS, limits=limits, trust_env=False)

    async def close(self) -> None:
        for client in self.clients:
            await client.aclose()

    def next_op(self) -> int:
        return next(self._numbers)

    def any_server(self) -> int:
        return self.rng.randrange(len(self.urls))

    async def register(self, name: str) -> Person:
        body = {"username": name, "password": "correct horse", "display_name": name, "device_id": "chaos"}
        response = await self.clients[self.any_server()].post("/v1/auth/register", json=body)
        response.raise_for_status()
        return Person(response.json()["user"]["id"], response.json()["access_token"])

    async def do(
        self,
        who: Person,
        kind: str,
        method: str,
        path: str,
        *,
        body: Any = None,
        conversation: str = "",
        said: dict[str, Any] | None = None,
        keep: Callable[[Any], Any] = lambda answer: None,
        key: bool = False,
        server: int | None = None,
        patience: float = GIVES_UP_AFTER_SECONDS,
    ) -> tuple[int, Any]:
        """Try until there is an answer, on any server unless one is named. Returns its status, and what it says."""
        op, began = self.next_op(), time.time()
        forced = kind == "message.send" and server is None and self.rng.random() < FORCED_RETRIES
        headers = {"Authorization": f"Bearer {who.token}"} | (
            {"Idempotency-Key": str(uuid.uuid4())} if key else {}
        )
        attempt = 0
        while True:
            at, chosen = time.time(), self.any_server() if server is None else server
            cut_off = self.rng.uniform(0.001, 0.03) if forced and attempt == 0 else ATTEMPT_SECONDS
            status, answer = await self._attempt(chosen, method, path, body, headers, cut_off)
            if status in (UNKNOWN, UNAVAILABLE) and not (forced and attempt == 0):
                self.felt[chosen] += 1
            self.history.add(
                Call(
                    op=op,
                    user=who.id,
                    server=chosen,
                    kind=kind,
                    conversation=conversation,
                    at=at,
                    until=time.time(),
                    status=status,
                    code=answer.get("code", "") if status >= 400 and isinstance(answer, dict) else "",
                    forced=forced and attempt > 0,
                    said=said or {},
                    result=keep(answer) if 200 <= status < 300 else None,
                )
            )
            attempt += 1
            if forced and attempt == 1:
                continue
            if status not in (UNKNOWN, UNAVAILABLE) or time.time() - began > patience:
                return status, answer
            await asyncio.sleep(self.rng.uniform(0.05, 0.3))

    async def _attempt(
        self, server: int, method: str, path: str, body: Any, headers: dict[str, str], within: float
    ) -> tuple[int, Any]:
        try:
            async with asyncio.timeout(within):
                response = await self.clients[server].request(method, path, json=body, headers=headers)
                return response.status_code, response.json() if response.content else None
        except (TimeoutError, httpx.TransportError):
            return UNKNOWN, None

    async def send(self, who: Person, conversation: str, content: str, **how: Any) -> dict[str, Any] | None:
        """Say something; the answer, unless it was refused or nobody answered."""
        client_id = str(uuid.uuid4())
        status, answer = await self.do(
            who,
            "message.send",
            "POST",
            f"/v1/conversations/{conversation}/messages",
            body={"client_message_id": client_id, "content": content},
            conversation=conversation,
            said={"client_message_id": client_id},
            keep=kept,
            **how,
        )
        if status not in (200, 201):
            return None
        message: dict[str, Any] = kept(answer)
        who.said.setdefault(conversation, []).append(message)
        return message


def kept(message: dict[str, Any]) -> dict[str, Any]:
    """Of a message what a history keeps."""
    return {name: message[name] for name in ("id", "seq_id", "revision")}
