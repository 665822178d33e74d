"""A client that hangs up in the middle of what it says is no mistake of ours, and nobody's log fills with it."""

from collections.abc import Iterator
from typing import Any

from structlog.testing import capture_logs

from entrypoints.container import Container
from entrypoints.http.app import application


async def test_a_client_that_hangs_up_within_its_body_is_not_logged_as_a_mistake(
    container: Container,
) -> None:
    said: Iterator[dict[str, Any]] = iter(
        [
            {"type": "http.request", "body": b'{"username": "an', "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    answers: list[Any] = []

    async def receive() -> Any:
        return next(said)

    async def send(message: Any) -> None:
        answers.append(message)

    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/auth/register",
        "raw_path": b"/v1/auth/register",
        "root_path": "",
        "query_string": b"",
        "headers": [
            (b"host", b"test"),
            (b"content-type", b"application/json"),
            (b"content-length", b"100"),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
    }
    with capture_logs() as lines:
        await application(container)(scope, receive, send)
    assert [line["event"] for line in lines] == []
    assert answers[0]["status"] == 408
