"""Views as responses."""

from typing import Any

import msgspec
from litestar import Response

from application.views import etag

_encoder = msgspec.json.Encoder()

AnyResponse = Response[bytes]


def json(
    view: Any, status: int = 200, *, repeated: bool = False, tagged: bool = False, tag: Any = None
) -> AnyResponse:
    """A view as JSON; ``repeated`` says that it is the answer to an earlier request with the same key, ``tagged``
    adds the entity tag that ``If-Match`` may name; ``tag`` is what that is of, where it is of less than the view.
    """
    headers = {"Idempotency-Replayed": "true"} if repeated else {}
    if tagged or tag is not None:
        headers["ETag"] = etag(view if tag is None else tag)
    return Response(_encoder.encode(view), status_code=status, media_type="application/json", headers=headers)


def nothing(status: int = 204, *, repeated: bool = False) -> AnyResponse:
    """Done, and nothing to say."""
    headers = {"Idempotency-Replayed": "true"} if repeated else {}
    return Response(b"", status_code=status, media_type="application/json", headers=headers)
