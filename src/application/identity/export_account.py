"""Taking everything with one that is stored about oneself, as one document, made piece by piece."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec

from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.bus.messages import Query, QueryScope
from application.identity.archive import SECTIONS
from application.ports.readers import Archive
from domain.shared.values import moment

SINGLE = ("account", "settings")
"""Sections that are one object and no list."""


class ExportAccount(Query[AsyncGenerator[bytes, None]], frozen=True, kw_only=True):
    """Pieces of one JSON document: every section of the archive, in order, secrets left out."""

    access = authenticated & rate_limit("exports")


async def handle(query: ExportAccount, scope: QueryScope, *, archive: Archive) -> AsyncGenerator[bytes, None]:
    return _document(scope, archive)


async def _document(scope: QueryScope, archive: Archive) -> AsyncGenerator[bytes, None]:
    yield b'{"exported_at":"%s"' % moment(scope.now).encode()
    waiting = list(SECTIONS)
    count = 0
    current = ""
    # Closed with this, and not when somebody collects it: it holds a snapshot of the database.
    async with aclosing(archive.everything(scope.user_id)) as rows:
        async for section, row in rows:
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
