"""The tables, as dictionaries with the indexes that look-ups need. Everything in here is committed."""

import asyncio
import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from adapters.memory.copies import copied
from application.ports.command_log import LogEntry
from application.ports.events import Frame
from domain.contacts.contact import Contact
from domain.conversation.conversation import Conversation
from domain.conversation.participant import Participant, Role, Stay
from domain.identity.session import Session
from domain.identity.settings import Settings
from domain.identity.user import User
from domain.messaging.attachment import Attachment
from domain.messaging.message import Message
from domain.messaging.reaction import Reaction
from domain.messaging.receipt import ReceiptRange
from domain.shared.ids import (
    AttachmentId,
    ClientMessageId,
    CommandId,
    ConversationId,
    EventId,
    MessageId,
    SessionId,
    UserId,
)

Membership = tuple[ConversationId, UserId]
IDENTIFIERS = ("username", "email", "phone_number")


class MemoryStore:
    """One database. ``turn`` is held by the unit of work that is at it; readers see what is committed.

    ``put_…`` store a copy and keep the indexes; they check nothing. Every store has an ``epoch`` of its own,
    because memory goes back in time by being lost.
    """

    def __init__(self) -> None:
        self.epoch = f"memory-{os.urandom(8).hex()}"
        self.turn = asyncio.Lock()
        self.users: dict[UserId, User] = {}
        self.settings: dict[UserId, Settings] = {}
        self.identifiers: dict[tuple[str, str], UserId] = {}
        self.sessions: dict[SessionId, Session] = {}
        self.sessions_of: dict[UserId, set[SessionId]] = defaultdict(set)
        self.mirror: dict[UserId, tuple[bool, datetime | None]] = {}
        self.contacts: dict[tuple[UserId, UserId], Contact] = {}
        self.conversations: dict[ConversationId, Conversation] = {}
        self.direct: dict[str, ConversationId] = {}
        self.participants: dict[Membership, Participant] = {}
        self.conversations_of: dict[UserId, set[ConversationId]] = defaultdict(set)
        self.people_in: dict[ConversationId, set[UserId]] = defaultdict(set)
        self.owners: dict[ConversationId, UserId] = {}
        self.ranges: list[ReceiptRange] = []
        self.stays: list[Stay] = []
        self.arrivals: dict[Membership, int] = {}
        self.last_arrival: dict[UserId, int] = defaultdict(int)
        self.messages: dict[MessageId, Message] = {}
        self.history: dict[ConversationId, list[MessageId]] = defaultdict(list)
        self.client_ids: dict[tuple[UserId, ClientMessageId], MessageId] = {}
        self.hidden: dict[tuple[UserId, ConversationId, int], int] = {}
        self.attachments: dict[AttachmentId, Attachment] = {}
        self.carried: dict[MessageId, list[AttachmentId]] = {}
        self.reactions: dict[tuple[MessageId, UserId, str], Reaction] = {}
        self.frames: dict[EventId, Frame] = {}
        self.unmarked: dict[EventId, None] = {}
        self.revisions: dict[ConversationId, dict[int, EventId]] = defaultdict(dict)
        self.outbox_owner: object | None = None
        self.parked: dict[EventId, str] = {}
        self.log: dict[CommandId, LogEntry] = {}
        self.answers: dict[str, CommandId] = {}

    def put_user(self, user: User) -> None:
        if earlier := self.users.get(user.id):
            for key in identifiers_of(earlier):
                del self.identifiers[key]
        self.users[user.id] = copied(user)
        for key in identifiers_of(user):
            self.identifiers[key] = user.id

    def put_settings(self, settings: Settings) -> None:
        self.settings[settings.user_id] = copied(settings)

    def put_session(self, session: Session) -> None:
        self.sessions[session.id] = copied(session)
        self.sessions_of[session.user_id].add(session.id)

    def put_contact(self, contact: Contact) -> None:
        pair = (contact.user_id, contact.contact_user_id)
        if contact.says_nothing:
            self.contacts.pop(pair, None)
        else:
            self.contacts[pair] = copied(contact)

    def put_conversation(self, conversation: Conversation) -> None:
        self.conversations[conversation.id] = copied(conversation)
        if conversation.direct_key is not None:
            self.direct[conversation.direct_key] = conversation.id

    def put_participant(self, participant: Participant) -> None:
        place, person = participant.conversation_id, participant.user_id
        earlier = self.participants.get((place, person))
        if participant.is_listed and not (earlier and earlier.is_listed):
            self.last_arrival[person] += 1
            self.arrivals[place, person] = self.last_arrival[person]
        self.participants[place, person] = copied(participant)
        self.conversations_of[person].add(place)
        self.people_in[place].add(person)
        if participant.role is Role.OWNER and not participant.has_left:
            self.owners[place] = person
        elif self.owners.get(place) == person:
            del self.owners[place]

    def put_message(self, message: Message) -> None:
        """A new message at the end of its conversation, or another state of one that is there."""
        if message.id not in self.messages:
            self.history[message.conversation_id].append(message.id)
            if message.client_message_id is not None:
                self.client_ids[message.sender_id, message.client_message_id] = message.id
            conversation = self.conversations[message.conversation_id]
            conversation.updated_at = max(conversation.updated_at, message.created_at)
        self.messages[message.id] = copied(message)

    def put_frame(self, frame: Frame) -> None:
        self.frames[frame.id] = frame
        self.unmarked[frame.id] = None
        if frame.revision:
            self.revisions[ConversationId(frame.aggregate_id)][frame.revision] = frame.id

    def put_entry(self, entry: LogEntry) -> None:
        self.log[entry.id] = entry
        if entry.idempotency_key is not None:
            self.answers[entry.idempotency_key] = entry.id

    def stays_of(self, conversation_id: ConversationId, user_id: UserId) -> list[Stay]:
        """Somebody's memberships that have ended."""
        place = (conversation_id, user_id)
        return [stay for stay in self.stays if (stay.conversation_id, stay.user_id) == place]

    def after(self, conversation_id: ConversationId, sequence: int) -> Iterator[Message]:
        """A conversation's messages above a sequence, in order. They are gapless: the place is the index."""
        for id in self.history.get(conversation_id, [])[max(sequence, 0) :]:
            yield self.messages[id]


def identifiers_of(user: User) -> list[tuple[str, str]]:
    """What somebody may log in with, each as it is compared: without regard to case."""
    return [(kind, folded(value)) for kind in IDENTIFIERS if (value := getattr(user, kind)) is not None]


def folded(text: str) -> str:
    """Without regard to case as a database does it: character by character, each to one (Unicode's simple mapping)."""
    return "".join(character.lower()[0] for character in text)
