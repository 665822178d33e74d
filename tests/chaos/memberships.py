"""Who took part in a conversation from which event to which, as its own events tell it."""

from collections import defaultdict
from dataclasses import dataclass, field

from tests.chaos.history import EventRow, Founded, History

FOR_EVER = 2**63


@dataclass(slots=True)
class Memberships:
    """Stays of ``(conversation, user)``, both ends included; the last may have no end yet."""

    stays: dict[tuple[str, str], list[list[int]]] = field(default_factory=lambda: defaultdict(list))

    def takes_part(self, conversation: str, user: str, revision: int) -> bool:
        return any(first <= revision <= last for first, last in self.stays.get((conversation, user), ()))

    def begin(self, conversation: str, user: str, revision: int) -> None:
        stays = self.stays[conversation, user]
        if not stays or stays[-1][1] < FOR_EVER:
            stays.append([revision, FOR_EVER])

    def end(self, conversation: str, user: str, revision: int) -> None:
        stays = self.stays[conversation, user]
        if stays and stays[-1][1] == FOR_EVER:
            stays[-1][1] = revision


def memberships(history: History) -> Memberships:
    """Of everybody, from the founding and every event since."""
    found = Memberships()
    for founded in history.of(Founded):
        for user in founded.members:
            found.begin(founded.conversation, user, 0)
    for event in sorted(history.database.events, key=_place):
        data = event.frame.get("data") or {}
        if event.type == "member.added":
            for user in data["user_ids"]:
                found.begin(event.conversation, user, event.revision)
        elif event.type == "member.removed":
            found.end(event.conversation, data["user_id"], event.revision)
    return found


def _place(event: EventRow) -> tuple[str, int]:
    return event.conversation, event.revision
