"""What tests of many tries count: how often each thing really happened, told at the end of the run (tests/conftest.py)."""

from collections.abc import Callable, Mapping

Record = Callable[[str, object], None]
"""pytest's ``record_property``; what is recorded as "counted" is shown."""


def told(counted: Mapping[str, int]) -> str:
    """The commonest first."""
    ordered = sorted(counted.items(), key=lambda each: (-each[1], each[0]))
    return ", ".join(f"{number} × {name}" for name, number in ordered)
