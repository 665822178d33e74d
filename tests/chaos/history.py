"""What a run leaves behind: every call, every frame heard, every look at the database, and how it all ended.

Times are seconds of one wall clock: servers, stores and clients share a machine.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

R = TypeVar("R")


class Record(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", omit_defaults=True):
    """One line of a history."""


class Founded(Record, frozen=True, kw_only=True, tag="founded"):
    """A conversation and whoever was in it from the beginning."""

    conversation: str
    members: list[str]


class Call(Record, frozen=True, kw_only=True, tag="call"):
    """One attempt at something. Attempts at the same thing share ``op``; ``status`` 0 is an outcome nobody knows."""

    op: int
    user: str
    server: int
    kind: str
    conversation: str = ""
    at: float
    until: float
    status: int
    code: str = ""
    forced: bool = False
    said: dict[str, Any] = {}
    result: Any = None

    @property
    def done(self) -> bool:
        return 200 <= self.status < 300


class Connected(Record, frozen=True, kw_only=True, tag="connected"):
    """A welcome, and the revisions that were said to be known."""

    at: float
    user: str
    connection: int
    server: int
    knows: dict[str, int] = {}


class Heard(Record, frozen=True, kw_only=True, tag="heard"):
    """A frame of the server's."""

    at: float
    user: str
    connection: int
    frame: dict[str, Any]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation at a moment: its messages and events counted, and what its own row says of them."""

    messages: int
    first: int
    last: int
    events: int
    first_event: int
    last_event: int
    sequence: int
    revision: int


class Look(Record, frozen=True, kw_only=True, tag="look"):
    """The database at one moment. ``cursors`` are (delivered, read, my_revision) of ``conversation/user``."""

    at: float
    standings: dict[str, Standing]
    cursors: dict[str, tuple[int, int, int]]
    pending: int = 0
    oldest_seconds: float = 0.0


class Published(Record, frozen=True, kw_only=True, tag="published"):
    """An event on the broker's channel of its conversation."""

    at: float
    conversation: str
    revision: int


class Listening(Record, frozen=True, kw_only=True, tag="listening"):
    """Whether whoever listens to the broker for this history hears it from now on."""

    at: float
    up: bool


class Fault(Record, frozen=True, kw_only=True, tag="fault"):
    """Something that was broken, how often it was felt, and the seconds after its end until all was well."""

    at: float
    until: float
    name: str
    bites: int
    recovered: float | None
    bound: float


class Shown(Record, frozen=True, kw_only=True, tag="shown"):
    """What a client has of a conversation after quiet; ``messages`` as ``Bubble`` by id."""

    user: str
    conversation: str
    revision: int
    messages: dict[str, "Bubble"]
    members: list[str]


class Bubble(msgspec.Struct, frozen=True, kw_only=True):
    """A message as somebody sees it."""

    seq: int
    revision: int
    sender: str
    content: str | None
    deleted: bool = False
    reactions: dict[str, int] = {}


class Counted(Record, frozen=True, kw_only=True, tag="counted"):
    """How much the server says is unread, after quiet."""

    user: str
    conversation: str
    unread: int


class Remains(Record, frozen=True, kw_only=True, tag="remains"):
    """What a server held when all its clients were gone: more than it began with is a leak."""

    server: int
    sockets: int
    sockets_before: int
    transactions: int
    complaints: list[str] = []


class MessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """Of ``messages``."""

    id: str
    conversation: str
    sender: str
    seq: int
    revision: int
    type: str
    content: str | None
    client_id: str | None
    deleted: bool
    reactions: dict[str, int] = {}


class ParticipantRow(msgspec.Struct, frozen=True, kw_only=True):
    """Of ``participants``."""

    conversation: str
    user: str
    left: bool
    delivered: int
    read: int
    cleared: int


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """Of ``outbox_events``, those that a conversation orders. ``processed`` is None while unmarked."""

    conversation: str
    revision: int
    type: str
    frame: dict[str, Any]
    created: float
    processed: float | None


class Database(Record, frozen=True, kw_only=True, tag="database"):
    """Everything that is stored, at the very end."""

    messages: list[MessageRow]
    participants: list[ParticipantRow]
    events: list[EventRow]
    revisions: dict[str, int]
    pending: int


AnyRecord = (
    Founded
    | Call
    | Connected
    | Heard
    | Look
    | Published
    | Listening
    | Fault
    | Shown
    | Counted
    | Remains
    | Database
)


class History:
    """Records in the order in which they came."""

    def __init__(self, records: Iterable[Any] = ()) -> None:
        self.records: list[Any] = list(records)

    def add(self, record: Record) -> None:
        self.records.append(record)

    def of(self, kind: type[R]) -> list[R]:
        return [record for record in self.records if type(record) is kind]

    @property
    def database(self) -> Database:
        return self.of(Database)[-1]

    def save(self, path: Path) -> None:
        """One JSON object a line."""
        path.write_bytes(msgspec.json.Encoder().encode_lines(self.records))


def load(path: Path) -> History:
    """A history that was saved."""
    return History(msgspec.json.Decoder(AnyRecord).decode_lines(path.read_bytes()))
