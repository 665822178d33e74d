"""The memory store keeps every promise a store makes."""

import pytest

from adapters.memory.store import MemoryStore
from application.testing.account_locks import AccountLocksContract
from application.testing.chat_repositories import ConversationsContract, ParticipantsContract
from application.testing.command_log import CommandLogContract
from application.testing.contacts import ContactReaderContract, ContactsContract
from application.testing.conversation_readers import ConversationReaderContract
from application.testing.descriptions import DescriptionsContract
from application.testing.erasure import ArchiveContract, RedactionsContract, WipingContract
from application.testing.events import OutboxContract
from application.testing.message_parts import AttachmentsContract, ReactionsContract
from application.testing.message_readers import MessageReaderContract
from application.testing.message_repository import MessagesContract
from application.testing.message_sight import (
    BesideMessagesContract,
    ExpirationsContract,
    MessageSightContract,
)
from application.testing.message_wiping import MessageWipingContract
from application.testing.participation import ParticipationContract
from application.testing.people_readers import (
    CredentialsContract,
    DirectoryContract,
    EpochsContract,
    ProfilesContract,
    RelationsContract,
    SessionReaderContract,
)
from application.testing.people_repositories import SessionsContract, UsersContract
from application.testing.presence import MirrorContract
from application.testing.receipts import ReceiptReaderContract
from application.testing.summaries import SummariesContract
from application.testing.syncing import SyncReaderContract
from application.testing.unit_of_work import UnitOfWorkContract
from application.testing.world import World
from tests.unit.adapters.memory_world import memory_world


@pytest.fixture
def world() -> World:
    return memory_world(MemoryStore())


class TestMemoryUnitsOfWork(UnitOfWorkContract):
    pass


class TestMemoryUsers(UsersContract):
    pass


class TestMemorySessions(SessionsContract):
    pass


class TestMemoryContacts(ContactsContract):
    pass


class TestMemoryConversations(ConversationsContract):
    pass


class TestMemoryParticipants(ParticipantsContract):
    pass


class TestMemoryMessages(MessagesContract):
    pass


class TestMemoryProfiles(ProfilesContract):
    pass


class TestMemoryRelations(RelationsContract):
    pass


class TestMemoryDirectory(DirectoryContract):
    pass


class TestMemoryCredentials(CredentialsContract):
    pass


class TestMemoryContactReader(ContactReaderContract):
    pass


class TestMemorySessionReader(SessionReaderContract):
    pass


class TestMemoryConversationReader(ConversationReaderContract):
    pass


class TestMemoryDescriptions(DescriptionsContract):
    pass


class TestMemoryMessageReader(MessageReaderContract):
    pass


class TestMemoryParticipation(ParticipationContract):
    pass


class TestMemorySummaries(SummariesContract):
    pass


class TestMemorySyncReader(SyncReaderContract):
    pass


class TestMemoryReceiptReader(ReceiptReaderContract):
    pass


class TestMemoryEpochs(EpochsContract):
    async def test_another_store_is_another_history(self, world: World) -> None:
        other = memory_world(MemoryStore())
        assert await other.epochs.current() != await world.epochs.current()


class TestMemoryMirror(MirrorContract):
    pass


class TestMemoryOutbox(OutboxContract):
    pass


class TestMemoryCommandLog(CommandLogContract):
    pass


class TestMemoryWiping(WipingContract):
    pass


class TestMemoryRedactions(RedactionsContract):
    pass


class TestMemoryArchive(ArchiveContract):
    pass


class TestMemoryAccountLocks(AccountLocksContract):
    pass


class TestMemoryAttachments(AttachmentsContract):
    pass


class TestMemoryBesideMessages(BesideMessagesContract):
    pass


class TestMemoryExpirations(ExpirationsContract):
    pass


class TestMemoryMessageSight(MessageSightContract):
    pass


class TestMemoryReactions(ReactionsContract):
    pass


class TestMemoryMessageWiping(MessageWipingContract):
    pass
