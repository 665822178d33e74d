"""The outermost layer of HTTP: request ids, security headers, framing, and the last resort for errors."""

import math
import re
from typing import Any

import msgspec
import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from application.bus.messages import Actor
from application.ports.system import Clock, Ids
from domain.shared.errors import Invalid, Refusal
from entrypoints.http.errors import InternalError, problem_of

log = structlog.get_logger("http")

TARGET_AT_MOST = 8 * 1024
HEADERS_AT_MOST = 100
_REQUEST_ID = re.compile(rb"[\x21-\x7e]{1,64}")
_API_CSP = b"default-src 'none'; frame-ancestors 'none'"
_CLIENT_CSP = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    b"media-src 'self' blob:; connect-src 'self' ws: wss:; font-src 'self'; manifest-src 'self'; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Envelope:
    """Wraps the application. Every answer carries a request id and the security headers, whatever happens."""

    def __init__(self, app: ASGIApp, clock: Clock, ids: Ids, *, tls: bool) -> None:
        self._app = app
        self._clock = clock
        self._ids = ids
        self._tls = tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        given = [value for name, value in scope["headers"] if name == b"x-request-id"]
        request_id = (
            given[0].decode()
            if len(given) == 1 and _REQUEST_ID.fullmatch(given[0])
            else str(self._ids.new(self._clock.now()))
        )
        scope.setdefault("state", {})["request_id"] = request_id
        started = False

        async def send_wrapped(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", []), *self._headers(scope, request_id)]
            await send(message)

        refused = framing_refusal(scope)
        if refused is not None:
            await _refuse(send_wrapped, *refused, request_id)
            return
        try:
            await self._app(scope, receive, send_wrapped)
        except Exception as error:
            log.exception("unexpected_error", request_id=request_id, exc_info=error)
            if not started:
                await _refuse(send_wrapped, InternalError(), None, request_id)

    def _headers(self, scope: Scope, request_id: str) -> list[tuple[bytes, bytes]]:
        path = scope["path"]
        is_client = path in ("/", "/docs") or path.startswith("/static/")
        headers = [
            (b"x-request-id", request_id.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"content-security-policy", _CLIENT_CSP if is_client else _API_CSP),
        ]
        headers += _quota_headers(scope)
        if path.startswith("/v1/"):
            headers.append((b"cache-control", b"no-store"))
        if self._tls:
            headers.append((b"strict-transport-security", b"max-age=31536000; includeSubDomains"))
        return headers


def _quota_headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    """What the limits said of this request: draft-ietf-httpapi-ratelimit-headers-10."""
    actor = scope.get("state", {}).get("actor")
    quotas = actor.quotas if isinstance(actor, Actor) else []
    if not quotas:
        return []
    policy = ", ".join(f'"{q.rate.name}";q={q.rate.burst};w={math.ceil(q.rate.window)}' for q in quotas)
    state = ", ".join(
        f'"{q.rate.name}";r={q.verdict.remaining};t={math.ceil(q.rate.whole_after(q.verdict))}'
        for q in quotas
    )
    return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", state.encode())]


def framing_refusal(scope: Any) -> tuple[Refusal, int | None] | None:
    """What is wrong with a request before anybody looks at what it asks, with its status code."""
    headers = scope["headers"]
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > TARGET_AT_MOST:
        return Invalid("The address is too long."), 414
    if len(headers) > HEADERS_AT_MOST:
        return Invalid("Too many header fields."), 431
    names = [name for name, _ in headers]
    if names.count(b"host") != 1:
        return Invalid("Send exactly one Host header."), 400
    if b"content-length" in names and b"transfer-encoding" in names:
        return Invalid("Content-Length and Transfer-Encoding exclude each other."), 400
    return None


async def _refuse(send: Send, refusal: Refusal, status: int | None, request_id: str) -> None:
    problem = problem_of(refusal, request_id)
    if status is not None:
        problem = msgspec.structs.replace(problem, status=status)
    body = msgspec.json.encode(problem)
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
    ]
    start: Any = {"type": "http.response.start", "status": problem.status, "headers": headers}
    end: Any = {"type": "http.response.body", "body": body, "more_body": False}
    await send(start)
    await send(end)
