"""The OpenAPI 3.1 document, built from what each route says of itself and from the types it decodes with."""

import re
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any, get_type_hints

import msgspec
from litestar.routes import HTTPRoute

from application.bus.messages import Secret
from domain.shared.errors import refusals
from entrypoints.http.errors import Problem, status_of
from entrypoints.http.operation import OPERATION, Operation

_REF = "#/components/schemas/{name}"
_GENERAL = {401: ("unauthenticated", "token_expired", "session_revoked"), 422: ("validation_failed",)}
_OF_BODIES = {400: ("malformed_json",), 413: ("payload_too_large",), 415: ("unsupported_media_type",)}


def openapi(routes: Iterable[Any]) -> dict[str, Any]:
    """The document of the given application routes: those with an ``Operation``."""
    operations = [
        (route.path_format, method, handler.opt[OPERATION], handler)
        for route in routes
        if isinstance(route, HTTPRoute)
        for method, handler in _by_method(route)
        if OPERATION in handler.opt
    ]
    kinds = {_name(kind): kind for kind in _types(operation for _, _, operation, _ in operations)}
    _, components = msgspec.json.schema_components(kinds.values(), schema_hook=schema_hook, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for path, method, operation, handler in operations:
        paths.setdefault(path, {})[method.lower()] = _operation(operation, handler, components)
    for kind in {op.body for _, _, op, _ in operations if op.body}:
        withhold(components, kind)
    for operation_kind in {op.body for _, _, op, _ in operations if op.body and (op.path or op.takes_match)}:
        _hide(components, operation_kind, operations)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sentinal Chat",
            "version": version("sentinal-chat"),
            "description": "The backend of a real-time messenger. Realtime: see /asyncapi.json.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": [{"name": tag} for tag in sorted({op.tag for _, _, op, _ in operations})],
        "paths": {path: dict(sorted(methods.items())) for path, methods in sorted(paths.items())},
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "refreshCookie": {"type": "apiKey", "in": "cookie", "name": "refresh_token"},
            },
        },
    }


def schema_hook(kind: type[Any]) -> dict[str, Any]:
    """How types of ours that msgspec does not know look in a schema."""
    if kind is Secret:
        return {"type": "string", "format": "password"}
    raise NotImplementedError(kind)


def withhold(components: dict[str, Any], kind: type[Any]) -> None:
    """A command's fields that nobody can ask with are no part of its schema, nor is what only they are made of."""
    for name in getattr(kind, "withheld", ()):
        gone = components[kind.__name__]["properties"].pop(name, None)
        for part in re.findall(_REF.format(name="") + r"(\w+)", str(gone)):
            components.pop(part)


def _by_method(route: HTTPRoute) -> list[tuple[str, Any]]:
    return [
        (method, handler)
        for handler in route.route_handlers
        for method in sorted(handler.http_methods)
        if method != "OPTIONS"
    ]


def _types(operations: Iterable[Operation]) -> list[Any]:
    kinds: list[Any] = [Problem]
    for operation in operations:
        kinds += [kind for kind in (operation.body, *operation.answers.values()) if kind is not None]
    return list(dict.fromkeys(kinds))


def _name(kind: Any) -> str:
    return str(kind)


def _operation(operation: Operation, handler: Any, components: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = {
        "tags": [operation.tag],
        "summary": operation.summary,
        "operationId": handler.fn.__name__,
        "parameters": _parameters(operation),
        "responses": _responses(operation),
    }
    if operation.public:
        document["security"] = [{"refreshCookie": []}] if operation.cookie else []
    if operation.body is not None:
        schema = msgspec.json.schema_components([operation.body], schema_hook=schema_hook, ref_template=_REF)[
            0
        ][0]
        document["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return document


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string"} | ({"format": "uuid"} if name.endswith("_id") else {}),
        }
        for name in operation.path
    ]
    if operation.query is not None:
        hints = get_type_hints(operation.query, include_extras=True)
        for field in msgspec.structs.fields(operation.query):
            if field.encode_name in operation.path:
                continue
            schema = msgspec.json.schema(hints[field.name], ref_template=_REF)
            if field.default is not msgspec.NODEFAULT and field.default is not None:
                schema["default"] = field.default
            parameter = {"name": field.encode_name, "in": "query", "required": field.required}
            if schema.get("type") == "array":
                parameter |= {"style": "form", "explode": False}
            parameters.append(parameter | {"schema": schema})
    parameters += [
        {
            "name": name,
            "in": "query",
            "required": False,
            "style": "form",
            "explode": False,
            "schema": {"type": "array", "maxItems": 100, "items": {"type": "string", "format": "uuid"}},
        }
        for name in operation.lists
    ]
    if operation.takes_key:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,64}$"},
            }
        )
    if operation.takes_match:
        parameters.append(
            {"name": "If-Match", "in": "header", "required": False, "schema": {"type": "string"}}
        )
    return parameters


def _responses(operation: Operation) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, view in operation.answers.items():
        responses[str(status)] = {"description": "Done."}
        if view is not None:
            schema = msgspec.json.schema_components([view], schema_hook=schema_hook, ref_template=_REF)[0][0]
            responses[str(status)] = {
                "description": "Done.",
                "content": {"application/json": {"schema": schema}},
            }
    known = refusals()
    by_status: dict[int, list[str]] = {}
    general: dict[int, tuple[str, ...]] = (
        dict(_GENERAL) if not operation.public else {422: ("validation_failed",)}
    )
    if operation.body is not None:
        general |= _OF_BODIES
    for status, codes in general.items():
        by_status.setdefault(status, []).extend(codes)
    for code in (*operation.refusals, "unavailable"):
        by_status.setdefault(status_of(known[code]), []).append(code)
    for status, listed in sorted(by_status.items()):
        responses[str(status)] = {
            "description": ", ".join(dict.fromkeys(listed)),
            "content": {"application/problem+json": {"schema": {"$ref": _REF.format(name="Problem")}}},
        }
    return responses


def _hide(components: dict[str, Any], kind: Any, operations: list[Any]) -> None:
    """A command's fields that come from the path, or a header, are no part of its body."""
    path = {name for _, _, op, _ in operations if op.body is kind for name in op.path} | {"if_match"}
    schema = components[kind.__name__]
    schema["properties"] = {k: v for k, v in schema["properties"].items() if k not in path}
    schema["required"] = [name for name in schema.get("required", []) if name not in path]
