"""Views as responses."""

from typing import Any

import msgspec
from litestar import Response

_encoder = msgspec.json.Encoder()

AnyResponse = Response[bytes]


def json(view: Any, status: int = 200, *, repeated: bool = False) -> AnyResponse:
    """A view as JSON; ``repeated`` says that it is the answer to an earlier request with the same key."""
    headers = {"Idempotency-Replayed": "true"} if repeated else {}
    return Response(_encoder.encode(view), status_code=status, media_type="application/json", headers=headers)


def nothing(status: int = 204) -> AnyResponse:
    """Done, and nothing to say."""
    return Response(b"", status_code=status, media_type="application/json")
