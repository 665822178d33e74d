"""The routes as a client uses them, over the memory adapters."""

import uuid
from typing import Any

import httpx

PASSWORD = "correct horse"


async def _register(client: httpx.AsyncClient, name: str, **more: Any) -> dict[str, Any]:
    body = {"username": name, "password": PASSWORD, "display_name": name.title(), "device_id": "d", **more}
    response = await client.post("/v1/auth/register", json=body)
    assert response.status_code == 201, response.text
    tokens: dict[str, Any] = response.json()
    return tokens


def _as(tokens: dict[str, Any]) -> dict[str, str]:
    return {"authorization": f"Bearer {tokens['access_token']}"}


async def _direct(client: httpx.AsyncClient, one: dict[str, Any], other: dict[str, Any]) -> httpx.Response:
    body = {"user_id": other["user"]["id"]}
    return await client.post("/v1/conversations/direct", json=body, headers=_as(one))


async def _send(
    client: httpx.AsyncClient, who: dict[str, Any], where: str, text: str, **more: Any
) -> httpx.Response:
    body = {"client_message_id": str(uuid.uuid4()), "content": text, **more}
    return await client.post(f"/v1/conversations/{where}/messages", json=body, headers=_as(who))


async def test_registering_logs_in_and_sets_a_cookie_scripts_cannot_read(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/v1/auth/register",
        json={"username": "Ann", "password": PASSWORD, "display_name": " Ann ", "device_id": "d"},
    )
    tokens = response.json()
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 900
    assert tokens["user"]["username"] == "ann"
    assert tokens["user"]["display_name"] == "Ann"
    cookie = response.headers["set-cookie"]
    for part in ("refresh_token=", "HttpOnly", "SameSite=strict", "Path=/v1/auth", "Max-Age=604800"):
        assert part.lower() in cookie.lower()
    me = await client.get("/v1/users/me", headers=_as(tokens))
    assert me.json() == tokens["user"]


async def test_an_identifier_is_taken_once_whatever_its_case(client: httpx.AsyncClient) -> None:
    await _register(client, "ann", email="Ann@X.example")
    for body, pointer in (({"username": "ANN"}, "/username"), ({"email": "ann@x.EXAMPLE"}, "/email")):
        response = await client.post(
            "/v1/auth/register",
            json={"password": PASSWORD, "display_name": "B", "device_id": "d", **body},
        )
        assert (response.status_code, response.json()["code"]) == (409, "identifier_taken")
        assert response.json()["errors"][0]["pointer"] == pointer


async def test_an_unknown_name_and_a_wrong_password_are_refused_alike(client: httpx.AsyncClient) -> None:
    await _register(client, "ann")
    answers = []
    for name, password in (("ann", "wrong horse"), ("nobody", PASSWORD), ("@", PASSWORD), ("ann", "x" * 200)):
        response = await client.post(
            "/v1/auth/login", json={"identifier": name, "password": password, "device_id": "d"}
        )
        problem = response.json()
        problem.pop("instance")
        answers.append((response.status_code, problem))
    assert answers[0][0] == 401
    assert all(answer == answers[0] for answer in answers)


async def test_refreshing_rotates_and_an_old_token_ends_the_session(client: httpx.AsyncClient) -> None:
    tokens = await _register(client, "ann")
    first = client.cookies["refresh_token"]
    assert (await client.post("/v1/auth/refresh")).status_code == 200
    second = client.cookies["refresh_token"]
    assert second != first

    async def show(token: str) -> httpx.Response:
        client.cookies.clear()
        return await client.post("/v1/auth/refresh", headers={"cookie": f"refresh_token={token}"})

    again = await show(first)
    assert again.status_code == 200
    assert client.cookies["refresh_token"] == second, "a lost response logs nobody out"
    assert (await show(second)).status_code == 200
    stolen = await show(first)
    assert (stolen.status_code, stolen.json()["code"]) == (401, "session_revoked")
    me = await client.get("/v1/users/me", headers=_as(tokens))
    assert (me.status_code, me.json()["code"]) == (401, "session_revoked")
    assert (await show("AAAA")).json()["code"] == "invalid_refresh_token"


async def test_another_sites_page_cannot_refresh(client: httpx.AsyncClient) -> None:
    await _register(client, "ann")
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        response = await client.post("/v1/auth/refresh", headers=headers)
        assert (response.status_code, response.json()["code"]) == (403, "origin_not_allowed")
    assert (await client.post("/v1/auth/refresh", headers={"origin": "http://test"})).status_code == 200


async def test_a_direct_conversation_is_made_once_for_both_sides(client: httpx.AsyncClient) -> None:
    ann, bob = await _register(client, "ann"), await _register(client, "bob")
    made, found, theirs = [await _direct(client, a, b) for a, b in ((ann, bob), (ann, bob), (bob, ann))]
    assert [response.status_code for response in (made, found, theirs)] == [201, 200, 200]
    assert made.json()["id"] == found.json()["id"] == theirs.json()["id"]
    assert made.json()["peer"]["username"] == "bob"
    assert theirs.json()["peer"]["username"] == "ann"


async def test_an_empty_direct_conversation_is_listed_for_its_opener_only(client: httpx.AsyncClient) -> None:
    ann, bob = await _register(client, "ann"), await _register(client, "bob")
    where = (await _direct(client, ann, bob)).json()["id"]

    async def listed(who: dict[str, Any]) -> list[str]:
        page = (await client.get("/v1/conversations", headers=_as(who))).json()
        return [entry["conversation"]["id"] for entry in page["items"]]

    assert await listed(ann) == [where]
    assert await listed(bob) == []
    assert (await _send(client, ann, where, "hello")).status_code == 201
    assert await listed(bob) == [where]


async def test_saved_messages_are_a_conversation_with_oneself(client: httpx.AsyncClient) -> None:
    ann = await _register(client, "ann")
    view = (await _direct(client, ann, ann)).json()
    assert view["peer"]["id"] == ann["user"]["id"]
    assert view["member_count"] == 1
    assert (await _send(client, ann, view["id"], "note")).status_code == 201


async def test_a_group_begins_with_its_system_message_and_says_who_was_not_added(
    client: httpx.AsyncClient,
) -> None:
    ann, bob = await _register(client, "ann"), await _register(client, "bob")
    unknown = str(uuid.uuid4())
    body = {
        "subject": " Trip ",
        "member_ids": [bob["user"]["id"], unknown, bob["user"]["id"], ann["user"]["id"]],
    }
    made = await client.post("/v1/conversations/groups", json=body, headers=_as(ann))
    assert made.status_code == 201
    group = made.json()["conversation"]
    assert made.json()["not_added"] == [unknown]
    assert (group["subject"], group["member_count"], group["last_sequence"], group["revision"]) == (
        "Trip",
        2,
        1,
        1,
    )
    history = (await client.get(f"/v1/conversations/{group['id']}/messages", headers=_as(bob))).json()
    assert [(m["type"], m["metadata"]) for m in history["items"]] == [("SYSTEM", {"event": "group_created"})]
    members = (await client.get(f"/v1/conversations/{group['id']}/members", headers=_as(bob))).json()["items"]
    assert [(m["user"]["username"], m["role"]) for m in members] == [("ann", "OWNER"), ("bob", "MEMBER")]
    entry = (await client.get("/v1/conversations", headers=_as(bob))).json()["items"][0]
    assert entry["unread_count"] == 0


async def test_sending_twice_under_one_client_id_sends_once(client: httpx.AsyncClient) -> None:
    ann, bob = await _register(client, "ann"), await _register(client, "bob")
    where = (await _direct(client, ann, bob)).json()["id"]
    id = str(uuid.uuid4())
    first = await _send(client, ann, where, "hello", client_message_id=id)
    again = await _send(client, ann, where, "hello", client_message_id=id)
    other = await _send(client, ann, where, "goodbye", client_message_id=id)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert (await _send(client, ann, where, "next")).json()["seq_id"] == 2


async def test_a_message_needs_something_visible(client: httpx.AsyncClient) -> None:
    ann = await _register(client, "ann")
    where = (await _direct(client, ann, ann)).json()["id"]
    for text in ("", "  \n", "\u200b\u200d", "x" * 4097, "a\u0000b", None):
        response = await _send(client, ann, where, text)  # type: ignore[arg-type]
        assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "/content")
    assert (await _send(client, ann, where, "x" * 4096)).json()["seq_id"] == 1


async def test_strangers_get_the_answer_of_an_unknown_conversation(client: httpx.AsyncClient) -> None:
    ann, bob, eve = [await _register(client, name) for name in ("ann", "bob", "eve")]
    where = (await _direct(client, ann, bob)).json()["id"]
    for id in (where, str(uuid.uuid4())):
        answers = [
            await client.get(f"/v1/conversations/{id}", headers=_as(eve)),
            await client.get(f"/v1/conversations/{id}/messages", headers=_as(eve)),
            await client.get(f"/v1/conversations/{id}/members", headers=_as(eve)),
            await client.post(f"/v1/conversations/{id}/read", json={"up_to_sequence": 1}, headers=_as(eve)),
            await _send(client, eve, id, "let me in"),
        ]
        assert {(a.status_code, a.json()["code"]) for a in answers} == {(404, "conversation_not_found")}


async def test_history_pages_in_both_directions_and_around(client: httpx.AsyncClient) -> None:
    ann = await _register(client, "ann")
    where = (await _direct(client, ann, ann)).json()["id"]
    for n in range(1, 11):
        await _send(client, ann, where, str(n))

    async def page(query: str) -> tuple[list[int], bool, bool]:
        found = (await client.get(f"/v1/conversations/{where}/messages?{query}", headers=_as(ann))).json()
        return [m["seq_id"] for m in found["items"]], found["has_before"], found["has_after"]

    assert await page("limit=3") == ([8, 9, 10], True, False)
    assert await page("limit=3&before=8") == ([5, 6, 7], True, True)
    assert await page("limit=3&after=0") == ([1, 2, 3], False, True)
    items, before, after = await page("limit=3&around=5")
    assert 5 in items
    assert (before, after) == (True, True)
    refused = await client.get(f"/v1/conversations/{where}/messages?before=1&after=1", headers=_as(ann))
    assert refused.status_code == 422


async def test_reading_moves_forward_only(client: httpx.AsyncClient) -> None:
    ann, bob = await _register(client, "ann"), await _register(client, "bob")
    where = (await _direct(client, ann, bob)).json()["id"]
    for n in range(5):
        await _send(client, ann, where, str(n))

    async def read(up_to: int) -> dict[str, Any]:
        response = await client.post(
            f"/v1/conversations/{where}/read", json={"up_to_sequence": up_to}, headers=_as(bob)
        )
        view: dict[str, Any] = response.json()
        return view

    assert (await read(3))["unread_count"] == 2
    assert (await read(1))["last_read_sequence"] == 3
    assert (await read(10**6))["last_read_sequence"] == 5
    seen = (await client.get(f"/v1/conversations/{where}", headers=_as(ann))).json()
    assert seen["receipts"] == {"delivered_up_to": 5, "read_up_to": 5}


async def test_an_idempotency_key_gives_the_same_answer_again(client: httpx.AsyncClient) -> None:
    ann, bob = await _register(client, "ann"), await _register(client, "bob")
    body = {"subject": "one", "member_ids": [bob["user"]["id"]]}
    headers = {**_as(ann), "idempotency-key": "k1"}
    first = await client.post("/v1/conversations/groups", json=body, headers=headers)
    again = await client.post("/v1/conversations/groups", json=body, headers=headers)
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    other = await client.post("/v1/conversations/groups", json={**body, "subject": "two"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    theirs = await client.post(
        "/v1/conversations/groups",
        json={**body, "member_ids": []},
        headers={**_as(bob), "idempotency-key": "k1"},
    )
    assert theirs.status_code == 201
    for bad in ("a b", "x" * 65):
        refused = await client.post(
            "/v1/conversations/groups", json=body, headers={**_as(ann), "idempotency-key": bad}
        )
        assert refused.status_code == 422


async def test_people_are_found_by_the_beginning_of_their_names(client: httpx.AsyncClient) -> None:
    ann = await _register(client, "ann")
    await _register(client, "bob_the_first", email="bob@x.example")
    await _register(client, "bobby")

    async def find(query: str) -> list[str]:
        found = await client.get("/v1/users", params={"query": query}, headers=_as(ann))
        return [user["username"] for user in found.json()["items"]]

    assert await find("BOB") == ["bob_the_first", "bobby"]
    assert await find("bob_") == ["bob_the_first"]
    assert await find("b%") == []
    assert await find("bob@x.example") == ["bob_the_first"]
    assert await find("bo@x.example") == []
    assert (await client.get("/v1/users?query=b", headers=_as(ann))).status_code == 422


async def test_operations_answer_without_a_token(client: httpx.AsyncClient) -> None:
    assert (await client.get("/livez")).json() == {"status": "ok"}
    assert (await client.get("/readyz")).status_code == 200
    keys = (await client.get("/.well-known/jwks.json")).json()["keys"]
    assert keys
    assert all("d" not in key for key in keys)
    assert (await client.get("/openapi.json")).json()["openapi"] == "3.1.0"
    assert (await client.get("/asyncapi.json")).json()["asyncapi"] == "3.0.0"
    page = await client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    for path in ("/static/..%2f..%2fsettings.py", "/static/../settings.py", "/static/none.js", "/static/"):
        assert (await client.get(path)).status_code == 404


async def test_the_openapi_document_is_valid(client: httpx.AsyncClient) -> None:
    from openapi_spec_validator import validate

    validate((await client.get("/openapi.json")).json())


async def test_presence_is_asked_of_several_and_who_does_not_exist_is_left_out(
    client: httpx.AsyncClient,
) -> None:
    ann, ben = await _register(client, "ann"), await _register(client, "ben")
    ids = ",".join((ben["user"]["id"], str(uuid.uuid4()), ann["user"]["id"], ben["user"]["id"]))
    found = await client.get(f"/v1/presence?user_ids={ids}", headers=_as(ann))
    assert found.status_code == 200
    assert found.json() == {
        "items": [
            {"user_id": person["user"]["id"], "is_online": False, "last_seen_at": None}
            for person in (ben, ann)
        ]
    }


async def test_presence_is_asked_of_1_to_100_ids(client: httpx.AsyncClient) -> None:
    ann = await _register(client, "ann")
    many = ",".join(str(uuid.uuid4()) for _ in range(101))
    for query in ("", "?user_ids=", "?user_ids=x", f"?user_ids={many}", f"?user_ids={uuid.uuid4()},"):
        refused = await client.get(f"/v1/presence{query}", headers=_as(ann))
        assert (refused.status_code, refused.json()["code"]) == (422, "validation_failed"), query
    assert (await client.get(f"/v1/presence?user_ids={many[37:]}", headers=_as(ann))).json() == {"items": []}
    assert (await client.get(f"/v1/presence?user_ids={uuid.uuid4()}")).status_code == 401
