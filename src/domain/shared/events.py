"""Events: what has happened, one class, one wire name and one audience each.

The catalogue fills itself as classes are created; a wire name that is taken is refused there and then. The
codec, the realtime documentation and the architecture test all read this one catalogue.
"""

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from domain.shared.ids import ConversationId, UserId


class Audience(Enum):
    """Who hears an event: the members of its conversation, or the devices of certain people."""

    CONVERSATION = "conversation"
    USERS = "user"


_catalogue: dict[str, type["Event"]] = {}


class Event:
    """Something that has happened. Subclasses are frozen dataclasses with a ``wire`` name and ``audience``."""

    __slots__ = ()
    wire: ClassVar[str] = ""
    audience: ClassVar[Audience]

    def __init_subclass__(cls) -> None:
        wire = cls.__dict__.get("wire", "")
        if not wire:
            return
        known = _catalogue.get(wire)
        # A dataclass with slots is created twice under one qualified name; that is no duplicate.
        if known is not None and known.__qualname__ != cls.__qualname__:
            raise TypeError(f"the wire name {wire!r} is taken by {known.__name__}")
        _catalogue[wire] = cls


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationEvent(Event):
    """A durable change of a conversation, ordered by ``revision``: gapless, in commit order.

    ``changes_info``: afterwards something else is said of the conversation itself, such as its subject.
    """

    changes_info: ClassVar[bool] = False
    audience: ClassVar[Audience] = Audience.CONVERSATION
    conversation_id: ConversationId
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalEvent(Event):
    """Something for certain people's own devices; ordered by nothing but arrival."""

    audience: ClassVar[Audience] = Audience.USERS
    user_ids: tuple[UserId, ...]


def catalogue() -> dict[str, type[Event]]:
    """Every event there is, by its wire name."""
    return dict(_catalogue)
