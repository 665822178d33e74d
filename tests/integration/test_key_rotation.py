"""Rotating signing keys under two servers that go on serving: every token verifies on both, all the time."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import httpx
import jwt

from adapters.jwt.keys import SigningKeys
from tests.support.server import PASSWORD, a_person, server_process


def _kid(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


async def _published(url: str) -> set[str]:
    async with httpx.AsyncClient(base_url=url, timeout=20) as http:
        keys: dict[str, Any] = (await http.get("/.well-known/jwks.json")).json()
    return {key["kid"] for key in keys["keys"]}


async def _rotate(path: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "entrypoints.cli", "keys", "rotate", str(path)),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    return said.decode()


async def test_keys_rotate_while_two_servers_serve(fresh_database: str, redis: str, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    before = SigningKeys.generate()
    before.save(path)
    (old,) = before.verifiers
    setting = {"SENTINAL_SIGNING_KEYS": str(path)}
    async with (
        server_process(fresh_database, redis, **setting) as (one, _),
        server_process(fresh_database, redis, **setting) as (two, _),
        asyncio.timeout(90),
    ):
        ann = await a_person(one)

        async def accepted_everywhere(token: str) -> None:
            for url in (one, two):
                headers = {"Authorization": f"Bearer {token}"}
                async with httpx.AsyncClient(base_url=url, headers=headers, timeout=20) as http:
                    assert (await http.get("/v1/users/me")).status_code == 200

        said = await _rotate(path)
        (new,) = SigningKeys.load(str(path)).verifiers.keys() - {old}
        assert f"{new} signs" in said

        signed_by: set[str] = set()
        turn = 0
        while signed_by != {old, new} or turn % 2:
            url, turn = (one, two)[turn % 2], turn + 1
            async with httpx.AsyncClient(base_url=url, timeout=20) as http:
                body = {"identifier": ann.name, "password": PASSWORD, "device_id": f"d{turn % 2}"}
                logged_in = await http.post("/v1/auth/login", json=body)
                assert logged_in.status_code == 200, logged_in.text
                token = logged_in.json()["access_token"]
                signed_by.add(_kid(token))
                await accepted_everywhere(token)
                assert (await http.post("/v1/auth/refresh")).status_code == 200
            await accepted_everywhere(ann.token)
            await asyncio.sleep(0.2)

        for url in (one, two):
            assert await _published(url) == {old, new}
        assert _kid(ann.token) == old
        assert _kid(token) == new
