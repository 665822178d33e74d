"""The health of what lives in this process: as well as it says."""

from collections.abc import Sequence


class MemoryHealth:
    """The promise of ``Health``. ``ailments`` are reported for as long as they stand in the list given."""

    def __init__(self, ailments: Sequence[str] = ()) -> None:
        self._ailments = ailments

    async def ailments(self) -> list[str]:
        return list(self._ailments)
