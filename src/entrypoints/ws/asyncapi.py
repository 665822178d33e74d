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
from application.presence.views import PresenceView
from domain.shared.events import catalogue
from entrypoints.http.openapi import schema_hook, withhold
from entrypoints.ws.frames import COMMANDS, QUERIES, Authenticate, Ping, Resume, WatchPresence
from entrypoints.ws.subprotocols import SUBPROTOCOLS

_REF = "#/components/schemas/{name}"
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
}
"""The ``data`` of every event that clients hear."""
EPHEMERAL = frozenset({CHANGED})
"""Those that are never stored, and so are not in the catalogue."""


def asyncapi() -> dict[str, Any]:
    """The document: one channel, what clients send on it, and what they hear."""
    received = {
        **{name: kind.command for name, kind in COMMANDS.items()},
        **QUERIES,
        "authenticate": Authenticate,
        "ping": Ping,
        "presence.watch": WatchPresence,
        "resume": Resume,
    }
    kinds = [*received.values(), *(data for data in EVENT_DATA.values() if data is not None)]
    _, components = msgspec.json.schema_components(
        list(dict.fromkeys(kinds)), schema_hook=schema_hook, ref_template=_REF
    )
    for kind in COMMANDS.values():
        withhold(components, kind.command)
    messages = {name: _client_frame(name, kind) for name, kind in received.items()}
    messages |= {name: _event(name, data) for name, data in EVENT_DATA.items()}
    channel = {"$ref": "#/channels/realtime"}
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
            "receive": _operation("receive", channel, received),
            "send": _operation("send", channel, EVENT_DATA),
        },
        "components": {"messages": messages, "schemas": components},
    }


def unheard() -> set[str]:
    """Events of the catalogue that clients never hear."""
    return set(catalogue()) - set(EVENT_DATA)


def _operation(action: str, channel: dict[str, str], names: Any) -> dict[str, Any]:
    return {
        "action": action,
        "channel": channel,
        "messages": [{"$ref": f"#/channels/realtime/messages/{name}"} for name in names],
    }


def _client_frame(name: str, kind: Any) -> dict[str, Any]:
    schema: dict[str, Any] = {"$ref": _REF.format(name=kind.__name__)}
    envelope = {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"const": name}, "ref": {"type": "string"}},
    }
    return {"name": name, "payload": {"allOf": [envelope, schema]}}


def _event(name: str, data: Any) -> dict[str, Any]:
    return {
        "name": name,
        "payload": {
            "type": "object",
            "required": ["type", "at", "data"],
            "properties": {
                "type": {"const": name},
                "conversation_id": {"type": "string", "format": "uuid"},
                "revision": {"type": "integer"},
                "my_revision": {"type": "integer"},
                "at": {"type": "string", "format": "date-time"},
                "data": {"type": "null"} if data is None else {"$ref": _REF.format(name=data.__name__)},
            },
        },
    }
