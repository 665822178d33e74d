"""People, conversations and messages made up for tests: valid, each different, and not stored yet."""

import hashlib
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from application.bus.messages import uuid7_from
from application.ports.command_log import LogEntry
from application.ports.events import Frame
from domain.contacts.contact import Contact
from domain.conversation.conversation import Conversation, PostPolicy
from domain.conversation.participant import Participant, Role
from domain.identity.session import REFRESH_LIFETIME, Session
from domain.identity.settings import Settings
from domain.identity.user import User
from domain.messaging.message import NewMessage
from domain.shared.ids import (
    ClientMessageId,
    CommandId,
    ConversationId,
    EventId,
    MessageId,
    SessionId,
    UserId,
)

AT = datetime(2025, 1, 1, 12, tzinfo=UTC)
_numbers = itertools.count(1)


def later(seconds: float) -> datetime:
    """A time after the one at which everything here happens."""
    return AT + timedelta(seconds=seconds)


def an_id() -> UUID:
    """A new id; the n-th of a process is always the same."""
    return uuid7_from(AT, hashlib.blake2b(next(_numbers).to_bytes(8, "big"), digest_size=16).digest())


def a_user(**fields: Any) -> User:
    number = next(_numbers)
    defaults: dict[str, Any] = {
        "id": UserId(an_id()),
        "username": f"person{number}",
        "email": f"person{number}@example.org",
        "phone_number": f"+4930{number:08}",
        "password_hash": "not a hash",
        "display_name": f"Person {number}",
        "created_at": AT,
        "updated_at": AT,
    }
    return User(**defaults | fields)


def settings_for(user: User, **fields: Any) -> Settings:
    return Settings(user_id=user.id, updated_at=AT, **fields)


def a_session(user_id: UserId, device_id: str = "phone", **fields: Any) -> Session:
    defaults: dict[str, Any] = {
        "id": SessionId(an_id()),
        "device_type": "test",
        "ip_address": "192.0.2.1",
        "user_agent": "contract",
        "refresh_token_hash": "00" * 32,
        "expires_at": AT + REFRESH_LIFETIME,
        "created_at": AT,
        "last_used_at": AT,
    }
    return Session(user_id=user_id, device_id=device_id, **defaults | fields)


def a_contact(user_id: UserId, contact_user_id: UserId, **fields: Any) -> Contact:
    return Contact(user_id=user_id, contact_user_id=contact_user_id, created_at=AT, **fields)


def a_group(creator: UserId, *, members: int = 1, **fields: Any) -> Conversation:
    group = Conversation.group(
        ConversationId(an_id()),
        creator,
        subject="A group",
        description=None,
        expiry_seconds=None,
        post_policy=PostPolicy.ALL,
        now=AT,
    )
    group.member_count = members
    for name, value in fields.items():
        setattr(group, name, value)
    return group


def a_direct(opener: UserId, other: UserId, **fields: Any) -> Conversation:
    direct = Conversation.direct(ConversationId(an_id()), opener, other, AT)
    for name, value in fields.items():
        setattr(direct, name, value)
    return direct


def a_participant(conversation: Conversation, user_id: UserId, **fields: Any) -> Participant:
    return Participant(conversation_id=conversation.id, user_id=user_id, **{"joined_at": AT} | fields)


def an_owner(conversation: Conversation, user_id: UserId) -> Participant:
    return a_participant(conversation, user_id, role=Role.OWNER)


def a_text(conversation_id: ConversationId, sender_id: UserId, **fields: Any) -> NewMessage:
    defaults: dict[str, Any] = {
        "id": MessageId(an_id()),
        "content": "some words",
        "client_message_id": ClientMessageId(an_id()),
        "body_hash": b"0123456789abcdef",
        "created_at": AT,
    }
    return NewMessage(conversation_id=conversation_id, sender_id=sender_id, **defaults | fields)


def a_frame(conversation_id: ConversationId | None = None, revision: int = 1, **fields: Any) -> Frame:
    """An event of a conversation, or of a new one's; with ``revision`` 0, one that nothing orders."""
    aggregate = an_id() if conversation_id is None else conversation_id
    defaults: dict[str, Any] = {
        "id": EventId(an_id()),
        "aggregate_type": "conversation",
        "aggregate_id": UUID(str(aggregate)),
        "event_type": "message.created",
        "revision": revision,
        "channels": (f"conversation:{aggregate}",),
        "body": b'{"type":"message.created","revision":%d,"data":{"content":"gr\xc3\xbc\xc3\x9fe"}}'
        % revision,
        "at": AT,
        "command_id": CommandId(an_id()),
        "subject_id": an_id(),
    }
    return Frame(**defaults | fields)


def an_entry(**fields: Any) -> LogEntry:
    defaults: dict[str, Any] = {
        "id": CommandId(an_id()),
        "actor_id": UserId(an_id()),
        "session_id": SessionId(an_id()),
        "name": "DoSomething",
        "payload": b'{"words":"gr\xc3\xbc\xc3\x9fe","number":1}',
        "at": AT,
    }
    return LogEntry(**defaults | fields)
