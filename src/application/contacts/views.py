"""How a contact looks to whoever saved or blocked them."""

import msgspec

from application.identity.views import UserView
from application.views import Moment
from domain.contacts.contact import Contact
from domain.shared.values import moment


class ContactView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody I saved or block, as I may see them; ``nickname`` is my own name for them."""

    user: UserView
    nickname: str | None
    is_blocked: bool
    created_at: Moment

    @classmethod
    def of(cls, contact: Contact, user: UserView) -> "ContactView":
        return cls(
            user=user,
            nickname=contact.nickname,
            is_blocked=contact.is_blocked,
            created_at=moment(contact.created_at),
        )
