"""One person's view of another: saved, nicknamed, blocked; and how two people stand to each other by that."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from domain.contacts.events import ContactChanged
from domain.identity.settings import Relation
from domain.shared import values
from domain.shared.events import Event
from domain.shared.ids import UserId


@dataclass(slots=True, kw_only=True)
class Contact:
    """Saved and blocked are independent of each other; a row that says neither has no reason to exist."""

    user_id: UserId
    contact_user_id: UserId
    nickname: str | None = None
    saved: bool = True
    is_blocked: bool = False
    created_at: datetime
    events: list[Event] = field(default_factory=list, repr=False, compare=False)

    @property
    def says_nothing(self) -> bool:
        return not self.saved and not self.is_blocked

    def save_as(self, nickname: str | None) -> None:
        """Save the person, under a name of one's own or without. Raises ``Invalid``."""
        name = None if nickname is None else values.line(nickname, "/nickname", at_least=1, at_most=64)
        changed = not self.saved or self.nickname != name
        self.saved, self.nickname = True, name
        self._tell(changed)

    def forget(self) -> None:
        """Save them no longer. A block stays."""
        changed = self.saved
        self.saved, self.nickname = False, None
        self._tell(changed)

    def block(self) -> None:
        changed, self.is_blocked = not self.is_blocked, True
        self._tell(changed)

    def unblock(self) -> None:
        changed, self.is_blocked = self.is_blocked, False
        self._tell(changed)

    def _tell(self, changed: bool) -> None:
        if changed:
            self.events.append(
                ContactChanged(
                    user_ids=(self.user_id,),
                    contact_user_id=self.contact_user_id,
                    nickname=self.nickname,
                    saved=self.saved,
                    is_blocked=self.is_blocked,
                )
            )


def relations(viewer: UserId, others: Iterable[UserId], rows: Iterable[Contact]) -> dict[UserId, Relation]:
    """How ``viewer`` stands to each of ``others``, by the ``rows`` between them; also where there is none."""
    said = {(row.user_id, row.contact_user_id): row for row in rows}
    found = {}
    for other in others:
        mine, theirs = said.get((viewer, other)), said.get((other, viewer))
        found[other] = Relation(
            is_self=other == viewer,
            saved_by_viewer=mine is not None and mine.saved,
            saved_by_target=theirs is not None and theirs.saved,
            blocked_by_viewer=mine is not None and mine.is_blocked,
            blocked_by_target=theirs is not None and theirs.is_blocked,
        )
    return found
