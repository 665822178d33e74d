"""What is stored about somebody, as they may take it with them."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from domain.shared.values import moment

SECRETS = frozenset(("password_hash", "refresh_token_hash", "generation", "rotated_at", "body_hash"))
"""Never in an archive: what proves who somebody is, or was made of a server's key."""

SECTIONS = (
    "account",
    "settings",
    "sessions",
    "contacts",
    "conversations",
    "stays",
    "messages",
    "reactions",
    "hidden_messages",
    "receipts",
    "attachments",
    "commands",
)
"""In the order in which an archive has them."""


def row(values: Mapping[str, Any]) -> dict[str, Any]:
    """One row as JSON knows it, without secrets."""
    return {name: _plain(value) for name, value in values.items() if name not in SECRETS}


def row_of(thing: Any) -> dict[str, Any]:
    """The same of a domain object: what it stores, not what it remembers for the moment."""
    return row({field.name: getattr(thing, field.name) for field in fields(thing) if field.compare})


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    return value
