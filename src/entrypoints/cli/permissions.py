"""``sentinal permissions``: who may do what and see what, as tables made by asking the code that decides it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

import rich_click as click

from application.catalogue import COMMANDS, QUERIES
from domain.conversation.participant import Role
from domain.conversation.permissions import UPON_LOWER_RANKS, Action, allows, allows_upon
from domain.identity.settings import Privacy, Relation, Settings, visibility
from domain.shared.ids import UserId

VIEWERS: dict[str, Relation] = {
    "self": Relation(is_self=True),
    "stranger": Relation(),
    "saved by them": Relation(saved_by_target=True),
    "saved them": Relation(saved_by_viewer=True),
    "blocked by them": Relation(saved_by_target=True, saved_by_viewer=True, blocked_by_target=True),
    "blocks them": Relation(saved_by_target=True, saved_by_viewer=True, blocked_by_viewer=True),
}
"""How a viewer may stand to somebody."""

SHOWN = {"privacy_last_seen": "presence", "privacy_profile_photo": "photo", "privacy_about": "about"}
_NEVER = datetime.min.replace(tzinfo=UTC)
REACHED = ("privacy_groups", "privacy_messages")


def permissions() -> str:
    """The document, in Markdown."""
    return "\n".join(
        [
            "# Permissions",
            "",
            "Generated from the code that decides (`make docs`, `sentinal permissions`); do not edit.",
            "",
            "## What one sees of somebody",
            "",
            "By that person's setting, and how the viewer stands to them. A name and username are always seen; of an",
            "account that is not active, only its id. To whom they block a person looks as if all of it were NOBODY.",
            "",
            *_visibility(),
            "",
            "Online and last seen are mutual: shown only if each side's setting admits the other. Between two people",
            "without a block, who saved each other:",
            "",
            *_reciprocity(),
            "",
            "## Whom one reaches",
            "",
            "Whether the viewer may begin: add the person to a group, or write to them first. What is refused looks like",
            "a deactivated account.",
            "",
            *_reach(),
            "",
            "## Roles in a group",
            "",
            "In a direct conversation there are none: each of these is refused, but either side may change the expiry.",
            "",
            *_roles(),
            "",
            "What is done to somebody is done to lower ranks only:",
            "",
            *_ranks(),
            "",
            "## What a block stops",
            "",
            "Commands that are refused in a direct conversation while either side blocks the other, or the other is not",
            "active: " + ", ".join(f"`{name}`" for name in _refused_by_block()) + ".",
            "Reading on is one's own business; it leaves no receipt there. In a group both sides stay: the messages of",
            "somebody one blocks arrive, and are never unread.",
            "",
            "## Who may",
            "",
            *_access(),
            "",
        ]
    )


def _visibility() -> Iterable[str]:
    yield f"| Setting | Value | {' | '.join(VIEWERS)} |"
    yield "|---|---|" + "---|" * len(VIEWERS)
    for setting, part in SHOWN.items():
        for value in Privacy:
            target = _settings(**{setting: value})
            seen = [
                getattr(visibility(target=target, viewer=_settings(), relation=relation), part)
                for relation in VIEWERS.values()
            ]
            yield f"| `{setting}` | {value} | {' | '.join(map(_word, seen))} |"


def _reciprocity() -> Iterable[str]:
    yield f"| Theirs \\ mine | {' | '.join(Privacy)} |"
    yield "|---|" + "---|" * len(Privacy)
    both = Relation(saved_by_target=True, saved_by_viewer=True)
    for theirs in Privacy:
        seen = [
            visibility(
                target=_settings(privacy_last_seen=theirs),
                viewer=_settings(privacy_last_seen=mine),
                relation=both,
            ).presence
            for mine in Privacy
        ]
        yield f"| {theirs} | {' | '.join(map(_word, seen))} |"


def _reach() -> Iterable[str]:
    yield f"| Setting | Value | {' | '.join(VIEWERS)} |"
    yield "|---|---|" + "---|" * len(VIEWERS)
    for setting in REACHED:
        for value in Privacy:
            reached = [relation.reaches(value) for relation in VIEWERS.values()]
            yield f"| `{setting}` | {value} | {' | '.join(map(_word, reached))} |"


def _roles() -> Iterable[str]:
    yield f"| To | {' | '.join(Role)} |"
    yield "|---|" + "---|" * len(Role)
    for action in Action:
        yield f"| {action} | {' | '.join(_word(allows(role, action)) for role in Role)} |"


def _ranks() -> Iterable[str]:
    yield f"| May an … | {' | '.join(f'… a member who is {role}' for role in Role)} |"
    yield "|---|" + "---|" * len(Role)
    for action in sorted(UPON_LOWER_RANKS):
        for role in Role:
            allowed = [_word(allows_upon(role, action, other)) for other in Role]
            yield f"| {role} {action} | {' | '.join(allowed)} |"


def _refused_by_block() -> list[str]:
    return [
        message.__name__
        for message in COMMANDS
        if any("nobody blocks" in rule.words for rule in message.access.rules)
    ]


def _access() -> Iterable[str]:
    yield "| Command or query | Required, in this order |"
    yield "|---|---|"
    for message in (*COMMANDS, *QUERIES):
        words = [rule.words for rule in message.access.rules] or ["nothing"]
        yield f"| `{message.__name__}` | {' · '.join(words)} |"


def _settings(**given: Privacy) -> Settings:
    settings = Settings(user_id=UserId(UUID(int=0)), updated_at=_NEVER)
    for name, value in given.items():
        setattr(settings, name, value)
    return settings


def _word(is_so: bool) -> str:
    return "yes" if is_so else "–"


@click.command("permissions")
def permissions_command() -> None:
    """Print who may do what, and who sees what of whom."""
    click.echo(permissions())
