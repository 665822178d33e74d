"""Writes the generated documents, or with ``--check`` says which are stale."""

import inspect
import json
import sys
from pathlib import Path

from application.catalogue import COMMANDS, QUERIES
from application.identity.inventory import INVENTORY
from domain.shared.events import catalogue
from entrypoints.cli.documents import openapi_of_this_version
from entrypoints.cli.permissions import permissions
from entrypoints.ws.asyncapi import EVENT_DATA, asyncapi

ROOT = Path(__file__).parent.parent


def events() -> str:
    """``docs/events.md``: every event, its audience, and what it means."""
    lines = [
        "# Events",
        "",
        "Generated from the catalogue (`make docs`); do not edit.",
        "",
        "| Event | Class | Audience | Heard by clients | Meaning |",
        "|---|---|---|---|---|",
    ]
    for wire, kind in sorted(catalogue().items()):
        meaning = inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0].replace("\n", " ")
        heard = "yes" if wire in EVENT_DATA else "no"
        lines.append(
            f"| `{wire}` | `{kind.__name__}` | `{kind.audience.value}:{{id}}` | {heard} | {meaning} |"
        )
    return "\n".join(lines) + "\n"


def use_cases() -> str:
    """``docs/use-cases.md``: every command and query, its module and its meaning."""
    lines = ["# Use cases", "", "Generated from the catalogue (`make docs`); do not edit.", ""]
    for title, messages in (("Commands", COMMANDS), ("Queries", QUERIES)):
        lines += [f"## {title}", "", "| Name | Module | Meaning |", "|---|---|---|"]
        for message in messages:
            meaning = inspect.cleandoc(message.__doc__ or "").split("\n\n")[0].replace("\n", " ")
            lines.append(f"| `{message.__name__}` | `{message.__module__}` | {meaning} |")
        lines.append("")
    return "\n".join(lines)


def personal_data() -> str:
    """``docs/personal-data.md``: every column, what erasing does to it, and where an export has it."""
    lines = [
        "# Personal data",
        "",
        "Generated from `src/application/identity/inventory.py` (`make docs`); do not edit. A test compares it with the",
        "database, and another looks for an erased person's words in every table.",
        "",
        "| Table | Columns | Erasing | Export |",
        "|---|---|---|---|",
    ]
    for table, groups in INVENTORY.items():
        for group in groups:
            names = ", ".join(f"`{name}`" for name in group.names.split())
            lines.append(f"| `{table}` | {names} | {group.fate} | {group.section or '–'} |")
    return "\n".join(lines) + "\n"


def documents() -> dict[Path, str]:
    """Every generated document with its text."""
    docs = ROOT / "docs"
    return {
        docs / "events.md": events(),
        docs / "use-cases.md": use_cases(),
        docs / "permissions.md": permissions(),
        docs / "personal-data.md": personal_data(),
        docs / "openapi.json": json.dumps(openapi_of_this_version(), indent=1) + "\n",
        docs / "asyncapi.json": json.dumps(asyncapi(), indent=1) + "\n",
    }


def main() -> int:
    """Write them all, or compare them with what is there."""
    texts = documents()
    stale = [path for path, text in texts.items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv:
        for path in stale:
            sys.stderr.write(f"{path.relative_to(ROOT)} is stale: run `make docs`\n")
        return 1 if stale else 0
    for path in stale:
        path.write_text(texts[path])
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
