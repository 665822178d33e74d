"""Every contract on the memory adapters, one of which is broken in the way that SENTINAL_SABOTAGE names.

Without that name nothing is broken, and everything must pass. Not collected unless asked for by name.
"""

import os

import pytest

from adapters.memory.outbox import MemoryBroker, MemoryLimits
from adapters.memory.passwords import MemoryPasswords
from adapters.memory.store import MemoryStore
from adapters.memory.system import MemoryClock, MemoryIds
from application.ports.security import Passwords
from application.ports.system import Clock, Ids
from application.testing.account_locks import AccountLocksContract
from application.testing.caches import CachesContract
from application.testing.caches import Servers as RememberingServers
from application.testing.chat_repositories import ConversationsContract, ParticipantsContract
from application.testing.command_log import CommandLogContract
from application.testing.contacts import ContactsContract
from application.testing.conversation_readers import ConversationReaderContract
from application.testing.descriptions import DescriptionsContract
from application.testing.events import Air, BrokerContract, OutboxContract
from application.testing.limits import Gate, LimitsContract
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
    DirectoryContract,
    EpochsContract,
    ProfilesContract,
    RelationsContract,
    SessionReaderContract,
)
from application.testing.people_repositories import SessionsContract, UsersContract
from application.testing.presence import MirrorContract, PresencesContract, Servers
from application.testing.receipts import ReceiptReaderContract
from application.testing.seats import Hall, SeatsContract
from application.testing.security import PasswordsContract
from application.testing.summaries import SummariesContract
from application.testing.syncing import SyncReaderContract
from application.testing.system import ClockContract, IdsContract
from application.testing.unit_of_work import UnitOfWorkContract
from application.testing.world import World
from tests.sabotage.breaks import STORE_BREAKS
from tests.sabotage.cache_breaks import CACHE_BREAKS, DictionaryCache
from tests.sabotage.cache_breaks import servers as remembering_servers
from tests.sabotage.presence_breaks import PRESENCE_BREAKS, two_servers
from tests.sabotage.realtime_breaks import (
    BROKER_BREAKS,
    CLOCK_BREAKS,
    IDS_BREAKS,
    LIMITS_BREAKS,
    PASSWORDS_BREAKS,
)
from tests.sabotage.seat_breaks import SEAT_BREAKS, seats
from tests.unit.adapters.memory_world import memory_world

BREAK = os.environ.get("SENTINAL_SABOTAGE", "")


@pytest.fixture
def world() -> World:
    return STORE_BREAKS.get(BREAK, memory_world)(MemoryStore())


@pytest.fixture
def air() -> Air:
    return Air(broker=BROKER_BREAKS.get(BREAK, MemoryBroker)())


@pytest.fixture
def gate() -> Gate:
    clock = MemoryClock()

    async def let_pass(seconds: float) -> None:
        clock.advance(seconds)

    return Gate(limits=LIMITS_BREAKS.get(BREAK, MemoryLimits)(clock), let_pass=let_pass)


@pytest.fixture
def servers() -> RememberingServers:
    return remembering_servers(CACHE_BREAKS.get(BREAK, DictionaryCache))


@pytest.fixture
def clock() -> Clock:
    return CLOCK_BREAKS.get(BREAK, MemoryClock)()


@pytest.fixture
def ids() -> Ids:
    return IDS_BREAKS.get(BREAK, MemoryIds)()


@pytest.fixture
def passwords() -> Passwords:
    return PASSWORDS_BREAKS.get(BREAK, MemoryPasswords)()


class TestUnitOfWork(UnitOfWorkContract):
    pass


class TestUsers(UsersContract):
    pass


class TestAccountLocks(AccountLocksContract):
    pass


class TestSessions(SessionsContract):
    pass


class TestContacts(ContactsContract):
    pass


class TestConversations(ConversationsContract):
    pass


class TestParticipants(ParticipantsContract):
    pass


class TestMessages(MessagesContract):
    pass


class TestProfiles(ProfilesContract):
    pass


class TestRelations(RelationsContract):
    pass


class TestDirectory(DirectoryContract):
    pass


class TestSessionReader(SessionReaderContract):
    pass


class TestConversationReader(ConversationReaderContract):
    pass


class TestDescriptions(DescriptionsContract):
    pass


class TestMessageReader(MessageReaderContract):
    pass


class TestParticipation(ParticipationContract):
    pass


class TestSummaries(SummariesContract):
    pass


class TestSyncReader(SyncReaderContract):
    pass


class TestReceiptReader(ReceiptReaderContract):
    pass


class TestEpochs(EpochsContract):
    pass


class TestOutbox(OutboxContract):
    pass


class TestCommandLog(CommandLogContract):
    pass


class TestBroker(BrokerContract):
    pass


class TestCaches(CachesContract):
    pass


class TestLimits(LimitsContract):
    pass


class TestPresences(PresencesContract):
    @pytest.fixture
    def servers(self) -> Servers:
        clock = MemoryClock()

        async def let_pass(seconds: float) -> None:
            clock.advance(seconds)

        one, two = PRESENCE_BREAKS.get(BREAK, two_servers)(clock, 40.0)
        return Servers(one=one, two=two, lifetime=40.0, let_pass=let_pass)


class TestSeats(SeatsContract):
    @pytest.fixture
    def hall(self) -> Hall:
        clock = MemoryClock()

        async def let_pass(seconds: float) -> None:
            clock.advance(seconds)

        broken = SEAT_BREAKS.get(BREAK, seats)(clock, 60.0)
        return Hall(one=broken, two=broken, lifetime=60.0, let_pass=let_pass)


class TestMirror(MirrorContract):
    pass


class TestPasswords(PasswordsContract):
    pass


class TestClock(ClockContract):
    pass


class TestIds(IdsContract):
    pass


class TestAttachments(AttachmentsContract):
    pass


class TestReactions(ReactionsContract):
    pass


class TestMessageSight(MessageSightContract):
    pass


class TestBesideMessages(BesideMessagesContract):
    pass


class TestExpirations(ExpirationsContract):
    pass


class TestMessageWiping(MessageWipingContract):
    pass
