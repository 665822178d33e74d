"""What happens in groups, as open sockets hear it: on two servers, from the first event to the last and no further."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.scenarios.group_stage import add, member_of, path_of
from tests.scenarios.people import Someone, somebody
from tests.support.server import Realtime, online, serving, settings_for

Servers = tuple[str, str, httpx.AsyncClient]


@pytest.fixture
async def servers(database: str, redis: str) -> AsyncIterator[Servers]:
    """The addresses of two servers, and a client of the second."""
    settings = settings_for(database, redis)
    async with (
        serving(settings) as one,
        serving(settings) as two,
        httpx.AsyncClient(base_url=two.url, timeout=20) as client,
    ):
        yield one.url, two.url, client


def _of(socket: Realtime, place: str) -> list[dict[str, Any]]:
    """What a socket has heard of a conversation, in the order in which it came."""
    return [each for each in socket.events if each.get("conversation_id") == place and each.get("revision")]


async def _until(socket: Realtime, place: str, revision: int) -> list[dict[str, Any]]:
    """Everything heard of a conversation up to a revision, each once."""
    while not (heard := _of(socket, place)) or heard[-1]["revision"] < revision:
        socket.events.append(await socket.receive())
    revisions = [each["revision"] for each in heard]
    assert revisions == list(range(revisions[0], revisions[0] + len(revisions)))
    return heard


async def _nothing_more(socket: Realtime, someone: Someone, place: str) -> list[dict[str, Any]]:
    """What a socket has heard of a conversation once something that came later has reached it."""
    marker = await someone.group()
    while not any(each["type"] == "conversation.created" and marker in str(each) for each in socket.events):
        socket.events.append(await socket.receive())
    return _of(socket, place)


async def test_those_added_hear_from_their_adding_on_and_those_removed_nothing_after(
    servers: Servers,
) -> None:
    one, two, client = servers
    ann, ben, cem, dan = [await somebody(client) for _ in range(4)]
    place = await ann.group(ben)
    await ann.send(place, "before")
    async with (
        online(one, ben.token) as bens,
        online(one, cem.token) as cems,
        online(two, cem.token) as cems_other,
        online(two, dan.token) as dans,
    ):
        await add(ann, place, cem, dan)  # 3 and 4
        await ann.send(place, "for all")  # 5
        await ann.done("DELETE", member_of(place, cem))  # 6 and 7
        await ann.send(place, "not for cem")  # 8
        await add(ann, place, cem)  # 9 and 10
        await dan.done("POST", path_of(place, "leave"), {})  # 11 and 12
        await ann.send(place, "last")  # 13
        heard = await _until(bens, place, 13)
        assert heard[0]["revision"] == 3
        added = [each["data"] for each in heard if each["type"] == "member.added"]
        assert [each["user_ids"] for each in added] == [[cem.id, dan.id], [cem.id]]
        for socket in (cems, cems_other):
            while not (heard := _of(socket, place)) or heard[-1]["revision"] < 13:
                socket.events.append(await socket.receive())
            assert [each["revision"] for each in heard] == [4, 5, 6, 7, 10, 11, 12, 13]
            assert [heard[0]["type"], heard[3]["type"], heard[4]["type"]] == [
                "member.added",
                "member.removed",
                "member.added",
            ]
            assert not [each for each in socket.events if each["type"] == "conversation.created"]
        heard = await _nothing_more(dans, dan, place)
        assert [each["revision"] for each in heard] == list(range(4, 13))
        assert heard[-1]["type"] == "member.removed"
        assert heard[-1]["data"] == {"user_id": dan.id, "by": dan.id, "reason": "left"}


async def test_members_hear_roles_info_and_the_end(servers: Servers) -> None:
    one, _, client = servers
    ann, ben, cem = [await somebody(client) for _ in range(3)]
    place = await ann.group(ben, cem)
    async with online(one, ben.token) as bens, online(one, cem.token) as cems:
        await ann.done("PATCH", member_of(place, ben), {"role": "ADMIN"})  # 2 and 3
        await ann.done("PATCH", path_of(place), {"subject": "Another", "description": "words"})  # 4 and 5
        await ann.done("POST", path_of(place, "transfer"), {"user_id": cem.id})  # 6 to 8
        await ben.done("POST", path_of(place, "leave"), {})  # 9 and 10
        await cem.done("DELETE", path_of(place))  # 11
        heard = await _until(cems, place, 11)
        assert [(each["type"], each["data"]) for each in heard if each["type"] != "message.created"] == [
            ("member.updated", _role(ben, "ADMIN", ann)),
            ("conversation.updated", {"subject": "Another", "description": "words"}),
            ("member.updated", _role(ann, "ADMIN", ann)),
            ("member.updated", _role(cem, "OWNER", ann)),
            ("member.removed", {"user_id": ben.id, "by": ben.id, "reason": "left"}),
            ("conversation.deleted", None),
        ]
        assert [each["revision"] for each in await _nothing_more(bens, ben, place)] == list(range(2, 11))


async def test_who_is_removed_can_write_no_more_on_a_socket_that_is_open(servers: Servers) -> None:
    one, _, client = servers
    ann, ben = await somebody(client), await somebody(client)
    place = await ann.group(ben)
    frame = {"type": "message.send", "conversation_id": place, "content": "words"}
    async with online(one, ben.token) as bens:
        sent = await bens.ask({**frame, "client_message_id": ann.id})
        assert sent["type"] == "ack"
        await ann.done("DELETE", member_of(place, ben))
        refused = await bens.ask({**frame, "client_message_id": ben.id})
        assert refused["problem"]["code"] == "not_a_participant"
        # What was sent before is still answered.
        again = await bens.ask({**frame, "client_message_id": ann.id})
        assert again["result"] == sent["result"]


async def test_a_direct_conversation_is_introduced_by_how_long_its_messages_live(servers: Servers) -> None:
    one, _, client = servers
    ann, ben = await somebody(client), await somebody(client)
    place = await ann.direct(ben)
    async with online(one, ben.token) as bens:
        await ann.done("PATCH", path_of(place), {"expiry_seconds": 60})
        await ann.send(place, "words")
        heard = await _until(bens, place, 3)
        assert [each["type"] for each in heard] == [
            "message.created",
            "conversation.updated",
            "message.created",
        ]
        created = [each for each in bens.events if each["type"] == "conversation.created"]
        assert [each["data"]["conversation"]["id"] for each in created] == [place]


def _role(who: Someone, role: str, by: Someone) -> dict[str, Any]:
    return {"user_id": who.id, "role": role, "silenced_until": None, "by": by.id}
