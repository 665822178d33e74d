"""Every refusal is a problem of one shape, whatever was wrong, and nothing leaks."""

import uuid
from typing import Any

import httpx
import pytest

from domain.shared.errors import refusals

SHAPE = {"type", "title", "status", "detail", "instance", "code", "errors"}


def _is_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert set(problem) == SHAPE
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, f"/problems/{code}")
    assert problem["instance"] == response.headers["x-request-id"]
    assert response.headers["x-content-type-options"] == "nosniff"
    return problem


REGISTER = {"username": "ann", "password": "correct horse", "display_name": "Ann", "device_id": "d"}


async def _token(client: httpx.AsyncClient) -> str:
    return str((await client.post("/v1/auth/register", json=REGISTER)).json()["access_token"])


async def test_an_unknown_address_is_a_problem(client: httpx.AsyncClient) -> None:
    _is_problem(await client.get("/nowhere"), 404, "route_not_found")
    _is_problem(await client.get("/v1/nowhere"), 404, "route_not_found")


async def test_a_wrong_method_is_a_problem_that_names_the_right_ones(client: httpx.AsyncClient) -> None:
    response = await client.delete("/v1/auth/login")
    _is_problem(response, 405, "method_not_allowed")
    assert "POST" in response.headers["allow"]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b'{"identifier": "\xff"}',
        b'{"identifier": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b'{"identifier": 111111111111111111111111111111}',
        b'{"a": 1,}',
        b"{} {}",
        b"NaN",
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
async def test_what_is_not_json_is_malformed(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post("/v1/auth/login", content=body, headers={"content-type": "application/json"})
    _is_problem(response, 400, "malformed_json")


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json; charset=latin-1"},
        {"content-type": "application/json", "content-encoding": "gzip"},
        {},
    ],
)
async def test_other_media_types_are_refused(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    response = await client.post("/v1/auth/login", content=b"{}", headers=headers)
    _is_problem(response, 415, "unsupported_media_type")


async def test_a_large_body_is_refused_declared_or_not(client: httpx.AsyncClient) -> None:
    body = b'{"identifier": "' + b"a" * (256 * 1024) + b'"}'
    headers = {"content-type": "application/json"}
    _is_problem(await client.post("/v1/auth/login", content=body, headers=headers), 413, "payload_too_large")

    async def chunks() -> Any:
        yield body

    response = await client.post("/v1/auth/login", content=chunks(), headers=headers)
    _is_problem(response, 413, "payload_too_large")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/password"),
        ({**REGISTER, "is_verified": True}, "/is_verified"),
        ({**REGISTER, "username": 5}, "/username"),
        ({**REGISTER, "username": "9lives"}, "/username"),
        ({**REGISTER, "username": "a\u0000nn"}, "/username"),
        ({**REGISTER, "password": "short"}, "/password"),
        ({**REGISTER, "password": {"value": "x"}}, "/password"),
        ({**REGISTER, "password": "x" * 129}, "/password"),
        ({**REGISTER, "display_name": "  "}, "/display_name"),
        ({**REGISTER, "display_name": "a\u202eb"}, "/display_name"),
        ({**REGISTER, "display_name": "a\nb"}, "/display_name"),
        ({**REGISTER, "email": "nobody"}, "/email"),
        ({**REGISTER, "phone_number": "0123"}, "/phone_number"),
        ({**REGISTER, "device_id": ""}, "/device_id"),
        ({**REGISTER, "device_id": "a b"}, "/device_id"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_wrong_field_is_pointed_at_and_stores_nothing(
    client: httpx.AsyncClient, body: dict[str, Any], pointer: str
) -> None:
    problem = _is_problem(await client.post("/v1/auth/register", json=body), 422, "validation_failed")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert (await client.post("/v1/auth/register", json=REGISTER)).status_code == 201


async def test_a_token_is_asked_for_before_anything_else(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/conversations/direct", content=b"{", headers={"content-type": "x"})
    _is_problem(response, 401, "unauthenticated")
    assert response.headers["www-authenticate"] == "Bearer"


async def test_an_unknown_query_parameter_and_one_given_twice_are_refused(client: httpx.AsyncClient) -> None:
    client.headers["authorization"] = f"Bearer {await _token(client)}"
    for query in (
        "limt=5",
        "limit=5&limit=6",
        "limit=0",
        "limit=101",
        "limit=x",
        "archived=perhaps",
        "left=%ff",
    ):
        _is_problem(await client.get(f"/v1/conversations?{query}"), 422, "validation_failed")


async def test_a_cursor_of_somebody_elses_making_is_refused(client: httpx.AsyncClient) -> None:
    client.headers["authorization"] = f"Bearer {await _token(client)}"
    for cursor in ("x", "AAAA", "a" * 400, "%00"):
        response = await client.get(f"/v1/conversations?cursor={cursor}")
        assert response.status_code in (400, 422)
    _is_problem(await client.get("/v1/conversations?cursor=AAAA"), 400, "invalid_cursor")


async def test_an_id_that_is_none_is_answered_like_an_unknown_one(client: httpx.AsyncClient) -> None:
    client.headers["authorization"] = f"Bearer {await _token(client)}"
    for id in ("1", "x" * 200, str(uuid.uuid4()), "%00"):
        for path in ("", "/messages", "/members"):
            _is_problem(await client.get(f"/v1/conversations/{id}{path}"), 404, "conversation_not_found")
        _is_problem(await client.get(f"/v1/users/{id}"), 404, "user_not_found")


async def test_every_code_explains_itself(client: httpx.AsyncClient) -> None:
    for code in refusals():
        response = await client.get(f"/problems/{code}")
        assert response.status_code == 200
        assert code in response.text
    _is_problem(await client.get("/problems/none_such"), 404, "route_not_found")


async def test_a_request_id_is_kept_when_sensible_and_replaced_otherwise(client: httpx.AsyncClient) -> None:
    assert (await client.get("/livez", headers={"x-request-id": "abc"})).headers["x-request-id"] == "abc"
    for bad in ("a b", "x" * 65, ""):
        answered = (await client.get("/livez", headers={"x-request-id": bad})).headers["x-request-id"]
        assert answered != bad
        uuid.UUID(answered)


async def test_a_mistake_of_ours_says_only_the_request_id(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from application.bus.bus import Bus

    async def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("the secret is swordfish")

    monkeypatch.setattr(Bus, "submit", broken)
    response = await client.post("/v1/auth/login", json={})
    assert response.status_code == 422
    response = await client.post(
        "/v1/auth/login", json={"identifier": "ann", "password": "xxxxxxxx", "device_id": "d"}
    )
    _is_problem(response, 500, "internal_error")
    assert "swordfish" not in response.text
