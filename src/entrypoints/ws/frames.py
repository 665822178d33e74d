"""Client frames: what types there are, and how each becomes a command.

The table below is the protocol's catalogue; the decoder, the tests and the AsyncAPI document read it.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import msgspec

from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.bus.access import Access
from application.bus.log import Key
from application.messaging.delete_message import DeleteMessage
from application.messaging.edit_message import EditMessage
from application.messaging.forward_message import ForwardMessage
from application.messaging.list_messages import ListMessages
from application.messaging.mark_read import MarkDelivered, MarkRead
from application.messaging.react import AddReaction, RemoveReaction
from application.messaging.send_message import SendMessage
from domain.shared.errors import Invalid
from domain.shared.ids import ConversationId, UserId
from entrypoints.http.decoding import build, is_key
from entrypoints.ws.subprotocols import MalformedFrame, Subprotocol

REF_AT_MOST = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A frame type that is a command; ``renamed`` maps frame fields to the command's."""

    command: type[Any]
    renamed: dict[str, str] = field(default_factory=dict)
    carries_own_key: bool = False


COMMANDS: dict[str, Kind] = {
    "message.send": Kind(command=SendMessage, renamed={"message_type": "type"}, carries_own_key=True),
    "message.edit": Kind(command=EditMessage),
    "message.delete": Kind(command=DeleteMessage),
    "message.forward": Kind(command=ForwardMessage, carries_own_key=True),
    "reaction.add": Kind(command=AddReaction),
    "reaction.remove": Kind(command=RemoveReaction),
    "receipt.read": Kind(command=MarkRead),
    "receipt.delivered": Kind(command=MarkDelivered),
}
QUERIES: dict[str, type[Any]] = {"conversation.history": ListMessages}
CONTROL = ("authenticate", "ping", "presence.watch", "resume", "typing.start", "typing.stop")
RESUMED_AT_MOST = 1000


class Authenticate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"type": "authenticate", "access_token": …}``."""

    access_token: str


class Ping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"type": "ping"}``."""


class WatchPresence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"type": "presence.watch", "user_ids": […]}``: concerns this connection only, so no command."""

    access: ClassVar[Access] = authenticated & rate_limit("commands")

    user_ids: Annotated[list[UserId], msgspec.Meta(max_length=200)]


class StartTyping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"type": "typing.start", "conversation_id": …}``: to be sent again while it lasts. Answered if it has a ``ref``."""

    access: ClassVar[Access] = authenticated & rate_limit("commands")

    conversation_id: ConversationId


class StopTyping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"type": "typing.stop", "conversation_id": …}``: answered if it has a ``ref``."""

    conversation_id: ConversationId


class Resume(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"type": "resume", "epoch": …, "revisions": {…}}``: what this connection's client knows already."""

    access: ClassVar[Access] = authenticated & rate_limit("commands")

    epoch: str
    revisions: Annotated[dict[ConversationId, int], msgspec.Meta(max_length=RESUMED_AT_MOST)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFrame:
    """A frame with its envelope taken off."""

    type: str
    ref: str | None
    fields: dict[str, Any]
    idempotency_key: Any = None

    def require_key(self) -> str | None:
        """Looked at once the ``ref`` is known, so that whoever sent a wrong one hears so. Raises ``Invalid``."""
        key = self.idempotency_key
        if key is not None and (not isinstance(key, str) or not is_key(key)):
            raise Invalid("Must be 1 to 64 visible ASCII characters.", pointer="/idempotency_key")
        return key


def open_frame(payload: bytes, subprotocol: Subprotocol) -> ClientFrame:
    """Read a frame's envelope. Raises ``MalformedFrame``, or ``Invalid`` for a wrong ``ref``."""
    fields = subprotocol.open(payload)
    type = fields.pop("type", None)
    if not isinstance(type, str) or type not in (*COMMANDS, *QUERIES, *CONTROL):
        raise MalformedFrame
    ref = fields.pop("ref", None)
    if ref is not None and (not isinstance(ref, str) or not 1 <= len(ref) <= REF_AT_MOST):
        raise Invalid(f"Must be a text of 1 to {REF_AT_MOST} characters.", pointer="/ref")
    key = fields.pop("idempotency_key", None)
    return ClientFrame(type=type, ref=ref, fields=fields, idempotency_key=key)


def command_of(frame: ClientFrame) -> tuple[Any, Key | None]:
    """The command a frame asks for, and its idempotency key. Raises ``Invalid``."""
    kind = COMMANDS[frame.type]
    fields = dict(frame.fields)
    for theirs, ours in kind.renamed.items():
        if ours in fields:
            raise Invalid(f"Object contains unknown field `{ours}`", pointer=f"/{ours}")
        if theirs in fields:
            fields[ours] = fields.pop(theirs)
    given, key = frame.require_key(), None
    if given is not None and not kind.carries_own_key:
        key = Key(value=given, place=frame.type)
    try:
        return build(kind.command, fields), key
    except Invalid as refusal:
        theirs_by_ours = {f"/{ours}": f"/{theirs}" for theirs, ours in kind.renamed.items()}
        pointer = theirs_by_ours.get(refusal.pointer or "", refusal.pointer)
        raise Invalid(refusal.detail, pointer=pointer) from None


def query_of(frame: ClientFrame) -> Any:
    """The query a frame asks for; a key changes nothing about it, but must be one. Raises ``Invalid``."""
    frame.require_key()
    return build(QUERIES[frame.type], frame.fields)
