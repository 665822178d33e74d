"""Refusals as HTTP problems (RFC 9457): one table from kinds to status codes, one shape for all of them."""

import math
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from litestar.routes import HTTPRoute

from application.cursors import InvalidCursor
from domain.shared.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PreconditionFailed,
    RateLimited,
    Refusal,
    Unauthenticated,
    Unavailable,
    refusals,
)

log = structlog.get_logger("http")


class MalformedJson(Refusal):
    code = "malformed_json"
    title = "The body is not JSON that this service can read."


class UnsupportedMediaType(Refusal):
    code = "unsupported_media_type"
    title = "The body must be application/json in UTF-8, without a content encoding."


class PayloadTooLarge(Refusal):
    code = "payload_too_large"
    title = "The body is too large."


class RouteNotFound(NotFound):
    code = "route_not_found"
    title = "There is nothing at this address."


class MethodNotAllowed(Refusal):
    code = "method_not_allowed"
    title = "This address does not answer to that method."


class OriginNotAllowed(Forbidden):
    code = "origin_not_allowed"
    title = "Requests from this origin are not allowed."


class RequestTimeout(Refusal):
    code = "request_timeout"
    title = "The body did not arrive in time."


class InternalError(Refusal):
    code = "internal_error"
    title = "Something went wrong on our side; the request id identifies it."


STATUS: tuple[tuple[type[Refusal], int], ...] = (
    (MalformedJson, 400),
    (InvalidCursor, 400),
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (MethodNotAllowed, 405),
    (RequestTimeout, 408),
    (Conflict, 409),
    (PreconditionFailed, 412),
    (PayloadTooLarge, 413),
    (UnsupportedMediaType, 415),
    (Invalid, 422),
    (RateLimited, 429),
    (Unavailable, 503),
    (InternalError, 500),
)
"""The first kind that a refusal is an instance of decides. Every code has exactly one status."""


class FieldProblem(msgspec.Struct, frozen=True):
    """One field at fault; ``pointer`` is a JSON pointer (RFC 6901) into what was sent."""

    pointer: str
    detail: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every refusal. ``instance`` is the request id; ``retry_after``, where later may help, seconds."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: list[FieldProblem] = msgspec.field(default_factory=list)
    retry_after: int | msgspec.UnsetType = msgspec.UNSET


def status_of(kind: type[Refusal]) -> int:
    """The status code of a kind of refusal; 500 for one the table forgot, which a test forbids."""
    return next((status for known, status in STATUS if issubclass(kind, known)), 500)


def problem_of(refusal: Refusal, request_id: str) -> Problem:
    """The problem that says no in this refusal's words."""
    errors = []
    if refusal.pointer is not None:
        errors.append(FieldProblem(refusal.pointer, refusal.detail))
    return Problem(
        type=f"/problems/{refusal.code}",
        title=refusal.title,
        status=status_of(type(refusal)),
        detail=refusal.detail,
        instance=request_id,
        code=refusal.code,
        errors=errors,
        retry_after=retry_after_of(refusal) or msgspec.UNSET,
    )


def retry_after_of(refusal: Refusal) -> int:
    """Whole seconds after which trying again is sensible; 0 where it is not known that it is."""
    if isinstance(refusal, RateLimited | Unavailable):
        return max(1, math.ceil(refusal.retry_after))
    return 0


def headers_of(refusal: Refusal) -> dict[str, str]:
    """What a refusal says in headers: how to authenticate, when to come back."""
    if isinstance(refusal, Unauthenticated):
        return {"WWW-Authenticate": "Bearer"}
    if seconds := retry_after_of(refusal):
        return {"Retry-After": str(seconds)}
    return {}


def answer(request: Request[Any, Any, Any], refusal: Refusal) -> Response[bytes]:
    """The HTTP response of a refusal."""
    problem = problem_of(refusal, request_id(request.scope))
    return Response(
        msgspec.json.encode(problem),
        status_code=problem.status,
        media_type="application/problem+json",
        headers=headers_of(refusal),
    )


def request_id(scope: Any) -> str:
    """The id the outermost layer gave this request."""
    return str(scope.get("state", {}).get("request_id", ""))


def on_refusal(request: Request[Any, Any, Any], refusal: Refusal) -> Response[bytes]:
    return answer(request, refusal)


def on_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """What the framework itself refuses, in our shape."""
    if isinstance(error, NotFoundException):
        return answer(request, RouteNotFound())
    if isinstance(error, MethodNotAllowedException):
        response = answer(request, MethodNotAllowed())
        response.headers["Allow"] = ", ".join(sorted(_methods_of(request)))
        return response
    if error.status_code == 413:
        return answer(request, PayloadTooLarge())
    if error.status_code < 500:
        return answer(request, Invalid())
    return on_unexpected(request, error)


def _methods_of(request: Request[Any, Any, Any]) -> set[str]:
    """The methods that the address of a request answers to."""
    wanted = request.scope["path"].strip("/").split("/")
    methods: set[str] = set()
    for route in request.app.routes:
        parts = route.path.strip("/").split("/")
        same = len(parts) == len(wanted) and all(
            part == given or part.startswith("{") for part, given in zip(parts, wanted, strict=True)
        )
        if same and isinstance(route, HTTPRoute):
            methods |= {str(method) for method in route.methods}
    return methods


def on_unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """A mistake of ours: logged in full, told to nobody."""
    log.exception("unexpected_error", request_id=request_id(request.scope), exc_info=error)
    return answer(request, InternalError())


EXCEPTION_HANDLERS: dict[int | type[Exception], Any] = {
    Refusal: on_refusal,
    HTTPException: on_http_exception,
    Exception: on_unexpected,
}


def explanation(code: str) -> str | None:
    """What ``GET /problems/<code>`` tells a person, or None for a code there is not."""
    kind = refusals().get(code)
    if kind is None:
        return None
    return f"{kind.code} (HTTP {status_of(kind)})\n\n{kind.title}\n"
