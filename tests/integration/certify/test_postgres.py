"""PostgreSQL keeps every promise a store makes."""

from collections.abc import AsyncIterator

import pytest

from adapters.postgres.outbox import PostgresHealth
from adapters.postgres.pool import open_pool
from application.testing.account_locks import AccountLocksContract
from application.testing.chat_repositories import ConversationsContract, ParticipantsContract
from application.testing.command_log import CommandLogContract
from application.testing.contacts import ContactReaderContract, ContactsContract
from application.testing.conversation_readers import ConversationReaderContract
from application.testing.descriptions import DescriptionsContract
from application.testing.erasure import ArchiveContract, RedactionsContract, WipingContract
from application.testing.events import OutboxContract
from application.testing.health import HealthContract, Patients
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
from tests.integration.certify.postgres_world import postgres_world


@pytest.fixture
async def world(database: str) -> AsyncIterator[World]:
    async with postgres_world(database) as world:
        yield world


class TestPostgresUnitsOfWork(UnitOfWorkContract):
    pass


class TestPostgresUsers(UsersContract):
    pass


class TestPostgresSessions(SessionsContract):
    pass


class TestPostgresContacts(ContactsContract):
    pass


class TestPostgresConversations(ConversationsContract):
    pass


class TestPostgresParticipants(ParticipantsContract):
    pass


class TestPostgresMessages(MessagesContract):
    pass


class TestPostgresProfiles(ProfilesContract):
    pass


class TestPostgresRelations(RelationsContract):
    pass


class TestPostgresDirectory(DirectoryContract):
    pass


class TestPostgresCredentials(CredentialsContract):
    pass


class TestPostgresContactReader(ContactReaderContract):
    pass


class TestPostgresSessionReader(SessionReaderContract):
    pass


class TestPostgresConversationReader(ConversationReaderContract):
    pass


class TestPostgresDescriptions(DescriptionsContract):
    pass


class TestPostgresMessageReader(MessageReaderContract):
    pass


class TestPostgresParticipation(ParticipationContract):
    pass


class TestPostgresSummaries(SummariesContract):
    pass


class TestPostgresSyncReader(SyncReaderContract):
    pass


class TestPostgresReceiptReader(ReceiptReaderContract):
    pass


class TestPostgresEpochs(EpochsContract):
    pass


class TestPostgresMirror(MirrorContract):
    pass


class TestPostgresOutbox(OutboxContract):
    pass


class TestPostgresCommandLog(CommandLogContract):
    pass


class TestPostgresHealth(HealthContract):
    @pytest.fixture
    async def patients(self, database: str) -> AsyncIterator[Patients]:
        pool, gone = await open_pool(database, 1), await open_pool(database, 1)
        await gone.close()
        yield Patients(well=PostgresHealth(pool), ill=PostgresHealth(gone))
        await pool.close()


class TestPostgresWiping(WipingContract):
    pass


class TestPostgresRedactions(RedactionsContract):
    pass


class TestPostgresArchive(ArchiveContract):
    pass


class TestPostgresAccountLocks(AccountLocksContract):
    pass


class TestPostgresAttachments(AttachmentsContract):
    pass


class TestPostgresBesideMessages(BesideMessagesContract):
    pass


class TestPostgresExpirations(ExpirationsContract):
    pass


class TestPostgresMessageSight(MessageSightContract):
    pass


class TestPostgresReactions(ReactionsContract):
    pass


class TestPostgresMessageWiping(MessageWipingContract):
    pass
