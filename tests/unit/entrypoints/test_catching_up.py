"""One's own place in conversations, receipts and catching up, on the memory adapters."""

from tests.scenarios.participation import Participation, Unread
from tests.scenarios.receipts import Receipts
from tests.scenarios.syncing import Changes, Sync


class TestParticipation(Participation):
    pass


class TestUnread(Unread):
    pass


class TestReceipts(Receipts):
    pass


class TestChanges(Changes):
    pass


class TestSync(Sync):
    pass
