"""What must be unique, checked before anything of a unit of work is stored."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from adapters.memory.store import MemoryStore, identifiers_of
from application.errors import Collision
from application.ports.command_log import LogEntry
from application.ports.events import Frame
from domain.conversation.conversation import Conversation
from domain.conversation.participant import Participant, Role
from domain.identity.session import Session
from domain.identity.user import User
from domain.messaging.message import Message
from domain.shared.errors import IdentifierTaken
from domain.shared.ids import ConversationId, EventId, UserId


def require_new(name: str, keys: Iterable[Hashable], known: Mapping[Any, Any]) -> None:
    """Raises ``Collision`` when one of ``keys`` is known, or comes twice."""
    seen: set[Hashable] = set()
    for key in keys:
        if key in known or key in seen:
            raise Collision(name)
        seen.add(key)


def require_free_identifiers(store: MemoryStore, users: Iterable[User]) -> None:
    """Raises ``IdentifierTaken``, pointing at the field, when somebody else has one of them."""
    seen: dict[tuple[str, str], UserId] = {}
    for user in users:
        for kind, value in identifiers_of(user):
            holder = store.identifiers.get((kind, value), user.id)
            if holder != user.id or seen.setdefault((kind, value), user.id) != user.id:
                raise IdentifierTaken(pointer=f"/{kind}")


def require_one_session_per_device(store: MemoryStore, written: Mapping[Any, Session]) -> None:
    """Raises ``Collision`` when somebody would have two live sessions on one device."""
    live = [session for session in written.values() if not session.is_revoked]
    for person in {session.user_id for session in live}:
        others = (store.sessions[id] for id in store.sessions_of.get(person, ()) if id not in written)
        theirs = [*(s for s in live if s.user_id == person), *(s for s in others if not s.is_revoked)]
        require_new("one_live_session_per_device", (s.device_id for s in theirs), {})


def require_one_owner(store: MemoryStore, written: Mapping[Any, Participant]) -> None:
    """Raises ``Collision`` when a conversation would have two owners."""
    owners = [p for p in written.values() if p.role is Role.OWNER and not p.has_left]
    require_new("one_owner_per_group", (p.conversation_id for p in owners), {})
    for owner in owners:
        holder = store.owners.get(owner.conversation_id)
        if holder not in (None, owner.user_id) and (owner.conversation_id, holder) not in written:
            raise Collision("one_owner_per_group")


def require_one_direct_conversation(store: MemoryStore, added: Sequence[Conversation]) -> None:
    """Raises ``Collision`` when a pair would have two direct conversations."""
    keys = [conversation.direct_key for conversation in added if conversation.direct_key is not None]
    require_new("one_conversation_per_pair", keys, store.direct)


def require_new_messages(store: MemoryStore, added: Sequence[Message]) -> None:
    """Raises ``Collision`` for an id that is taken, or a client id its sender has used."""
    require_new("messages_pkey", (message.id for message in added), store.messages)
    named = [message for message in added if message.client_message_id is not None]
    client_ids = [(message.sender_id, message.client_message_id) for message in named]
    require_new("one_message_per_client_id", client_ids, store.client_ids)


def require_new_record(store: MemoryStore, entries: Sequence[LogEntry], frames: Sequence[Frame]) -> None:
    """Raises ``Collision`` for an idempotency key or a revision that is taken."""
    require_new("one_entry_per_command", [entry.id for entry in entries], store.log)
    keys = [entry.idempotency_key for entry in entries if entry.idempotency_key is not None]
    require_new("one_answer_per_key", keys, store.answers)
    require_new("outbox_events_pkey", (frame.id for frame in frames), store.frames)
    told: dict[tuple[ConversationId, int], EventId] = {}
    for frame in frames:
        place = (ConversationId(frame.aggregate_id), frame.revision)
        if frame.revision and (frame.revision in store.revisions.get(place[0], {}) or place in told):
            raise Collision("one_event_per_revision")
        told[place] = frame.id
