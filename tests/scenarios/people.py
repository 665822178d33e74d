"""People as scenarios need them: registered, acting, and meeting each other."""

import uuid
from dataclasses import dataclass
from typing import Any

import httpx

PASSWORD = "correct horse"
NEW_PASSWORD = "battery staple"


@dataclass(slots=True)
class Someone:
    """Somebody with a session; every request carries its token."""

    client: httpx.AsyncClient
    me: dict[str, Any]
    token: str
    session_id: str
    cookie: str

    @property
    def id(self) -> str:
        return str(self.me["id"])

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        given = {"authorization": f"Bearer {self.token}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        if body is None:
            return await self.client.request(method, path, headers=given)
        return await self.client.request(method, path, json=body, headers=given)

    async def get(self, path: str) -> Any:
        response = await self.ask("GET", path)
        assert response.status_code == 200, response.text
        return response.json()

    async def done(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """A request that must succeed, and what it answers."""
        response = await self.ask(method, path, body, **headers)
        assert response.status_code in (200, 201, 204), response.text
        return response.json() if response.content else None

    async def refused(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """A request that must not, as status and code."""
        return verdict(await self.ask(method, path, body, **headers))

    async def direct(self, other: "Someone") -> str:
        return str((await self.done("POST", "/v1/conversations/direct", {"user_id": other.id}))["id"])

    async def group(self, *others: "Someone") -> str:
        body = {"subject": "A group", "member_ids": [other.id for other in others]}
        return str((await self.done("POST", "/v1/conversations/groups", body))["conversation"]["id"])

    async def send(self, conversation: str, text: str = "words") -> httpx.Response:
        body = {"client_message_id": str(uuid.uuid4()), "content": text}
        return await self.ask("POST", f"/v1/conversations/{conversation}/messages", body)


def verdict(response: httpx.Response) -> tuple[int, str]:
    """A refusal as status and code."""
    return response.status_code, str(response.json().get("code"))


def problem(response: httpx.Response) -> Any:
    """A refusal without what differs from request to request."""
    body = response.json()
    body.pop("instance")
    return response.status_code, body


async def somebody(client: httpx.AsyncClient, name: str | None = None, **more: Any) -> Someone:
    """Register somebody new."""
    name = name or f"u{uuid.uuid4().hex[:12]}"
    body = {"username": name, "password": PASSWORD, "display_name": name.title(), "device_id": "d", **more}
    response = await client.post("/v1/auth/register", json=body)
    assert response.status_code == 201, response.text
    return _with_session(client, response)


async def log_in(
    client: httpx.AsyncClient, identifier: str, password: str = PASSWORD, device_id: str = "another"
) -> Someone:
    response = await try_log_in(client, identifier, password, device_id)
    assert response.status_code == 200, response.text
    return _with_session(client, response)


async def try_log_in(
    client: httpx.AsyncClient, identifier: str, password: str = PASSWORD, device_id: str = "another"
) -> httpx.Response:
    body = {"identifier": identifier, "password": password, "device_id": device_id}
    return await client.post("/v1/auth/login", json=body)


def _with_session(client: httpx.AsyncClient, response: httpx.Response) -> Someone:
    tokens = response.json()
    cookie = response.cookies["refresh_token"]
    return Someone(client, tokens["user"], tokens["access_token"], tokens["session_id"], cookie)
