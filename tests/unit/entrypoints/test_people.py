"""Accounts, sessions, contacts and blocks on the memory adapters."""

from tests.scenarios.accounts import Accounts, Sessions
from tests.scenarios.contacts import Blocks, Contacts
from tests.scenarios.erasure import Erasure


class TestAccounts(Accounts):
    pass


class TestSessions(Sessions):
    pass


class TestContacts(Contacts):
    pass


class TestBlocks(Blocks):
    pass


class TestErasure(Erasure):
    pass
