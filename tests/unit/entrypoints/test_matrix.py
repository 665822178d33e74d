"""Who may do what with an id: every route and frame that takes one, by everybody who might try.

A route without a row fails the test. Where a row says nothing of a viewer, the first of ``FALLBACKS`` that it names
applies: the blocked are members, owners may what administrators may.
"""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from entrypoints.cli.documents import openapi_of_this_version
from entrypoints.http.app import application
from entrypoints.lifespan import running
from entrypoints.ws.frames import COMMANDS as FRAMES
from entrypoints.ws.frames import QUERIES as QUERY_FRAMES
from tests.scenarios.people import Someone, log_in, problem, somebody
from tests.support.server import online, serving, settings_for

VIEWERS = ("anonymous", "outsider", "former", "blocked", "member", "admin", "owner")
FALLBACKS = {"blocked": "member", "member": "admin", "admin": "owner"}

NO_TOKEN = (401, "unauthenticated")
NOBODY = (404, "conversation_not_found")
NO_MESSAGE = (404, "message_not_found")
GONE = (403, "not_a_participant")
NO_ROLE = (403, "insufficient_role")
OK, MADE, DONE = (200, None), (201, None), (204, None)

Answer = tuple[int, str | None]


@dataclass(frozen=True)
class Row:
    """What each viewer is answered. ``body`` and ``path`` may name people and things of the scene in braces."""

    answers: dict[str, Answer]
    body: dict[str, Any] | None = None
    query: str = ""
    unknown: str = "conversation"


def _talk(*, former: Answer, others: Answer = OK, **more: Answer) -> dict[str, Answer]:
    """A route of one conversation."""
    return {"anonymous": NO_TOKEN, "outsider": NOBODY, "former": former, "owner": others, **more}


def _word(*, former: Answer, others: Answer = OK, **more: Answer) -> dict[str, Answer]:
    """A route of one message, which a member wrote before the former member left."""
    return {"anonymous": NO_TOKEN, "outsider": NO_MESSAGE, "former": former, "owner": others, **more}


def _anybody(answer: Answer = OK) -> dict[str, Answer]:
    return {"anonymous": NO_TOKEN, **dict.fromkeys(VIEWERS[1:], answer)}


ROWS: dict[str, Row] = {
    "GET /v1/conversations/{conversation_id}": Row(_talk(former=OK)),
    "PATCH /v1/conversations/{conversation_id}": Row(
        _talk(former=GONE, member=NO_ROLE), body={"subject": "Another"}
    ),
    "DELETE /v1/conversations/{conversation_id}": Row(
        _talk(former=GONE, others=DONE, member=NO_ROLE, admin=NO_ROLE)
    ),
    "GET /v1/conversations/{conversation_id}/members": Row(_talk(former=GONE)),
    "POST /v1/conversations/{conversation_id}/members": Row(
        _talk(former=GONE, member=NO_ROLE), body={"user_ids": ["{outsider}"]}
    ),
    "PATCH /v1/conversations/{conversation_id}/members/{user_id}": Row(
        _talk(former=GONE, member=NO_ROLE, admin=NO_ROLE), body={"role": "ADMIN"}
    ),
    "DELETE /v1/conversations/{conversation_id}/members/{user_id}": Row(
        _talk(former=GONE, others=DONE, blocked=NO_ROLE, member=DONE)
    ),
    "POST /v1/conversations/{conversation_id}/leave": Row(_talk(former=GONE, others=DONE)),
    "POST /v1/conversations/{conversation_id}/transfer": Row(
        _talk(former=GONE, member=NO_ROLE, admin=NO_ROLE), body={"user_id": "{target}"}
    ),
    "POST /v1/conversations/{conversation_id}/read": Row(_talk(former=GONE), body={"up_to_sequence": 1}),
    "POST /v1/conversations/{conversation_id}/delivered": Row(_talk(former=GONE), body={"up_to_sequence": 1}),
    "PATCH /v1/conversations/{conversation_id}/me": Row(_talk(former=OK), body={"archived": True}),
    "POST /v1/conversations/{conversation_id}/clear": Row(_talk(former=DONE, others=DONE)),
    "GET /v1/conversations/{conversation_id}/changes": Row(_talk(former=OK)),
    "GET /v1/conversations/{conversation_id}/messages": Row(_talk(former=OK)),
    "POST /v1/conversations/{conversation_id}/messages": Row(
        _talk(former=GONE, others=MADE), body={"client_message_id": "{new}", "content": "words"}
    ),
    "GET /v1/messages/{message_id}": Row(_word(former=OK), unknown="message"),
    "PATCH /v1/messages/{message_id}": Row(
        _word(
            former=GONE,
            member=OK,
            blocked=(403, "not_the_sender"),
            admin=(403, "not_the_sender"),
            owner=(403, "not_the_sender"),
        ),
        body={"content": "other words"},
        unknown="message",
    ),
    "DELETE /v1/messages/{message_id}": Row(
        _word(former=GONE, others=DONE, blocked=NO_ROLE, member=DONE), query="for=everyone", unknown="message"
    ),
    "POST /v1/messages/{message_id}/forward": Row(
        _word(former=MADE, others=MADE),
        body={"conversation_ids": ["{own}"], "client_message_ids": ["{new}"]},
        unknown="message",
    ),
    "PUT /v1/messages/{message_id}/reactions/{reaction_code}": Row(
        _word(former=GONE, others=DONE), unknown="message"
    ),
    "DELETE /v1/messages/{message_id}/reactions/{reaction_code}": Row(
        _word(former=GONE, others=DONE), unknown="message"
    ),
    "GET /v1/messages/{message_id}/reactions": Row(_word(former=OK), unknown="message"),
    "GET /v1/messages/{message_id}/receipts": Row(_word(former=OK), unknown="message"),
    "GET /v1/users/{user_id}": Row(_anybody(), unknown="user"),
    "PUT /v1/contacts/{user_id}": Row(
        _anybody() | {"member": (422, "validation_failed")}, body={}, unknown="user"
    ),
    "DELETE /v1/contacts/{user_id}": Row(
        _anybody(DONE) | {"member": (422, "validation_failed")}, unknown="user"
    ),
    "PUT /v1/contacts/{user_id}/block": Row(
        _anybody(DONE) | {"member": (422, "validation_failed")}, unknown="user"
    ),
    "DELETE /v1/contacts/{user_id}/block": Row(
        _anybody(DONE) | {"member": (422, "validation_failed")}, unknown="user"
    ),
    "DELETE /v1/sessions/{session_id}": Row(
        _anybody((404, "session_not_found")) | {"member": DONE}, unknown="session"
    ),
}
"""The person and the session in the path are the member's own."""

FRAME_ROWS: dict[str, tuple[dict[str, Answer], dict[str, Any]]] = {
    "message.send": (
        {"outsider": NOBODY, "former": GONE, "owner": OK},
        {"conversation_id": "{conversation}", "client_message_id": "{new}", "content": "words"},
    ),
    "message.edit": (
        {"outsider": NO_MESSAGE, "former": GONE, "member": OK}
        | dict.fromkeys(("blocked", "admin", "owner"), (403, "not_the_sender")),
        {"message_id": "{message}", "content": "other words"},
    ),
    "message.delete": (
        {"outsider": NO_MESSAGE, "former": GONE, "blocked": NO_ROLE, "owner": OK},
        {"message_id": "{message}", "for": "everyone"},
    ),
    "message.forward": (
        {"outsider": NO_MESSAGE, "former": OK, "owner": OK},
        {"message_id": "{message}", "conversation_ids": ["{own}"], "client_message_ids": ["{new}"]},
    ),
    "reaction.add": (
        {"outsider": NO_MESSAGE, "former": GONE, "owner": OK},
        {"message_id": "{message}", "reaction_code": ":ok:"},
    ),
    "reaction.remove": (
        {"outsider": NO_MESSAGE, "former": GONE, "owner": OK},
        {"message_id": "{message}", "reaction_code": ":ok:"},
    ),
    "conversation.history": (
        {"outsider": NOBODY, "former": OK, "owner": OK},
        {"conversation_id": "{conversation}"},
    ),
    "receipt.read": (
        {"outsider": NOBODY, "former": GONE, "owner": OK},
        {"conversation_id": "{conversation}", "up_to_sequence": 1},
    ),
    "receipt.delivered": (
        {"outsider": NOBODY, "former": GONE, "owner": OK},
        {"conversation_id": "{conversation}", "up_to_sequence": 1},
    ),
}


@dataclass(slots=True)
class Scene:
    """People who know each other, and a new group of theirs for every row and viewer."""

    people: dict[str, Someone]
    names: dict[str, str] = field(default_factory=dict)

    async def prepare(self, viewer: str) -> None:
        """Ann owns it, Bea administers, Max is a member who wrote, Ada is blocked by Ann, Fay has left."""
        owner, member = self.people["owner"], self.people["member"]
        others = [self.people[name] for name in ("admin", "member", "blocked", "former")]
        group = await owner.group(*others)
        path = f"/v1/conversations/{group}"
        await owner.done("PATCH", f"{path}/members/{self.people['admin'].id}", {"role": "ADMIN"})
        said = (await member.send(group, "what a member said")).json()
        await self.people["former"].done("POST", f"{path}/leave")
        self.names = {
            "conversation": group,
            "message": said["id"],
            "target": member.id,
            "session": (await log_in(member.client, member.me["username"])).session_id,
            "outsider": self.people["outsider"].id,
            "own": "" if viewer == "anonymous" else await self.people[viewer].group(),
        }

    def fill(self, template: Any) -> Any:
        """A body or frame with the names of this scene in it."""
        if isinstance(template, str):
            if template == "{new}":
                return str(uuid.uuid4())
            return self.names.get(template.strip("{}"), template) if template.startswith("{") else template
        if isinstance(template, list):
            return [self.fill(each) for each in template]
        if isinstance(template, dict):
            return {name: self.fill(value) for name, value in template.items()}
        return template

    def path(self, route: str, **replaced: str) -> str:
        ids = {
            "conversation_id": self.names["conversation"],
            "message_id": self.names["message"],
            "user_id": self.names["target"],
            "session_id": self.names["session"],
            "reaction_code": ":ok:",
        } | replaced
        return route.format(**ids)


async def _scene(client: httpx.AsyncClient) -> Scene:
    people = {name: await somebody(client) for name in VIEWERS if name != "anonymous"}
    await people["owner"].done("PUT", f"/v1/contacts/{people['blocked'].id}/block")
    await people["owner"].done("DELETE", f"/v1/contacts/{people['blocked'].id}/block")
    return Scene(people)


def _expected(answers: dict[str, Answer], viewer: str) -> Answer:
    name = viewer
    while name not in answers:
        name = FALLBACKS[name]
    return answers[name]


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with running(settings_for()) as container:
        transport = httpx.ASGITransport(application(container), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


def test_every_route_and_frame_with_an_id_has_a_row() -> None:
    paths: dict[str, Any] = openapi_of_this_version()["paths"]  # type: ignore[assignment]
    routes = {
        f"{method.upper()} {path}" for path, methods in paths.items() for method in methods if "{" in path
    }
    assert routes == set(ROWS)
    assert {*FRAMES, *QUERY_FRAMES} == set(FRAME_ROWS)


@pytest.mark.parametrize("route", ROWS)
async def test_each_viewer_is_answered_as_the_row_says(client: httpx.AsyncClient, route: str) -> None:
    row, scene = ROWS[route], await _scene(client)
    method, template = route.split(" ", 1)
    for viewer in VIEWERS:
        await scene.prepare(viewer)
        if viewer == "blocked":
            await scene.people["owner"].done("PUT", f"/v1/contacts/{scene.people['blocked'].id}/block")
        path = scene.path(template) + (f"?{row.query}" if row.query else "")
        response = await _ask(client, scene, viewer, method, path, scene.fill(row.body))
        code = None if response.status_code < 300 else response.json()["code"]
        assert (response.status_code, code) == _expected(row.answers, viewer), (viewer, response.text)
        if viewer == "outsider":
            await _answers_like_an_unknown_id(client, scene, route, row, response)


@pytest.mark.parametrize("route", [route for route in ROWS if "{message_id}" in route])
async def test_what_was_said_after_somebody_left_is_unknown_to_them(
    client: httpx.AsyncClient, route: str
) -> None:
    scene = await _scene(client)
    await scene.prepare("former")
    later = (await scene.people["member"].send(scene.names["conversation"], "later")).json()
    scene.names["message"] = later["id"]
    response = await _ask_of(client, scene, "former", route)
    assert (response.status_code, response.json()["code"]) == NO_MESSAGE
    assert problem(response) == problem(
        await _ask_of(client, scene, "former", route, message_id=str(uuid.uuid4()))
    )


@pytest.mark.parametrize(
    "route", [route for route in ROWS if "{message_id}" in route or "{conversation_id}" in route]
)
async def test_what_is_in_a_closed_group_is_unknown_to_everybody(
    client: httpx.AsyncClient, route: str
) -> None:
    scene, row = await _scene(client), ROWS[route]
    for viewer in VIEWERS[1:]:
        await scene.prepare(viewer)
        path = f"/v1/conversations/{scene.names['conversation']}"
        await scene.people["owner"].done("DELETE", path)
        response = await _ask_of(client, scene, viewer, route)
        unknown = {f"{row.unknown}_id": str(uuid.uuid4())}
        assert problem(response) == problem(await _ask_of(client, scene, viewer, route, **unknown)), viewer
        assert response.status_code == 404


async def _ask_of(
    client: httpx.AsyncClient, scene: Scene, viewer: str, route: str, **replaced: str
) -> httpx.Response:
    method, template = route.split(" ", 1)
    path = scene.path(template, **replaced) + (f"?{ROWS[route].query}" if ROWS[route].query else "")
    return await _ask(client, scene, viewer, method, path, scene.fill(ROWS[route].body))


async def _answers_like_an_unknown_id(
    client: httpx.AsyncClient, scene: Scene, route: str, row: Row, response: httpx.Response
) -> None:
    """Where an outsider is refused, the answer tells nothing of whether the thing exists."""
    if response.status_code != 404:
        return
    unknown = {f"{row.unknown}_id": str(uuid.uuid4())}
    other = await _ask_of(client, scene, "outsider", route, **unknown)
    assert problem(other) == problem(response)


async def _ask(
    client: httpx.AsyncClient, scene: Scene, viewer: str, method: str, path: str, body: Any
) -> httpx.Response:
    if viewer == "anonymous":
        return await client.request(method, path, json=body)
    return await scene.people[viewer].ask(method, path, body)


@pytest.mark.parametrize("type", FRAME_ROWS)
async def test_each_viewer_is_answered_in_a_frame_as_over_http(type: str) -> None:
    answers, template = FRAME_ROWS[type]
    async with (
        serving(settings_for()) as server,
        httpx.AsyncClient(base_url=server.url, timeout=20) as client,
    ):
        scene = await _scene(client)
        for viewer in VIEWERS[1:]:
            await scene.prepare(viewer)
            async with online(server.url, scene.people[viewer].token) as socket:
                answer = await socket.ask({"type": type, **scene.fill(template)})
            said = (200, None)
            if answer["type"] == "error":
                said = (answer["problem"]["status"], answer["problem"]["code"])
            assert said == _expected(answers, viewer), (viewer, answer)
