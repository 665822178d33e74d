"""Routes for operators and machines: health, metrics, keys, documents, explanations, and the web client."""

import ipaddress
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import File
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from entrypoints.http import answers
from entrypoints.http.answers import AnyResponse
from entrypoints.http.auth import address_of
from entrypoints.http.desk import Desk
from entrypoints.http.errors import RouteNotFound, explanation
from entrypoints.http.openapi import openapi
from entrypoints.ws.asyncapi import asyncapi

AnyRequest = Request[Any, Any, Any]
WEB = Path(__file__).parent.parent / "web"
PUBLIC = {"public": True}
MEDIA = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
    ".md": "text/plain",
}


@get("/livez", opt=PUBLIC)
async def livez() -> AnyResponse:
    """The process answers. Asks nobody else."""
    return answers.json({"status": "ok"})


@get("/readyz", opt=PUBLIC)
async def readyz(desk: NamedDependency[Desk]) -> AnyResponse:
    """Whether requests should be sent here: the database, Redis and the hub are well, and it is not leaving."""
    ailments = [ailment for part in desk.health for ailment in await part.ailments()]
    if desk.draining:
        ailments.append("The server is draining.")
    if ailments:
        return answers.json({"status": "unavailable", "ailments": ailments}, 503)
    return answers.json({"status": "ok"})


@get("/metrics", opt=PUBLIC)
async def metrics(request: AnyRequest, desk: NamedDependency[Desk]) -> AnyResponse:
    """Prometheus' text format, for loopback or the holder of the metrics token; for others nothing is here."""
    token = desk.settings.metrics_token
    if token:
        allowed = request.headers.get("authorization") == f"Bearer {token}"
    else:
        allowed = _is_loopback(address_of(request.scope))
    if not allowed:
        raise RouteNotFound
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


@get("/.well-known/jwks.json", opt=PUBLIC)
async def jwks(desk: NamedDependency[Desk]) -> AnyResponse:
    """The public keys that access tokens verify with (RFC 7517)."""
    return answers.json(desk.access_tokens.published_keys())


@get("/problems/{code:str}", opt=PUBLIC)
async def problem(code: FromPath[str]) -> AnyResponse:
    """What a code means, for a person."""
    text = explanation(code)
    if text is None:
        raise RouteNotFound
    return Response(text.encode(), media_type="text/plain")


@get("/openapi.json", opt=PUBLIC)
async def openapi_document(request: AnyRequest) -> AnyResponse:
    """The OpenAPI 3.1 document of this server."""
    state = request.app.state
    if "openapi" not in state:
        state["openapi"] = openapi(request.app.routes)
    return answers.json(state["openapi"])


@get("/asyncapi.json", opt=PUBLIC)
async def asyncapi_document() -> AnyResponse:
    """The AsyncAPI 3 document of the realtime protocol."""
    return answers.json(asyncapi())


@get("/", opt=PUBLIC)
async def client() -> File:
    """The web client."""
    return _file(WEB / "index.html")


@get("/docs", opt=PUBLIC)
async def docs() -> File:
    """The API's reference, readable offline."""
    return _file(WEB / "docs.html")


@get("/static/{path:path}", opt=PUBLIC)
async def static(path: FromPath[Path]) -> File:
    """A file of the web client."""
    wanted = (WEB / str(path).lstrip("/")).resolve()
    if not wanted.is_relative_to(WEB) or not wanted.is_file() or wanted.suffix not in MEDIA:
        raise RouteNotFound
    return _file(wanted)


def _file(path: Path) -> File:
    return File(
        path=path,
        media_type=MEDIA[path.suffix],
        content_disposition_type="inline",
        headers={"Cache-Control": "no-cache"},
    )


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


ROUTES = [livez, readyz, metrics, jwks, problem, openapi_document, asyncapi_document, client, docs, static]
