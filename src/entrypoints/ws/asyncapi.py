"""The AsyncAPI 3 document of the realtime protocol, from the same tables that decode and encode it."""

from importlib.metadata import version
from typing import Any

import msgspec

from application.conversation.views import ListEntry, Participation
from application.messaging.views import MessageView
from application.outbox.wire import (
    ContactUpdated,
    ConversationChanges,
    MemberChanged,
    MemberGone,
    MembersJoined,
    MessageGone,
    MessageLeftOut,
    ReactionChanged,
    ReceiptUpdated,
    SessionRevoked,
)
from application.presence.signals import CHANGED
from application.presence.views import PresenceList, PresenceView
from application.realtime.channels import Reset
from application.typing.whispers import STARTED, STOPPED, Typing
from domain.conversation.events import ConversationCreated, ParticipationChanged, ReceiptAdvanced
from domain.messaging.events import MessageHidden
from domain.shared.events import ConversationEvent, catalogue
from entrypoints.http.openapi import schema_hook, withhold
from entrypoints.ws.frames import (
    COMMANDS,
    QUERIES,
    REF_AT_MOST,
    Authenticate,
    Ping,
    Resume,
    StartTyping,
    StopTyping,
    WatchPresence,
)
from entrypoints.ws.server_frames import Ack, Error, Pong, Reconnect, Resumed, Welcome
from entrypoints.ws.subprotocols import SUBPROTOCOLS

_REF = "#/components/schemas/{name}"
_SHORT = {"type": "string", "minLength": 1, "maxLength": REF_AT_MOST}
_OF_A_CONVERSATION = (
    ConversationEvent,
    ConversationCreated,
    ReceiptAdvanced,
    ParticipationChanged,
    MessageHidden,
)
_NUMBERED_FOR_ME = (ParticipationChanged, MessageHidden)
EVENT_DATA: dict[str, Any] = {
    "message.created": MessageView,
    "message.updated": MessageView,
    "message.hidden": MessageLeftOut,
    "reaction.added": ReactionChanged,
    "reaction.removed": ReactionChanged,
    "conversation.created": ListEntry,
    "receipt.updated": ReceiptUpdated,
    "participation.updated": Participation,
    "message.deleted": MessageGone,
    "conversation.updated": ConversationChanges,
    "conversation.deleted": None,
    "member.added": MembersJoined,
    "member.removed": MemberGone,
    "member.updated": MemberChanged,
    "contact.updated": ContactUpdated,
    "session.revoked": SessionRevoked,
    CHANGED: PresenceView,
    STARTED: Typing,
    STOPPED: Typing,
}
"""The ``data`` of every event that clients hear."""
EPHEMERAL = frozenset({CHANGED, STARTED, STOPPED})
"""Those that are never stored, and so are not in the catalogue."""
CONTROL: dict[str, tuple[type[Any], Any]] = {
    "authenticate": (Authenticate, None),
    "ping": (Ping, Pong),
    "resume": (Resume, Resumed),
    "presence.watch": (WatchPresence, PresenceList),
    "typing.start": (StartTyping, None),
    "typing.stop": (StopTyping, None),
}
"""Frames that are neither command nor query, with what they result in: a frame of its own, or what is acknowledged."""
SAID = {
    "welcome": Welcome,
    "error": Error,
    "pong": Pong,
    "resumed": Resumed,
    "reset": Reset,
    "reconnect": Reconnect,
}
"""What the server says besides events and acknowledgements."""


def asyncapi() -> dict[str, Any]:
    """The document: one channel, what clients send on it with its answers, and what they hear."""
    accepted = _accepted()
    kinds = [
        *(kind for kind, _ in accepted.values()),
        *(result for _, result in accepted.values() if result is not None),
        *(data for data in EVENT_DATA.values() if data is not None),
        *(Ack, *SAID.values()),
    ]
    _, components = msgspec.json.schema_components(
        list(dict.fromkeys(kinds)), schema_hook=schema_hook, ref_template=_REF
    )
    for kind in COMMANDS.values():
        withhold(components, kind.command)
    messages = {name: _client_frame(name, kind, components) for name, (kind, _) in accepted.items()}
    messages |= {name: _event(name, data) for name, data in EVENT_DATA.items()}
    messages |= {name: {"name": name, "payload": _schema(kind)} for name, kind in SAID.items()}
    messages |= {
        _answer(name, r): _ack(name, r) for name, (_, r) in accepted.items() if r not in SAID.values()
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Sentinal Chat, realtime", "version": version("sentinal-chat")},
        "defaultContentType": "application/json",
        "channels": {
            "realtime": {
                "address": "/v1/realtime",
                "description": "WebSocket subprotocol, the client's order decides: "
                + "; ".join(
                    f"{each.name} ({'binary' if each.is_binary else 'text'} frames)"
                    for each in SUBPROTOCOLS.values()
                )
                + ". The same fields in both; ids and times are texts.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": {
            **{name: _request(name, _answer(name, result)) for name, (_, result) in accepted.items()},
            "events": {"action": "send", **_on_channel(*EVENT_DATA)},
            "connection": {"action": "send", **_on_channel("welcome", "reset", "reconnect", "error")},
        },
        "components": {"messages": messages, "schemas": components},
    }


def unheard() -> set[str]:
    """Events of the catalogue that clients never hear."""
    return set(catalogue()) - set(EVENT_DATA)


def _accepted() -> dict[str, tuple[type[Any], Any]]:
    """What clients send, each with what it results in."""
    commands = {name: kind.command for name, kind in COMMANDS.items()}
    return {name: (kind, kind.result_type()) for name, kind in (commands | QUERIES).items()} | CONTROL


def _answer(name: str, result: Any) -> str:
    """The message that answers a frame: its own acknowledgement, or one of ``SAID``."""
    return next((said for said, kind in SAID.items() if kind is result), f"{name}.ack")


def _request(name: str, answer: str) -> dict[str, Any]:
    return {"action": "receive", **_on_channel(name), "reply": _on_channel(answer, "error")}


def _on_channel(*names: str) -> dict[str, Any]:
    return {
        "channel": {"$ref": "#/channels/realtime"},
        "messages": [{"$ref": f"#/channels/realtime/messages/{name}"} for name in names],
    }


def _schema(kind: Any) -> dict[str, Any]:
    return {"type": "null"} if kind in (None, type(None)) else {"$ref": _REF.format(name=kind.__name__)}


def _client_frame(name: str, kind: Any, components: dict[str, Any]) -> dict[str, Any]:
    """The fields of a command, under the names they have in a frame, beside those of the envelope."""
    schema = components[kind.__name__]
    renamed = {ours: theirs for theirs, ours in COMMANDS[name].renamed.items()} if name in COMMANDS else {}
    fields = {
        renamed.get(field, field): {"$ref": f"{_REF.format(name=kind.__name__)}/properties/{field}"}
        for field in schema.get("properties", {})
    }
    envelope: dict[str, Any] = {"type": {"const": name}, "ref": _SHORT}
    if name in COMMANDS:
        envelope["idempotency_key"] = _SHORT | {"pattern": "^[!-~]*$"}
    return {
        "name": name,
        "payload": {
            "type": "object",
            "required": ["type", *(renamed.get(field, field) for field in schema.get("required", ()))],
            "properties": envelope | fields,
            "additionalProperties": False,
        },
    }


def _ack(name: str, result: Any) -> dict[str, Any]:
    of_this = {"properties": {"result": _schema(result)}}
    return {"name": "ack", "title": f"Answer to {name}", "payload": {"allOf": [_schema(Ack), of_this]}}


def _event(name: str, data: Any) -> dict[str, Any]:
    kind = catalogue().get(name)
    properties: dict[str, Any] = {"type": {"const": name}}
    if name in (STARTED, STOPPED) or (kind and issubclass(kind, _OF_A_CONVERSATION)):
        properties["conversation_id"] = {"type": "string", "format": "uuid"}
    if kind and issubclass(kind, ConversationEvent):
        properties["revision"] = {"type": "integer", "minimum": 1}
    if kind and issubclass(kind, _NUMBERED_FOR_ME):
        properties["my_revision"] = {"type": "integer", "minimum": 1}
    properties |= {"at": {"type": "string", "format": "date-time"}, "data": _schema(data)}
    payload = {"type": "object", "required": [*properties], "properties": properties}
    return {"name": name, "payload": payload | {"additionalProperties": False}}
