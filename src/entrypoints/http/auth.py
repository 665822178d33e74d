"""Who is asking over HTTP: the bearer token, the refresh cookie, and the origins that may use it."""

from typing import Any

from litestar import Request
from litestar.datastructures import Cookie
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from application.bus.messages import Actor
from application.identity.authentication import Authentication
from domain.identity.session import REFRESH_LIFETIME
from domain.shared.errors import Unauthenticated
from entrypoints.http import answers
from entrypoints.http.answers import AnyResponse
from entrypoints.http.desk import Desk
from entrypoints.http.errors import OriginNotAllowed
from entrypoints.settings import Settings

PUBLIC = "public"
"""Routes with this option are answered without a token."""


class RequireToken(ASGIMiddleware):
    """Puts the ``Actor`` of the bearer token into the request's state, or refuses the request."""

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = PUBLIC

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        token = bearer(header_of(scope, b"authorization"))
        authentication: Authentication = scope["litestar_app"].state["authentication"]
        claims = await authentication.of(token)
        scope["state"]["actor"] = Actor(
            user_id=claims.user_id,
            session_id=claims.session_id,
            address=address_of(scope),
            user_agent=header_of(scope, b"user-agent"),
        )
        await next_app(scope, receive, send)


def header_of(scope: Any, wanted: bytes) -> str | None:
    """The first header of a name in lower case. Of the scope itself: a request of Litestar's reads all of them first."""
    for name, value in scope["headers"]:
        if name == wanted:
            text: str = value.decode("latin-1")
            return text
    return None


def bearer(header: str | None) -> str:
    """The token of an ``Authorization`` header (RFC 6750). Raises ``Unauthenticated``."""
    scheme, _, token = (header or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated
    return token


def actor_of(request: Request[Any, Any, Any]) -> Actor:
    """Who asks; on public routes, somebody not logged in."""
    actor = request.scope["state"].get("actor")
    if isinstance(actor, Actor):
        return actor
    actor = Actor(address=address_of(request.scope), user_agent=request.headers.get("user-agent"))
    request.scope["state"]["actor"] = actor
    return actor


def address_of(scope: Any) -> str:
    """Where a request comes from, as the server (and the proxies it trusts) says."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def refresh_cookie(settings: Settings, token: str) -> Cookie:
    """The cookie that carries a refresh token; scripts cannot read it, other sites cannot send it."""
    return Cookie(
        key=cookie_name(settings),
        value=token,
        max_age=int(REFRESH_LIFETIME.total_seconds()),
        path="/v1/auth",
        httponly=True,
        secure=settings.cookie_secure,
        samesite="strict",
    )


def cleared_cookie(settings: Settings) -> Cookie:
    """The same cookie, ended."""
    return Cookie(
        key=cookie_name(settings),
        value="",
        max_age=0,
        path="/v1/auth",
        httponly=True,
        secure=settings.cookie_secure,
        samesite="strict",
    )


def logged_out(request: Request[Any, Any, Any], desk: Desk) -> AnyResponse:
    """The answer to what has ended this session: it is refused here from now on, and its cookie goes."""
    session_id = actor_of(request).session_id
    if session_id is not None:
        desk.authentication.end(session_id)
    response = answers.nothing()
    response.set_cookie(cleared_cookie(desk.settings))
    return response


def cookie_name(settings: Settings) -> str:
    return "__Secure-refresh_token" if settings.is_production else "refresh_token"


def require_own_origin(request: Request[Any, Any, Any], settings: Settings) -> None:
    """Refuse requests that another site's page makes with our cookie. Raises ``OriginNotAllowed``."""
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise OriginNotAllowed
    origin = request.headers.get("origin")
    if origin is not None and not origin_allowed(origin, request.headers.get("host", ""), settings):
        raise OriginNotAllowed


def origin_allowed(origin: str, host: str, settings: Settings) -> bool:
    """Whether a page of ``origin`` may use this server: listed, or served by this very host."""
    if origin in settings.allowed_origins:
        return True
    scheme = "https" if settings.cookie_secure else "http"
    return bool(host) and origin == f"{scheme}://{host}" and not settings.is_production
