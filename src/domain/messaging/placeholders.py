"""What stands in the record where a wiped message's words were: of the same kind, so that it can be done again.

Each takes the recorded fields, and a number that is the same for the same words.
"""

from typing import Any
from uuid import UUID

from domain.messaging.content import MessageType


def content_instead(fields: dict[str, Any], number: int) -> str:
    """In place of a text or caption."""
    return f"deleted {number}"


def metadata_instead(fields: dict[str, Any], number: int) -> dict[str, Any] | None:
    """In place of a place or a card; None of a type that has neither."""
    match fields["type"]:
        case MessageType.LOCATION:
            return {"latitude": 0, "longitude": 0}
        case MessageType.CONTACT:
            return {"user_id": str(UUID(int=0))}
        case _:
            return None


def reaction_instead(fields: dict[str, Any], number: int) -> str:
    """In place of a reaction's code."""
    return f":deleted_{number}:"
