"""Commands and queries as types: what is asked, what comes back, and who may ask."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar, get_args
from uuid import UUID

import msgspec

from application.bus.access import Access
from application.ports.limits import Rate, Verdict
from application.ports.unit_of_work import UnitOfWork
from domain.shared.ids import CommandId, SessionId, UserId

R = TypeVar("R")


class Secret:
    """Text that is never stored, logged or shown. JSON's string becomes one by ``decode_hook``."""

    __slots__ = ("value",)

    def __init__(self, value: str) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "Secret(…)"


def decode_hook(kind: type[Any], value: Any) -> Any:
    """Tells msgspec how a secret is read. Raises ``TypeError`` as msgspec asks of hooks."""
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise TypeError(f"Expected `str`, got `{type(value).__name__}`")


class Message(msgspec.Struct, Generic[R], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What commands and queries share: a declared ``access`` and the type of their result."""

    access: ClassVar[Access | None] = None

    @classmethod
    def result_type(cls) -> Any:
        """The ``R`` of ``class X(Command[R])``."""
        for base in getattr(cls, "__orig_bases__", ()):
            if arguments := get_args(base):
                return arguments[0]
        raise TypeError(f"{cls.__name__} does not say what it results in")


class Command(Message[R], Generic[R], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wish to change something, in the imperative. Also its HTTP schema, its frame and its log payload.

    ``batched``: it is about one conversation (``conversation_id``), may share a transaction with others, and refuses
    before it writes. ``personal``: its fields that tell who somebody is, and what stands in their place after an erasure; ``words``
    those that are what a message says, and what makes what stands there once it is wiped: of the fields, and of a number
    that is the same for the same words; ``withheld`` those that only the log has, and nobody can ask with.
    """

    batched: ClassVar[bool] = False
    personal: ClassVar[dict[str, Any]] = {}
    words: ClassVar[dict[str, Callable[[dict[str, Any], int], Any]]] = {}
    withheld: ClassVar[tuple[str, ...]] = ()


class Query(Message[R], Generic[R], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wish to know something; changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What one rate limit said of one request."""

    rate: Rate
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks: a person in a session, or somebody not logged in yet. ``address`` is where from; ``quotas`` is
    filled with what the limits said.
    """

    user_id: UserId | None = None
    session_id: SessionId | None = None
    address: str = ""
    user_agent: str | None = None
    is_server: bool = False
    quotas: list[Quota] = field(default_factory=list, repr=False, compare=False)


@dataclass(slots=True, kw_only=True)
class Scope:
    """The circumstances of one command: who, when, which id, which transaction. ``subject_id`` is the account or
    message it turned out to be about, where the command itself does not say; ``as_done`` the command as the log keeps
    it, where doing it again takes more than was asked.

    Everything a handler could take from chance or from the clock comes from here, so the same command with the
    same id and time always does the same: that is what makes the log replayable.
    """

    actor: Actor
    now: datetime
    id: CommandId
    uow: UnitOfWork
    subject_id: UUID | None = None
    as_done: Any = None
    _made: int = 0

    @property
    def user_id(self) -> UserId:
        """The person who asks; only where the command's access admits nobody else."""
        if self.actor.user_id is None:
            raise LookupError("this command admits people who are not logged in")
        return self.actor.user_id

    def new_id(self) -> UUID:
        """A UUIDv7 of this command's time, derived from its id: new here, and the same in a replay."""
        self._made += 1
        seed = hashlib.blake2b(
            self.id.bytes + self._made.to_bytes(4, "big"), digest_size=16, person=b"sentinal-ids"
        )
        return uuid7_from(self.now, seed.digest())


@dataclass(slots=True, kw_only=True)
class QueryScope:
    """The circumstances of one query: who, and when."""

    actor: Actor
    now: datetime

    @property
    def user_id(self) -> UserId:
        if self.actor.user_id is None:
            raise LookupError("this query admits people who are not logged in")
        return self.actor.user_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Generic[R]):
    """A result, and whether it is the answer to an earlier, identical command."""

    result: R
    repeated: bool = False


def uuid7_from(at: datetime, random: bytes) -> UUID:
    """A UUID of version 7 (RFC 9562 §5.7) of the given time and 16 bytes of randomness."""
    milliseconds = int(at.timestamp() * 1000)
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(random[6:], "big")
    value = value & ~(0xF000 << 64) | 0x7000 << 64
    value = value & ~(0xC000 << 48) | 0x8000 << 48
    return UUID(int=value)


_secret_fields: dict[type[Any], frozenset[str]] = {}


def secret_fields(message: type[Message[Any]]) -> frozenset[str]:
    """The names of a message's fields that are never stored. Looked up once a type: every command asks."""
    known = _secret_fields.get(message)
    if known is None:
        known = _secret_fields[message] = frozenset(
            each.name
            for each in msgspec.structs.fields(message)
            if each.type is Secret or Secret in get_args(each.type)
        )
    return known
