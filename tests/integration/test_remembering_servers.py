"""Two servers that remember together: what ends or changes on one is over or new on the other."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import jwt
import pytest

from adapters.redis.cached_profiles import profile_key
from adapters.redis.cached_sessions import session_key
from adapters.redis.connection import RedisCommands
from domain.shared.ids import SessionId, UserId
from tests.integration.certify.severable import severable
from tests.support.server import Person, a_person, online, server_process, serving, settings_for

AFTERWARDS = 200


@pytest.fixture
async def commands(redis: str) -> AsyncIterator[RedisCommands]:
    commands = RedisCommands(redis, within=5)
    yield commands
    await commands.close()


async def _is_remembered(commands: RedisCommands, key: str) -> None:
    """Nobody waits for what is stored, so it may come a moment later."""
    async with asyncio.timeout(10):
        while not (await commands.call("GET", key) or b"").startswith(b"="):
            await asyncio.sleep(0.01)


@dataclass(slots=True)
class Insistence:
    """Asking a server again and again with one token: each answer, and whether a refusal had been seen when
    it was asked for.
    """

    url: str
    token: str
    answers: list[tuple[bool, int]] = field(default_factory=list)
    is_refused: bool = False

    @property
    def accepted_after_refusal(self) -> int:
        return sum(knew and status == 200 for knew, status in self.answers)

    async def go_on(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=20) as http:
            while sum(knew for knew, _ in self.answers) < AFTERWARDS:
                knew = self.is_refused
                status = (await http.get("/v1/users/me")).status_code
                self.answers.append((knew, status))
                self.is_refused |= status == 401


async def _insisted(url: str, person: Person, end: str, ended_on: str) -> Insistence:
    """Four who go on with a token while its session is ended on another server."""
    insistence = Insistence(url, person.token)
    async with asyncio.timeout(60):
        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(insistence.go_on())
            while len(insistence.answers) < 20:
                await asyncio.sleep(0.01)
            headers = {"Authorization": f"Bearer {person.token}"}
            async with httpx.AsyncClient(base_url=ended_on, headers=headers, timeout=20) as http:
                assert (await http.post(end, json={})).status_code == 204
    return insistence


@pytest.mark.parametrize("end", ["/v1/auth/logout", "/v1/auth/logout-all"])
async def test_a_session_in_use_on_one_server_is_over_there_when_it_ends_on_another(
    fresh_database: str, redis: str, commands: RedisCommands, end: str
) -> None:
    async with (
        server_process(fresh_database, redis) as (one, _),
        server_process(fresh_database, redis) as (two, _),
    ):
        ann, ben = await a_person(one), await a_person(one)
        insistence = await _insisted(two, ann, end, ended_on=one)
        assert {status for _, status in insistence.answers} == {200, 401}
        assert insistence.accepted_after_refusal == 0

        async with online(two, ben.token) as socket:
            insistence = await _insisted(two, ben, end, ended_on=one)
            assert {status for _, status in insistence.answers} == {200, 401}
            assert insistence.accepted_after_refusal == 0
            await socket.event("session.revoked")
            await socket.connection.wait_closed()
            assert socket.connection.close_code == 4401


async def test_who_was_renamed_on_one_server_has_the_new_name_on_the_other_at_once(
    fresh_database: str, redis: str, commands: RedisCommands
) -> None:
    async with (
        server_process(fresh_database, redis) as (one, _),
        server_process(fresh_database, redis) as (two, _),
    ):
        ann, ben = await a_person(one), await a_person(two)
        for number in range(30):
            assert (await ben.get(f"/v1/users/{ann.id}")).status_code == 200
            changed = await ann.http.patch("/v1/users/me", json={"display_name": f"Ann {number}"})
            assert changed.status_code == 200
            seen = (await ben.get(f"/v1/users/{ann.id}")).json()
            assert seen["display_name"] == f"Ann {number}"


async def test_servers_remember_whom_they_were_asked_for(
    fresh_database: str, redis: str, commands: RedisCommands
) -> None:
    async with server_process(fresh_database, redis) as (one, _):
        ann, ben = await a_person(one), await a_person(one)
        await ben.get(f"/v1/users/{ann.id}")
        ended = SessionId(UUID(jwt.decode(ben.token, options={"verify_signature": False})["sid"]))
        people = [profile_key(UserId(UUID(person.id))) for person in (ann, ben)]
        for key in (*people, session_key(ended)):
            await _is_remembered(commands, key)
        await ben.post("/v1/auth/logout")
        kept = await commands.call("GET", session_key(ended))
        assert kept is None or not kept.startswith(b"=")


async def test_what_happens_on_a_server_whose_redis_hangs_is_known_on_the_others_all_the_same(
    fresh_database: str, redis: str
) -> None:
    address = urlsplit(redis)
    async with severable(address.hostname or "127.0.0.1", address.port or 6379) as line:
        by_way_of = address._replace(netloc=f"{address.netloc.rpartition(':')[0]}:{line.port}").geturl()
        async with (
            serving(settings_for(fresh_database, by_way_of)) as cut_off,
            server_process(fresh_database, redis) as (well, _),
            asyncio.timeout(60),
        ):
            ann, ben = await a_person(cut_off.url), await a_person(well)
            assert (await ben.get(f"/v1/users/{ann.id}")).status_code == 200
            line.freeze()
            changed = await ann.http.patch("/v1/users/me", json={"display_name": "Another"})
            assert changed.status_code == 200
            assert (await ann.get(f"/v1/users/{ann.id}")).json()["display_name"] == "Another"
            while (await ben.get(f"/v1/users/{ann.id}")).json()["display_name"] != "Another":
                await asyncio.sleep(0.05)

            elsewhere = Insistence(well, ann.token)
            insisting = asyncio.create_task(elsewhere.go_on())
            while not elsewhere.answers:
                await asyncio.sleep(0.01)
            assert (await ann.post("/v1/auth/logout")).status_code == 204
            assert (await ann.get("/v1/users/me")).status_code == 401
            await insisting
            assert elsewhere.answers[0] == (False, 200)
            assert elsewhere.accepted_after_refusal == 0
            line.thaw()
