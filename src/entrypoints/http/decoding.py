"""From requests to commands and queries: msgspec is the validation, and its complaints become our refusals."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
from litestar import Request
from litestar.exceptions import InternalServerException
from msgspec.inspect import IntType, Type, UnionType, type_info

from application.bus.log import Key
from application.bus.messages import decode_hook
from domain.shared.errors import Invalid, NotFound
from entrypoints.http.errors import MalformedJson, PayloadTooLarge, RequestTimeout, UnsupportedMediaType

M = TypeVar("M")

BODY_AT_MOST = 256 * 1024
BODY_WITHIN_SECONDS = 30.0
DEPTH_AT_MOST = 32
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_WHERE = re.compile(r"(?s)(.*?)(?: - at (?:`key` in )?`\$(.*)`)?$")
_FIELD = re.compile(r"required field `([^`]*)`")
_NUMBER = re.compile(r"-?[0-9]+")
_KEY = re.compile(r"[\x21-\x7e]{1,64}")
_QUERY_AT_MOST = 100

AnyRequest = Request[Any, Any, Any]


def path_id(text: str, missing: type[NotFound]) -> UUID:
    """An id from the path; what is no UUID is answered like an unknown one."""
    if not _UUID.fullmatch(text):
        raise missing
    return UUID(text)


async def command_from(request: AnyRequest, kind: type[M], **path: Any) -> M:
    """The command in the body, joined with what the path says. An empty body is an empty object.

    Raises ``UnsupportedMediaType``, ``PayloadTooLarge``, ``MalformedJson``, ``Invalid``.
    """
    _no_parameters(request)
    return build(kind, object_in(await _body(request)), **path)


async def no_body(request: AnyRequest, *, with_parameters: bool = False) -> None:
    """For routes that take none: an empty object is fine, anything else is refused."""
    if not with_parameters:
        _no_parameters(request)
    if fields := object_in(await _body(request)):
        raise Invalid("This request takes no fields.", pointer=_pointer(next(iter(fields))))


def query_from(request: AnyRequest, kind: type[M], *, lists: tuple[str, ...] = (), **path: Any) -> M:
    """The query in the query string, joined with what the path says; ``lists`` are separated by commas.

    Raises ``Invalid``.
    """
    fields = _parameters(request)
    for name in lists:
        if name in fields:
            fields[name] = fields[name].split(",") if fields[name] else []
    for name in _shape_of(kind).whole & fields.keys():
        # The lax reading of numbers, which a text needs, would also take 1.0 and 1e1.
        if not _NUMBER.fullmatch(fields[name]):
            raise Invalid("Expected `int`, got `str`", pointer=_pointer(name))
    return build(kind, fields, strict=False, **path)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a command or query calls its fields on the wire, and which of them are whole numbers."""

    names: frozenset[str]
    whole: frozenset[str]


_shapes: dict[Any, _Shape] = {}


def _shape_of(kind: Any) -> _Shape:
    """Looked up once a type: every request asks."""
    known = _shapes.get(kind)
    if known is None:
        fields = msgspec.structs.fields(kind)
        whole = [
            each.encode_name
            for each in fields
            if any(isinstance(one, IntType) for one in _either(type_info(each.type)))
        ]
        names = frozenset(each.encode_name for each in fields)
        known = _shapes[kind] = _Shape(names, frozenset(whole))
    return known


def _either(kind: Type) -> tuple[Type, ...]:
    return kind.types if isinstance(kind, UnionType) else (kind,)


def _pointer(name: str) -> str:
    """To a field, whatever it is called (RFC 6901)."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _no_parameters(request: AnyRequest) -> None:
    """What changes something says it in its body. Raises ``Invalid``."""
    if parameters := _parameters(request):
        raise Invalid("This request takes no query parameters.", pointer=_pointer(next(iter(parameters))))


def build(kind: type[M], fields: dict[str, Any], *, strict: bool = True, **path: Any) -> M:
    """A command or query of plain values. Raises ``Invalid`` with a pointer to what is wrong."""
    known = _shape_of(kind).names.difference(path, getattr(kind, "withheld", ()))
    for name in fields:
        if name not in known:
            raise Invalid(f"Object contains unknown field `{name}`", pointer=_pointer(name))
    try:
        return msgspec.convert({**fields, **path}, kind, strict=strict, dec_hook=decode_hook)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None


def object_in(body: bytes) -> dict[str, Any]:
    """The JSON object in ``body``. Raises ``MalformedJson``, and ``Invalid`` for JSON that is no object."""
    if not body:
        return {}
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedJson(_sentence(error)) from None
    inspect(value)
    if not isinstance(value, dict):
        raise Invalid("The body must be a JSON object.", pointer="")
    return value


def is_key(text: str) -> bool:
    """Whether a client may name a request so."""
    return _KEY.fullmatch(text) is not None


def idempotency_key(request: AnyRequest) -> Key | None:
    """The ``Idempotency-Key`` of a request, scoped to its method and path. Raises ``Invalid``."""
    value = request.headers.get("idempotency-key")
    if value is None:
        return None
    if not is_key(value):
        raise Invalid("Idempotency-Key must be 1 to 64 visible ASCII characters.", pointer="")
    return Key(value=value, place=f"{request.method} {request.scope['path']}")


async def _body(request: AnyRequest) -> bytes:
    declared = request.headers.get("content-length")
    if declared is not None and declared.isdigit() and int(declared) > BODY_AT_MOST:
        raise PayloadTooLarge(f"A body has at most {BODY_AT_MOST} bytes.")
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_WITHIN_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > BODY_AT_MOST:
                    raise PayloadTooLarge(f"A body has at most {BODY_AT_MOST} bytes.")
                chunks.append(chunk)
    except (TimeoutError, InternalServerException):
        # The framework's word for a client that hung up before it was done: nobody will read the answer.
        raise RequestTimeout from None
    body = b"".join(chunks)
    if body:
        _require_json(request)
    return body


def _require_json(request: AnyRequest) -> None:
    media, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().replace('"', "").replace(" ", "")
    if media.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        raise UnsupportedMediaType
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType


def _parameters(request: AnyRequest) -> dict[str, Any]:
    raw = request.scope["query_string"].decode("latin-1")
    try:
        pairs = parse_qsl(
            raw, keep_blank_values=True, strict_parsing=False, errors="strict", max_num_fields=_QUERY_AT_MOST
        )
    except (UnicodeDecodeError, ValueError):
        raise Invalid("The query string is not UTF-8, or has too many parameters.", pointer="") from None
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise Invalid("Given twice.", pointer=_pointer(name))
        if "\x00" in value:
            raise Invalid("Must not contain the NUL character.", pointer=_pointer(name))
        fields[name] = value
    return fields


def inspect(value: Any, depth: int = DEPTH_AT_MOST) -> None:
    """Refuse what is allowed and nobody means: bottomless nesting, numbers beyond any type of ours, and what only
    other encodings than JSON can say. Raises ``MalformedJson``.
    """
    if depth < 0:
        raise MalformedJson(f"JSON may be nested {DEPTH_AT_MOST} deep.")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise MalformedJson("A field's name must be a text.")
            inspect(item, depth - 1)
    elif isinstance(value, list):
        for item in value:
            inspect(item, depth - 1)
    elif isinstance(value, int | float):
        if not -(2**63) <= value < 2**64:
            raise MalformedJson("A number is out of range.")
    elif value is not None and not isinstance(value, str):
        raise MalformedJson("A value is of a kind that JSON does not have.")


def _invalid(complaint: str) -> Invalid:
    match = _WHERE.match(complaint)
    text, where = (match[1], match[2] or "") if match else (complaint, "")
    pointer = re.sub(r"\[(\d+|\.\.\.)\]", r"/\1", where).replace(".", "/")
    if field := _FIELD.search(text):
        pointer = f"{pointer}/{field[1]}"
    return Invalid(text, pointer=pointer)


def _sentence(error: Exception) -> str:
    return (
        str(error) if isinstance(error, msgspec.DecodeError) else "The body is not UTF-8, or nested too deep."
    )
