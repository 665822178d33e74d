"""Typing over two servers: who hears it, who may be heard, and when it is over."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.scenarios.group_stage import path_of
from tests.scenarios.people import Someone, somebody
from tests.support.server import Realtime, Served, online, serving, settings_for

Stage = tuple[Served, Served, httpx.AsyncClient]


@pytest.fixture
async def servers(database: str, redis: str) -> AsyncIterator[Stage]:
    settings = settings_for(database, redis)
    async with (
        serving(settings) as one,
        serving(settings) as two,
        httpx.AsyncClient(base_url=two.url, timeout=20) as client,
    ):
        yield one, two, client


def _start(place: str) -> dict[str, Any]:
    return {"type": "typing.start", "conversation_id": place}


async def _heard(socket: Realtime, someone: Someone) -> list[str]:
    """The typing that a socket has heard of, once what was said later has reached it."""
    marker = await someone.group()
    while not any(each["type"] == "conversation.created" and marker in str(each) for each in socket.events):
        socket.events.append(await socket.receive())
    return [each["type"] for each in socket.events if each["type"].startswith("typing.")]


async def test_others_hear_it_on_any_server_and_that_it_ended(servers: Stage) -> None:
    one, two, client = servers
    ann, ben = await somebody(client), await somebody(client)
    place = await ann.group(ben)
    async with online(one.url, ann.token) as anns, online(two.url, ben.token) as bens:
        await anns.send(_start(place))
        started = await bens.event("typing.started")
        assert started["data"] == {"user_id": ann.id}
        assert started["conversation_id"] == place
        assert not {"revision", "my_revision"} & set(started)
        await anns.send({"type": "typing.stop", "conversation_id": place})
        assert (await bens.event("typing.stopped"))["data"] == {"user_id": ann.id}
        # Nothing was answered, since nothing was asked.
        assert (await anns.ask({"type": "ping"}))["type"] == "pong"
        assert not [each for each in anns.events if each["type"] in ("ack", "error")]
        assert await anns.ask(_start(place)) == {"type": "ack", "ref": "r3", "result": None}


async def test_it_is_over_after_six_seconds_and_with_its_connection(servers: Stage) -> None:
    one, two, client = servers
    ann, ben = await somebody(client), await somebody(client)
    place = await ann.group(ben)
    async with online(two.url, ben.token) as bens:
        async with online(one.url, ann.token) as anns:
            await anns.ask(_start(place))
            await bens.event("typing.started")
            await bens.event("typing.stopped", within=15)
            await anns.ask(_start(place))
            await bens.event("typing.started")
        await bens.event("typing.stopped", within=4)


async def test_no_block_is_crossed_in_either_direction(servers: Stage) -> None:
    one, _, client = servers
    ann, ben, cem = [await somebody(client) for _ in range(3)]
    direct = await ann.direct(ben)
    await ann.send(direct)
    for blocker, blocked in ((ann, ben), (ben, ann)):
        group = await ann.group(ben, cem)
        await blocker.done("PUT", f"/v1/contacts/{blocked.id}/block")
        async with (
            online(one.url, ann.token) as anns,
            online(one.url, ben.token) as bens,
            online(one.url, cem.token) as cems,
        ):
            assert (await anns.ask(_start(group)))["type"] == "ack"
            assert (await bens.ask(_start(group)))["type"] == "ack"
            typists = {(await cems.event("typing.started"))["data"]["user_id"] for _ in range(2)}
            assert typists == {ann.id, ben.id}
            for socket in (anns, bens):
                refused = await socket.ask(_start(direct))
                assert refused["problem"]["code"] == "recipient_unavailable"
            for socket, other in ((anns, ben), (bens, ann)):
                mine = [each for each in socket.events if each["type"] == "typing.started"]
                assert other.id not in [each["data"]["user_id"] for each in mine]
        await blocker.done("DELETE", f"/v1/contacts/{blocked.id}/block")
    async with online(one.url, ann.token) as anns, online(one.url, ben.token) as bens:
        assert (await anns.ask(_start(direct)))["type"] == "ack"
        assert (await bens.event("typing.started"))["data"] == {"user_id": ann.id}


async def test_who_may_not_post_may_not_be_seen_typing(servers: Stage) -> None:
    one, _, client = servers
    ann, ben, cem, dan = [await somebody(client) for _ in range(4)]
    place = await ann.group(ben, cem)
    silence = {"silenced_until": "2999-01-01T00:00:00.000Z"}
    async with (
        online(one.url, ann.token) as anns,
        online(one.url, ben.token) as bens,
        online(one.url, cem.token) as cems,
        online(one.url, dan.token) as dans,
    ):
        await ann.done("PATCH", path_of(place, f"members/{ben.id}"), silence)
        await cem.done("POST", path_of(place, "leave"), {})
        codes = [(await each.ask(_start(place)))["problem"]["code"] for each in (bens, cems, dans)]
        assert codes == ["silenced", "not_a_participant", "conversation_not_found"]
        await ann.done("PATCH", path_of(place, f"members/{ben.id}"), {"silenced_until": None})
        await ann.done("PATCH", path_of(place), {"post_policy": "ADMINS"})
        assert (await bens.ask(_start(place)))["problem"]["code"] == "posting_restricted"
        await ann.done("DELETE", path_of(place))
        assert (await bens.ask(_start(place)))["problem"]["code"] == "conversation_not_found"
        assert await _heard(anns, ann) == []


async def test_a_direct_conversation_is_not_given_away_before_its_first_message(servers: Stage) -> None:
    one, _, client = servers
    ann, ben = await somebody(client), await somebody(client)
    place = await ann.direct(ben)
    async with online(one.url, ann.token) as anns, online(one.url, ben.token) as bens:
        assert (await anns.ask(_start(place)))["type"] == "ack"
        assert await _heard(bens, ben) == []


async def test_nobody_is_seen_typing_in_a_group_of_more_than_a_hundred(servers: Stage) -> None:
    one, _, client = servers
    ann, ben = await somebody(client), await somebody(client)
    others = [await somebody(client) for _ in range(99)]
    place = await ann.group(ben, *others[:98])
    async with online(one.url, ann.token) as anns, online(one.url, ben.token) as bens:
        assert (await anns.ask(_start(place)))["type"] == "ack"
        await bens.event("typing.started")
        await ann.done("POST", path_of(place, "members"), {"user_ids": [others[98].id]})
        assert (await bens.ask(_start(place)))["type"] == "ack"
        heard = [each["data"]["user_id"] for each in bens.events if each["type"] == "typing.started"]
        assert ben.id not in heard
        assert ben.id not in str(await _heard(anns, ann))
