"""A refresh token is stolen, and what that comes to: ``python token_theft.py http://127.0.0.1:8000``.

Plays a victim and a thief against a running server, says in plain sentences what happens, and ends with 1 when
anything is not as it says. Needs httpx; with the package websockets it watches the victim's socket as well.
"""

import asyncio
import contextlib
import json
import secrets
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx

UNAUTHENTICATED = 4401
PATIENCE_SECONDS = 15.0


class NotAsSaid(Exception):
    """The server did something else."""


def expect(is_so: bool, sentence: str) -> None:
    """Say a sentence, or that it is not true."""
    if not is_so:
        raise NotAsSaid(sentence)
    print(f"  {sentence}")


class Device:
    """A client with a refresh cookie and the access token it last got."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.access_token = ""

    @property
    def cookie(self) -> tuple[str, str]:
        """Name and value of the refresh cookie."""
        cookie = next(each for each in self.http.cookies.jar if each.name.endswith("refresh_token"))
        return cookie.name, cookie.value or ""

    def steal(self, cookie: tuple[str, str]) -> None:
        """Take somebody's cookie for one's own."""
        name, value = cookie
        self.http.cookies.clear()
        self.http.cookies.set(name, value, domain=self.http.base_url.host, path="/v1/auth")

    async def refresh(self) -> httpx.Response:
        response = await self.http.post("/v1/auth/refresh")
        if response.status_code == 200:
            self.access_token = response.json()["access_token"]
        return response

    async def look(self) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.access_token}"}
        return await self.http.get("/v1/users/me", headers=headers)


@contextlib.asynccontextmanager
async def socket_of(address: str, token: str) -> AsyncIterator[Any]:
    """A socket past its welcome; None where websockets is not installed."""
    try:
        from websockets.asyncio.client import connect
    except ImportError:
        yield None
        return
    async with connect(f"{address.replace('http', 'ws', 1)}/v1/realtime") as socket:
        await socket.send(json.dumps({"type": "authenticate", "access_token": token}))
        welcome = json.loads(await socket.recv())
        expect(welcome["type"] == "welcome", "The victim is online.")
        yield socket


async def is_refused_soon(device: Device) -> bool:
    """Whether an access token stops working; servers may believe a session for a moment longer."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await device.look()).status_code == 200:
            await asyncio.sleep(0.05)
    return (await device.look()).json()["code"] == "session_revoked"


async def play(address: str) -> None:
    """The whole story, against one server."""
    async with (
        httpx.AsyncClient(base_url=address, timeout=PATIENCE_SECONDS) as one,
        httpx.AsyncClient(base_url=address, timeout=PATIENCE_SECONDS) as other,
    ):
        victim, thief = Device(one), Device(other)
        name = f"victim_{secrets.token_hex(5)}"
        body = {
            "username": name,
            "display_name": "Victim",
            "password": secrets.token_urlsafe(16),
            "device_id": "laptop",
        }
        print("A person registers, and somebody copies the refresh cookie.")
        registered = await one.post("/v1/auth/register", json=body)
        expect(registered.status_code == 201, f"{name} is registered and logged in.")
        victim.access_token = registered.json()["access_token"]
        stolen = victim.cookie
        thief.steal(stolen)

        async with socket_of(address, victim.access_token) as socket:
            print("The thief is first to use it, the victim refreshes too.")
            expect((await thief.refresh()).status_code == 200, "The thief gets tokens: nothing is wrong yet.")
            expect((await victim.refresh()).status_code == 200, "The victim, with the same cookie, does too,")
            expect(
                victim.cookie == thief.cookie, "and it is the same child: from outside, a response was lost."
            )
            expect((await thief.look()).status_code == 200, "The thief can act as the victim for now.")

            print("The victim refreshes once more, and the thief shows the cookie that was stolen.")
            expect((await victim.refresh()).status_code == 200, "The victim refreshes,")
            expect(victim.cookie != thief.cookie, "which makes a grandchild that the thief does not have.")
            thief.steal(stolen)
            caught = await thief.refresh()
            expect(
                (caught.status_code, caught.json()["code"]) == (401, "session_revoked"),
                "The thief's token is two generations old. That proves theft, and ends the session.",
            )

            print("Both are logged out.")
            for who, device in (("victim", victim), ("thief", thief)):
                expect(await is_refused_soon(device), f"The {who}'s access token is refused.")
            refused = await victim.refresh()
            expect(refused.status_code == 401, "The victim's newest refresh token is refused as well.")
            if socket is not None:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await socket.wait_closed()
                expect(socket.close_code == UNAUTHENTICATED, "The victim's socket was closed with 4401.")

        print("The victim logs in again; the thief has nothing.")
        login = {"identifier": name, "password": body["password"], "device_id": "laptop"}
        expect((await one.post("/v1/auth/login", json=login)).status_code == 200, "The victim is back.")
        thief.steal(stolen)
        expect((await thief.refresh()).status_code == 401, "The stolen cookie stays worthless.")


def main() -> int:
    """Play against the address given on the command line."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        asyncio.run(play(sys.argv[1].rstrip("/")))
    except NotAsSaid as failure:
        print(f"NOT SO: {failure}", file=sys.stderr)
        return 1
    except (httpx.HTTPError, TimeoutError, OSError) as failure:
        print(f"NOT SO: the server does not answer as it should: {failure!r}", file=sys.stderr)
        return 1
    print("All of it as said.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
