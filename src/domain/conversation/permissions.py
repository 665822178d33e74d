"""What each role may do in a group, as tables: which role an action takes, and which actions need a higher rank."""

from enum import StrEnum

from domain.conversation.participant import Role


class Action(StrEnum):
    """Something done to a group or to somebody in it."""

    ADD_MEMBERS = "add members"
    REMOVE_MEMBER = "remove a member"
    SILENCE_MEMBER = "silence a member, or let them speak again"
    CHANGE_INFO = "change subject, description, expiry or who may post"
    CHANGE_ROLE = "make a member an administrator, or an administrator a member"
    TRANSFER_OWNERSHIP = "hand ownership over"
    DELETE_GROUP = "delete the group"


REQUIRED: dict[Action, Role] = {
    Action.ADD_MEMBERS: Role.ADMIN,
    Action.REMOVE_MEMBER: Role.ADMIN,
    Action.SILENCE_MEMBER: Role.ADMIN,
    Action.CHANGE_INFO: Role.ADMIN,
    Action.CHANGE_ROLE: Role.OWNER,
    Action.TRANSFER_OWNERSHIP: Role.OWNER,
    Action.DELETE_GROUP: Role.OWNER,
}
"""The lowest role that may."""

UPON_LOWER_RANKS = frozenset({Action.REMOVE_MEMBER, Action.SILENCE_MEMBER, Action.CHANGE_ROLE})
"""Done to somebody, who must be of a lower rank than whoever does it."""


def allows(role: Role, action: Action) -> bool:
    """Whether somebody of that role may do it at all."""
    return role.rank >= REQUIRED[action].rank


def allows_upon(role: Role, action: Action, other: Role) -> bool:
    """Whether somebody of ``role`` may do it to somebody of ``other``."""
    return allows(role, action) and (action not in UPON_LOWER_RANKS or role.rank > other.rank)


def who_may(action: Action) -> str:
    """The roles that may, for people: ``OWNER or ADMIN``."""
    return " or ".join(role for role in Role if allows(role, action))
