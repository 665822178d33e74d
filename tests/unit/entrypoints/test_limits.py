"""Rate limits as clients meet them: what the headers say, and whose budget it is."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from application.access import limits
from entrypoints.http.app import application
from entrypoints.lifespan import running
from tests.scenarios.forwarding import to
from tests.scenarios.people import PASSWORD, problem, somebody, try_log_in, verdict
from tests.support.server import online, serving, settings_for

GENEROUS = "registration=100:100/h,login_address=100:100/min,login=5:5/h,look_ups=60:60/h"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """An application with limits, some of them wide enough for tests, and slow enough for a slow machine."""
    async with running(settings_for(SENTINAL_LIMITS=GENEROUS)) as container:
        transport = httpx.ASGITransport(application(container), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


def _said(response: httpx.Response) -> tuple[dict[str, tuple[int, int]], dict[str, tuple[int, int]]]:
    """Quota and window by limit, and what remains and for how long."""
    policy = re.findall(r'"(\w+)";q=(\d+);w=(\d+)', response.headers["ratelimit-policy"])
    state = re.findall(r'"(\w+)";r=(\d+);t=(\d+)', response.headers["ratelimit"])
    return (
        {name: (int(quota), int(window)) for name, quota, window in policy},
        {name: (int(left), int(seconds)) for name, left, seconds in state},
    )


async def test_headers_say_what_the_limit_is_and_what_is_left(client: httpx.AsyncClient) -> None:
    ann = await somebody(client)
    for left in (59, 58):
        response = await ann.ask("GET", f"/v1/users/{ann.id}")
        assert _said(response)[0] == {"look_ups": (60, 3600)}
        remaining, seconds = _said(response)[1]["look_ups"]
        assert remaining == left
        assert 0 < seconds <= 60 * (60 - left)
    assert "ratelimit" not in (await ann.ask("GET", "/v1/users/me")).headers


async def test_over_the_limit_the_answer_says_when_to_come_back(client: httpx.AsyncClient) -> None:
    ann = await somebody(client)
    for _ in range(60):
        assert (await ann.ask("GET", f"/v1/users/{ann.id}")).status_code == 200
    response = await ann.ask("GET", f"/v1/users/{ann.id}")
    assert verdict(response) == (429, "rate_limited")
    seconds = int(response.headers["retry-after"])
    assert 50 <= seconds <= 60
    assert response.json()["retry_after"] == seconds
    assert _said(response)[1]["look_ups"] == (0, seconds)
    # Somebody else's budget is their own.
    ben = await somebody(client)
    assert (await ben.ask("GET", f"/v1/users/{ann.id}")).status_code == 200


async def test_whole_addresses_have_a_budget_of_their_own(client: httpx.AsyncClient) -> None:
    ann = await somebody(client)
    response = await ann.ask("GET", "/v1/users?query=nobody@example.org")
    assert _said(response)[0] == {"look_ups": (60, 3600), "address_look_ups": (100, 86400)}
    assert set(_said(await ann.ask("GET", "/v1/users?query=nobody"))[0]) == {"look_ups"}


async def test_an_account_is_guessed_at_five_times_by_whichever_name(client: httpx.AsyncClient) -> None:
    ann = await somebody(client, email="ann@example.org", phone_number="+4930123456")
    names = [
        ann.me["username"],
        "ann@example.org",
        "+4930123456",
        "ANN@example.org",
        ann.me["username"].upper(),
    ]
    for name in names:
        assert verdict(await try_log_in(client, name, "wrong horse")) == (401, "invalid_credentials")
    refused = [await try_log_in(client, name) for name in names]
    assert {verdict(response) for response in refused} == {(429, "rate_limited")}
    # Where one is logged in, the password is the same secret.
    change = {"current_password": PASSWORD, "new_password": "battery staple"}
    assert await ann.refused("PUT", "/v1/auth/password", change) == (429, "rate_limited")
    # What compares no password is not charged for one.
    assert (await ann.done("PATCH", "/v1/users/me", {"bio": "b"}))["bio"] == "b"


async def test_unknown_names_are_limited_like_known_ones(client: httpx.AsyncClient) -> None:
    ann = await somebody(client)
    answers = {}
    for name in (ann.me["username"], "nobody_at_all"):
        for _ in range(5):
            await try_log_in(client, name, "wrong horse")
        response = await try_log_in(client, name)
        status, said = problem(response)
        left, seconds = _said(response)[1]["login"]
        assert said.pop("retry_after") == seconds
        # Which second it is depends on the machine's pace, and on nothing else.
        assert 300 < seconds <= 720
        answers[name] = (status, said, left)
    assert answers[ann.me["username"]] == answers["nobody_at_all"]


async def test_a_frame_over_the_limit_says_when_to_come_back() -> None:
    async with (
        serving(settings_for(SENTINAL_LIMITS="commands=2:1/h")) as server,
        httpx.AsyncClient(base_url=server.url) as client,
    ):
        ann = await somebody(client)
        place = await ann.group()
        async with online(server.url, ann.token) as socket:
            frame = {"type": "receipt.read", "conversation_id": place, "up_to_sequence": 1}
            assert (await socket.ask(frame))["type"] == "ack"
            answer = await socket.ask(frame)
            assert answer["type"] == "error"
            assert answer["problem"]["code"] == "rate_limited"
            assert answer["problem"]["retry_after"] > 3000


async def test_a_large_group_has_a_limit_of_its_own_whoever_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CROWD_ABOVE", 2)
    async with (
        serving(settings_for(SENTINAL_LIMITS=GENEROUS + ",messages=99:1/h,crowd=2:1/h")) as server,
        httpx.AsyncClient(base_url=server.url) as client,
    ):
        ann, ben, cem = [await somebody(client) for _ in range(3)]
        large, small = await ann.group(ben, cem), await ann.group(ben)
        answers = [await who.send(large) for who in (ann, ben, cem, ann)]
        assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
        assert [(await ann.send(small)).status_code for _ in range(4)] == [201] * 4
        await ann.done("DELETE", f"/v1/conversations/{large}/members/{cem.id}")
        assert verdict(await ben.send(large)) == (429, "rate_limited")


async def test_forwarding_takes_a_permit_for_each_copy() -> None:
    async with (
        serving(settings_for(SENTINAL_LIMITS=GENEROUS + ",messages=4:1/h")) as server,
        httpx.AsyncClient(base_url=server.url) as client,
    ):
        ann = await somebody(client)
        places = [await ann.group() for _ in range(3)]
        said = (await ann.send(places[0])).json()
        path = f"/v1/messages/{said['id']}/forward"
        assert (await ann.ask("POST", path, to(*places))).status_code == 201
        assert verdict(await ann.ask("POST", path, to(places[0]))) == (429, "rate_limited")
