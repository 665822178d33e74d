"""Taking everything with one that is stored about oneself, as one document, made while it is sent."""

from collections.abc import AsyncIterator

import msgspec

from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.bus.messages import Query, QueryScope
from application.identity.archive import SECTIONS
from application.ports.readers import Archive
from domain.shared.values import moment

SINGLE = ("account", "settings")
"""Sections that are one object and no list."""


class ExportAccount(Query[AsyncIterator[bytes]], frozen=True, kw_only=True):
    """Pieces of one JSON document: every section of the archive, in order, secrets left out."""

    access = authenticated & rate_limit("exports")


async def handle(query: ExportAccount, scope: QueryScope, *, archive: Archive) -> AsyncIterator[bytes]:
    return _document(scope, archive)


async def _document(scope: QueryScope, archive: Archive) -> AsyncIterator[bytes]:
    yield b'{"exported_at":"%s"' % moment(scope.now).encode()
    waiting = list(SECTIONS)
    count = 0
    current = ""
    async for section, row in archive.everything(scope.user_id):
        if section != current:
            yield b"".join(_between(current, section, waiting))
            current, count = section, 0
        yield (b"," if count else b"") + msgspec.json.encode(row)
        count += 1
    yield b"".join(_between(current, None, waiting)) + b"}\n"


def _between(before: str, after: str | None, waiting: list[str]) -> list[bytes]:
    """What closes one section, stands for those without rows, and opens the next."""
    parts = [] if not before or before in SINGLE else [b"]"]
    while waiting:
        name = waiting.pop(0)
        key = b',"%s":' % name.encode()
        if name == after:
            return [*parts, key, b"" if name in SINGLE else b"["]
        parts += [key, b"null" if name in SINGLE else b"[]"]
    return parts
