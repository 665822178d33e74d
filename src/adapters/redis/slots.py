"""Which of a cluster's 16,384 slots a name belongs to, so that one command never speaks of two."""

from binascii import crc_hqx
from collections import defaultdict
from collections.abc import Iterable, Sequence

from adapters.redis.line import Word

SLOTS = 16_384
_SCRIPTS = frozenset({"EVAL", "EVALSHA"})


def slot_of(name: str | bytes) -> int:
    """CRC-16 of the name, or of what stands between its first braces if that is something."""
    data = name.encode() if isinstance(name, str) else name
    start = data.find(b"{")
    if start >= 0:
        end = data.find(b"}", start + 1)
        if end > start + 1:
            data = data[start + 1 : end]
    return crc_hqx(data, 0) % SLOTS


def by_slot(names: Iterable[str]) -> list[list[str]]:
    """The names in groups of one slot each."""
    groups: dict[int, list[str]] = defaultdict(list)
    for name in names:
        groups[slot_of(name)].append(name)
    return list(groups.values())


def slot_of_command(words: Sequence[Word]) -> int | None:
    """The slot of a command's first key; None for one without. Knows the commands that these adapters send."""
    if words[0] in _SCRIPTS:
        key = words[3] if len(words) > 3 and words[2] else None
    elif words[0] in ("PING", "TIME", "SCRIPT", "FLUSHALL"):
        key = None
    else:
        key = words[1] if len(words) > 1 else None
    return slot_of(key) if isinstance(key, str | bytes) else None
